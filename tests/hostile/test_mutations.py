"""Captures with flipped bytes and cut ends: always a result, and every way to print it works."""

from __future__ import annotations

from random import Random

import pytest
from support import facts
from support.facts import capture_name, captures
from support.outputs import frames, outputs, printed_well
from support.packets import Conversation, Packet, pcap, pcapng, read_packets

from analyzer.analysis import read
from analyzer.errors import CaptureError

RECORDED = captures()
RATES = (0.005, 0.02, 0.05)
SEEDS = range(20 if facts.SWEEP else 1)
PRINTED = RECORDED[:: 4 if facts.SWEEP else 16]
MUTATED = RECORDED[:: 1 if facts.SWEEP else 4]
SMALLEST = pcapng(
    Conversation(389)
    .client(bytes.fromhex("301702010160120201030404636e3d61800778787878787878"))
    .server(bytes.fromhex("300c02010161070a010004000400"))
    .close()
    .packets
)


def flipped(data: bytes, rate: float, random: Random) -> bytes:
    """Bytes of `data` replaced at random."""
    changed = bytearray(data)
    for _ in range(max(1, int(len(data) * rate))) if data else ():
        changed[random.randrange(len(data))] = random.randrange(256)
    return bytes(changed)


def flipped_payloads(packets: list[Packet], rate: float, random: Random) -> list[Packet]:
    """Headers stay, so that the bytes reach the dissectors."""
    return [
        packet._replace(data=packet.data[:66] + flipped(packet.data[66:], rate, random))
        for packet in packets
    ]


def read_all(data: bytes, path) -> None:
    """Every table and frame of what may be a capture."""
    path.write_bytes(data)
    try:
        analysis = read(path)
    except CaptureError:
        return
    for table in ("negotiations", "tokens", "offers", "anomalies", "captures"):
        analysis.frame(table)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("path", MUTATED, ids=capture_name)
def test_flipped_payload_bytes_raise_nothing(path, rate, tmp_path):
    """Damaged messages and tokens are read as far as they go."""
    packets = read_packets(path)
    for seed in SEEDS:
        changed = flipped_payloads(packets, rate, Random(f"{seed} {rate}"))
        read_all(pcapng(changed), tmp_path / "mutated")


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("path", MUTATED, ids=capture_name)
def test_flipped_file_bytes_raise_nothing(path, rate, tmp_path):
    """Damage anywhere: blocks, headers, payloads."""
    data = path.read_bytes() if path.suffix == ".pcapng" else pcap(read_packets(path))
    for seed in SEEDS:
        changed = data[:28] + flipped(data[28:], rate / 10, Random(f"{seed} {rate}"))
        read_all(changed, tmp_path / "mutated")


@pytest.mark.parametrize("path", PRINTED, ids=capture_name)
def test_whatever_is_read_prints(path, tmp_path):
    """Damaged captures in every command and format: no control characters, JSON that parses."""
    target = tmp_path / "mutated.pcapng"
    target.write_bytes(
        pcapng(flipped_payloads(read_packets(path), 0.02, Random(capture_name(path))))
    )
    for words, text in outputs(target):
        printed_well(words, text)
    for words, text in frames(target):
        printed_well(words, text)


@pytest.mark.parametrize(
    "data", [SMALLEST, pcap(read_packets(RECORDED[0])[:12])], ids=["pcapng", "pcap"]
)
def test_a_file_cut_anywhere_is_read_to_there(data, tmp_path):
    """Each length of a small file: what is whole is read, what is missing is told."""
    target = tmp_path / "cut"
    whole = None
    for size in range(len(data), 0, -1 if facts.SWEEP else -3):
        target.write_bytes(data[:size])
        try:
            analysis = read(target)
        except CaptureError:
            assert size < 28
            continue
        packets = analysis.tables.columns["captures"]["packets"][0]
        whole = packets if whole is None else whole
        assert packets <= whole
        assert analysis.damaged or packets < whole or size == len(data)
