"""How bytes travelled never changes what they say: recorded captures, packed in every other way."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import zstandard
from support import facts
from support.facts import Facts, capture_name, captures, facts_of
from support.packets import Packet, pcap, pcapng, read_packets
from support.transport import CHANGES

from analyzer.capture import records

LARGEST = 1_000_000 if facts.SWEEP else 100_000  # packet bytes of a capture worth trying
RECORDED = captures()
FORMATS: dict[str, Callable[[list[Packet]], bytes]] = {
    "pcap": pcap,
    "pcap, nanoseconds": lambda packets: pcap(packets, nano=True),
    "pcap, big-endian": lambda packets: pcap(packets, ">"),
    "pcapng, big-endian": lambda packets: pcapng(packets, ">"),
    "gzip": lambda packets: gzip.compress(pcapng(packets), 1),
    "zstd": lambda packets: zstandard.compress(pcap(packets)),
}


@cache
def original(path: Path) -> tuple[list[Packet], Facts]:
    """A capture's packets and what is known of them."""
    packets = read_packets(path)
    if sum(len(packet.data) for packet in packets) > LARGEST:
        pytest.skip("a large capture")
    return packets, facts_of(path)


def turn(path: Path, name: str, names: list[str]) -> bool:
    """Whether this pair of capture and change has its turn: each change meets each sixth capture."""
    return facts.SWEEP or (RECORDED.index(path) + names.index(name)) % 6 == 0


def pairs(names: list[str]) -> list:
    return [
        pytest.param(path, name, id=f"{capture_name(path)}-{name}")
        for path in RECORDED
        for name in names
        if turn(path, name, names)
    ]


def same(changed: Facts, known: Facts, *, leave_out: tuple[str, ...] = ()) -> None:
    """All facts agree, cell by cell."""
    if known.missing:  # when a gap is given up depends on the packets behind it
        leave_out += ("signed_messages", "sealed_messages")

    def rows(found: Facts) -> list:
        return [
            {name: cell for name, cell in row.items() if name not in leave_out}
            for row in found.negotiations
        ]

    assert rows(changed) == rows(known)
    assert changed.tokens == known.tokens
    assert changed.anomalies == known.anomalies


@pytest.mark.parametrize(("path", "name"), pairs(list(CHANGES)))
def test_transport_changes_nothing(path, name, tmp_path):
    """Segments, order, repetition, wrapping numbers, fragments, tags, padding, tunnels: same facts."""
    packets, known = original(path)
    changed = CHANGES[name](packets)
    target = tmp_path / "changed.pcapng"
    target.write_bytes(pcapng(changed))
    moved = (*facts.ENDS, *facts.BY_ADDRESS) if name == "IPv6" else ()
    same(facts_of(target), known, leave_out=moved)


@pytest.mark.parametrize(("path", "name"), pairs(list(FORMATS)))
def test_the_file_format_changes_nothing(path, name, tmp_path):
    """pcap, pcapng, both byte orders, compressed: same facts."""
    packets, known = original(path)
    if len({packet.link_type for packet in packets}) > 1 and "pcapng" not in name:
        pytest.skip("pcap holds one link type")
    target = tmp_path / "changed"
    target.write_bytes(FORMATS[name](packets))
    same(facts_of(target), known)


@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize("path", RECORDED[:: 1 if facts.SWEEP else 4], ids=capture_name)
def test_blocks_change_nothing(path, size, monkeypatch):
    """Packets come in blocks of one, of seven, or all at once: same facts."""
    _, known = original(path)
    monkeypatch.setattr(records, "BLOCK_PACKETS", size)
    assert facts_of(path) == known


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_changes_something(name):
    """A change that leaves all captures as they are would prove nothing."""
    for path in RECORDED:
        packets = read_packets(path)
        if CHANGES[name](packets) != packets:
            return
    pytest.fail("no capture was changed")
