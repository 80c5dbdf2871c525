"""Blocks of packets in memory that several processes share: who reads fills a slot, all others look at it.

The memory is one temporary file that every process maps; it never grows, and is gone when the last of
them is. A slot holds a stretch of the capture and the columns of its packets, those of the records and those
that decoding fills. Nobody holds on to anything in a slot once it is handed back.
"""

from __future__ import annotations

import mmap
import tempfile
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from analyzer.capture.link import FILLED
from analyzer.capture.model import PacketIndex, RecordBlock
from analyzer.capture.records import BLOCK_PACKETS, MAX_CAP_LEN
from analyzer.capture.source import PADDING, READ_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

STRETCH = 2 * READ_BYTES
"""Bytes that are read at a time: each process takes a part of the packets, and a block costs it 2 ms."""
ROOM = STRETCH + 4 * MAX_CAP_LEN
"""Packet bytes that go into a slot."""
SLOT_PACKETS = 4 * BLOCK_PACKETS
"""Packets that go into a slot."""

_RECORDS = (
    ("offset", np.int64),
    ("cap_len", np.int64),
    ("wire_len", np.int64),
    ("ts_ns", np.int64),
    ("link_type", np.uint16),
)
MARKS = (
    ("decoded", np.bool_),
    ("slow", np.bool_),
    ("key", np.uint64),  # of the conversation, and which of its ends sent the packet
    ("sender", np.intp),
)
_LAYOUT = (*_RECORDS, *FILLED, *MARKS)
_ROW_BYTES = sum(np.dtype(dtype).itemsize for _, dtype in _LAYOUT)
_SLOT_BYTES = -(-(ROOM + PADDING + 64 + SLOT_PACKETS * _ROW_BYTES) // (1 << 16)) * (1 << 16)


class Slot:
    """One slot, as this process maps it."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.octets = cast("bytes", data)  # sliced and looked at as an array it is the same
        self.columns: dict[str, NDArray[Any]] = {}
        at = -(-(ROOM + PADDING) // 64) * 64
        for name, dtype in sorted(_LAYOUT, key=lambda column: -np.dtype(column[1]).itemsize):
            size = SLOT_PACKETS * np.dtype(dtype).itemsize
            self.columns[name] = np.frombuffer(data, dtype, SLOT_PACKETS, at)
            at += size

    def copy(self, block: RecordBlock) -> None:
        """Copy the packets of a block, and what the records say of them, into the slot."""
        begin = int(block.offset.min())
        end = int((block.offset + block.cap_len).max())
        self.data[: end - begin] = memoryview(block.buffer)[begin:end]
        self.data[end - begin : end - begin + PADDING] = bytes(PADDING)
        self.describe(block, 0)
        self.columns["offset"][: len(block)] -= begin

    def describe(self, block: RecordBlock, row: int) -> None:
        """Put what the records of a block say, whose packets are there, from `row` on."""
        for name, _ in _RECORDS:
            self.columns[name][row : row + len(block)] = getattr(block, name)

    def block(self, first_frame: int, rows: slice) -> RecordBlock:
        """Give records in the slot."""
        return RecordBlock(self.octets, first_frame, **self._columns(_RECORDS, rows))

    def index(self, first_frame: int, rows: slice) -> PacketIndex:
        """Give the columns of them that decoding fills."""
        frame = np.arange(first_frame, first_frame + rows.stop - rows.start, dtype=np.int64)
        ts_ns = self.columns["ts_ns"][rows]
        columns = self._columns(FILLED, rows)
        return PacketIndex(buffer=self.octets, frame=frame, ts_ns=ts_ns, **columns)

    def _columns(self, layout: tuple[tuple[str, Any], ...], rows: slice) -> dict[str, Any]:
        return {name: self.columns[name][rows] for name, _ in layout}


class Ring:
    """The slots, as one process sees them; `path` names the memory for the others."""

    def __init__(self, path: str, count: int) -> None:
        self.path = path
        with open(path, "r+b") as file:  # noqa: PTH123
            self.slots = [
                Slot(mmap.mmap(file.fileno(), _SLOT_BYTES, offset=at * _SLOT_BYTES))
                for at in range(count)
            ]


def new_memory(count: int) -> str:
    """Make the file for `count` slots, in memory where the system has such a place; return its path."""
    shared, size = Path("/dev/shm"), count * _SLOT_BYTES  # noqa: S108 - the name is drawn, the file private
    fits = (
        shared.is_dir() and disk_usage(shared).free > 2 * size
    )  # what is not there kills who writes to it
    where = shared if fits else None
    with tempfile.NamedTemporaryFile(prefix="negoscope-", dir=where, delete=False) as file:
        file.truncate(size)
    return file.name


def pieces(block: RecordBlock) -> Iterator[RecordBlock]:
    """The block in parts that fit a slot each."""
    begin, packets = 0, len(block)
    ends = block.offset + block.cap_len
    while begin < packets:
        end = min(packets, begin + SLOT_PACKETS)
        # offsets rise within a block: the first row beyond the room is found by bisection
        if int(ends[end - 1]) - int(block.offset[begin]) > ROOM:
            end = int(np.searchsorted(ends, int(block.offset[begin]) + ROOM, side="right"))
        if begin == 0 and end == packets:
            yield block
            return
        rows = slice(begin, end)
        columns: dict[str, Any] = {name: getattr(block, name)[rows] for name, _ in _RECORDS}
        yield RecordBlock(block.buffer, block.first_frame + begin, **columns)
        begin = end
