"""Captures whose packets were lost, moved, repeated or cut, all at once: always a result.

Each by itself is `tests/oracle/robustness.py`'s, which also says whether the result is right.
"""

from __future__ import annotations

from random import Random

import pytest
from support import facts
from support.facts import capture_name, captures
from support.packets import Packet, pcapng, read_packets

from analyzer.analysis import read

LARGEST = 300  # packets of a capture that is tried
NEAR = 6  # places over which a packet moves
CUTS = (60, 80, 120, 200, 300)  # snap lengths: no payload, or some of a header, or of a token
RECORDED = [path for path in captures() if path.stat().st_size < 200 * LARGEST]
TRIED = RECORDED[:: 1 if facts.SWEEP else 6]
SEEDS = range(40 if facts.SWEEP else 2)


def disordered(packets: list[Packet], random: Random) -> list[Packet]:
    """A capture of the same talk by someone who could not keep up."""
    lost = random.choice((0, 0.05, 0.15))
    kept = [packet for packet in packets if random.random() >= lost] or packets[:1]
    for _ in range(random.randrange(10)):
        packet = kept.pop(at := random.randrange(len(kept)))
        kept.insert(max(0, at + random.randint(-NEAR, NEAR)), packet)
    for _ in range(random.randrange(3)):
        kept.insert(random.randrange(len(kept) + 1), random.choice(kept))
    if random.random() < 0.4:
        kept = [cut(packet, random) if random.random() < 0.15 else packet for packet in kept]
    if random.random() < 0.5:  # as the capture saw them, not as they were sent
        times = sorted(packet.ts_ns for packet in kept)
        kept = [packet._replace(ts_ns=at) for packet, at in zip(kept, times, strict=True)]
    return kept


def cut(packet: Packet, random: Random) -> Packet:
    """Cut off the end of a packet."""
    whole = max(packet.wire_len, len(packet.data))
    return packet._replace(data=packet.data[: random.choice(CUTS)], wire_len=whole)


@pytest.mark.parametrize("path", TRIED, ids=capture_name)
def test_disorder_raises_nothing(path, tmp_path):
    """Whatever is left, and in whatever order, is read to the end and judged."""
    packets = read_packets(path)
    if len(packets) > LARGEST:
        pytest.skip("a large capture")
    target = tmp_path / "disordered.pcapng"
    for seed in SEEDS:
        target.write_bytes(pcapng(disordered(packets, Random(f"{capture_name(path)} {seed}"))))
        analysis = read(target)
        assert analysis.tables.columns["captures"]["packets"][0] > 0
        analysis.audit()
