"""The walk that the formats share, on a format of its own: one length byte, then the packet."""

import io
from itertools import pairwise

import numpy as np
import pytest

from analyzer.capture import records, source
from analyzer.capture.model import CaptureAccount
from analyzer.capture.records import RecordReader, Stop, rows_at
from analyzer.capture.source import Window, from_stream

BAD = 255


class Toy(RecordReader):
    """Length 255 is damage."""

    reach = 16 * 256

    def _stretch(self, position):
        starts, data, end = [], self.window.data, self.window.end
        stop = Stop.FULL
        while len(starts) < self.room:
            if position < end and data[position] == BAD:
                stop = Stop.BAD
                break
            if position >= end or position + 1 + data[position] > end:
                stop = Stop.SHORT
                break
            starts.append(position)
            position += 1 + data[position]
        if starts:
            offset = np.array(starts) + 1
            length = np.frombuffer(data, np.uint8)[starts].astype(np.int64)
            zero = np.zeros(len(starts), np.int64)
            self.count_idle(length > 0)
            self.add(offset, length, length, zero, zero.astype(np.uint16))
        return position, Stop.IDLE if self.exhausted else stop

    def candidates(self, start, stop):
        return np.arange(start, stop)

    def follow(self, offsets):
        length = np.frombuffer(self.window.data, np.uint8)[offsets].astype(np.int64)
        return np.where((length == BAD) | (length == 0), -1, offsets + 1 + length)


def read(data):
    account = CaptureAccount()
    toy = Toy(Window(from_stream(io.BytesIO(data))), account)
    return list(toy.blocks(0)), account


def lengths(blocks):
    return [length for block in blocks for length in block.cap_len.tolist()]


def packed(*sizes):
    return b"".join(bytes([size]) * (size + 1) for size in sizes)


@pytest.mark.parametrize("window", [64, 1 << 20])
def test_blocks_are_numbered_through_and_bounded(monkeypatch, window):
    """Frames go on from block to block; each holds at most the limit."""
    monkeypatch.setattr(records, "BLOCK_PACKETS", 10)
    monkeypatch.setattr(source, "READ_BYTES", window)
    blocks, account = read(packed(*range(1, 36)))
    assert lengths(blocks) == list(range(1, 36))
    assert blocks[0].first_frame == 1
    for before, after in pairwise(blocks):
        assert after.first_frame == before.first_frame + len(before)
    assert max(map(len, blocks)) <= 10
    assert not account.damaged


def test_rows_on_both_sides_of_damage_share_a_block():
    """One buffer, one block: many small damages must not make many small blocks."""
    blocks, account = read(packed(1, 2) + bytes([BAD]) * 5 + packed(*[3] * 20))
    assert len(blocks) == 1
    assert lengths(blocks) == [1, 2] + [3] * 20
    loss = account.losses[0]
    assert (loss.code, loss.offset, loss.length, loss.frame) == ("capture-damaged", 5, 5, 2)


def test_damage_beyond_the_limit_ends_the_reading(monkeypatch):
    """What is behind it is not even read."""
    monkeypatch.setattr(records, "RESYNC_LIMIT", 10_000)
    monkeypatch.setattr(source, "READ_BYTES", 1 << 13)
    blocks, account = read(packed(1, 2) + bytes([BAD]) * 100_000 + packed(*[3] * 20))
    assert lengths(blocks) == [1, 2]
    assert account.losses[0].length is None
    assert "the rest of the file was not read" in account.losses[0].detail


def test_idle_records_are_counted_in_a_row():
    """A single busy one starts the count again."""
    toy = Toy(Window(from_stream(io.BytesIO(b""))), CaptureAccount())
    toy.count_idle(np.array([True, False, False]))
    assert toy.idle == 2
    toy.count_idle(np.array([False, False]))
    assert toy.idle == 4
    toy.count_idle(np.array([False, True]))
    assert toy.idle == 0
    toy.count_idle(np.array([False, True, False]))
    assert toy.idle == 1


def test_rows_are_copied_from_any_offset():
    """Overlapping and unaligned."""
    rows = rows_at(bytes(range(40)), np.array([0, 1, 33]), 7)
    assert [bytes(row) for row in rows] == [bytes(range(n, n + 7)) for n in (0, 1, 33)]
    assert rows.flags.c_contiguous
