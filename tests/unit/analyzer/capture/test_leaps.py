"""Many small records found at once: the same as by a walk, whatever lies in the packets."""

from __future__ import annotations

import random
import struct

import numpy as np
import pytest

from analyzer.capture import leaps, pcap, source
from analyzer.capture.inputs import Input
from analyzer.capture.leaps import leap
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture

NOW = 1_790_000_000


def record(
    data: bytes, order: str = "<", seconds: int = NOW, *, cap_len: int | None = None
) -> bytes:
    size = len(data) if cap_len is None else cap_len
    return struct.pack(f"{order}4I", seconds, 5, size, size) + data


def capture(records: list[bytes], order: str = "<") -> bytes:
    return struct.pack(f"{order}IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 1) + b"".join(records)


def small(chance: random.Random, order: str, seconds: int) -> bytes:
    """A packet of up to 90 bytes; some hold a record, or the beginning of a header."""
    data = chance.randbytes(chance.choice([0, 14, 60, 60, 90]))
    luck = chance.random()
    if luck < 0.1:
        data = record(data, order, seconds)[: chance.choice([8, 16, 100])]
    elif luck < 0.12:
        data = struct.pack(f"{order}I", seconds) * 20
    return data


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("step", [0, 1, 40, 70_000])
def test_the_same_records_as_by_a_walk(order, seed, step, tmp_path, monkeypatch):
    """Clocks that stand, run, or jump over the upper half; windows and blocks of other sizes."""
    chance = random.Random(f"{order}{seed}{step}")
    seconds, records = NOW, []
    for _ in range(9000):
        seconds += step if chance.random() < 0.05 else 0
        records.append(record(small(chance, order, seconds), order, seconds))
    path = tmp_path / "small.pcap"
    path.write_bytes(capture(records, order)[: chance.choice([None, -7])])
    monkeypatch.setattr(source, "READ_BYTES", chance.choice([1 << 18, 300_000]))
    leapt = []
    monkeypatch.setattr(pcap, "leap", lambda *where: leapt.append(leap(*where)) or leapt[-1])
    quick = read(path)
    assert max(map(len, leapt)) > (100 if step < 70_000 else 0)
    monkeypatch.setattr(pcap, "SMALL", 0)
    assert quick == read(path)


def read(path) -> tuple:
    account = CaptureAccount()
    rows = [
        (block.buffer[at : at + size], wire, ts_ns)
        for block in open_capture(Input(str(path)), account)
        for at, size, wire, ts_ns in zip(
            *(
                column.tolist()
                for column in (block.offset, block.cap_len, block.wire_len, block.ts_ns)
            ),
            strict=True,
        )
    ]
    return rows, account


def found(data: bytes, start: int, end: int | None = None) -> list[int]:
    end = len(data) if end is None else end
    return leap(data + bytes(source.PADDING), start, end, "<", 16).tolist()


def test_only_what_the_chain_leads_to():
    """A header inside a packet is none."""
    inner = record(b"inside" * 3)
    data = record(b"first") + record(inner) + record(b"last")
    assert found(data, 0) == [0, 21, 21 + 16 + len(inner)]


def test_records_that_do_not_end_in_time_are_left_out():
    """The last one is not all there."""
    data = record(b"first") + record(b"second")
    assert found(data, 0, len(data) - 1) == [0]
    assert found(data, 0, 20) == []


def test_no_record_is_larger_than_records_are():
    """What cannot be a record ends the chain; at the beginning there is none then."""
    huge = record(b"", cap_len=1 << 20)
    assert found(record(b"first") + huge, 0) == [0]
    assert found(huge, 0) == []


def test_false_chains_do_not_hinder_for_long():
    """Headers that lead to one another, but nowhere from where the chain begins."""
    false = b"".join(record(b"", cap_len=4)[:20] for _ in range(50))
    data = record(false) + record(b"x") * 3
    assert found(data, 0)[:1] == [0]
    assert leaps.ROUNDS < 50
    assert np.array_equal(found(data, 0), sorted(found(data, 0)))
