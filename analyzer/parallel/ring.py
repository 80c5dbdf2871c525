"""Blocks of packets in memory that several processes share: who reads fills a slot, all others look at it.

The memory is one temporary file that every process maps; it never grows, and is gone when the last of
them is. A slot holds the bytes of a block and its columns, those of the records and those that decoding
fills. Nobody holds on to anything in a slot once it is handed back.
"""

from __future__ import annotations

import mmap
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.capture.link import FILLED
from analyzer.capture.model import PacketIndex, RecordBlock
from analyzer.capture.records import MAX_CAP_LEN
from analyzer.capture.source import PADDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROOM = (4 << 20) + 4 * MAX_CAP_LEN
"""Packet bytes that go into a slot; a block with more is cut in pieces, for each process has two slots."""
SLOT_PACKETS = 1 << 15
"""Packets that go into a slot."""

_RECORDS = (
    ("offset", np.int64),
    ("cap_len", np.int64),
    ("wire_len", np.int64),
    ("ts_ns", np.int64),
    ("link_type", np.uint16),
)
_MARKS = (("decoded", np.bool_), ("slow", np.bool_), ("share", np.uint8))
_LAYOUT = (*_RECORDS, *FILLED, *_MARKS)
_ROW_BYTES = sum(np.dtype(dtype).itemsize for _, dtype in _LAYOUT)
_SLOT_BYTES = -(-(ROOM + PADDING + 64 + SLOT_PACKETS * _ROW_BYTES) // (1 << 16)) * (1 << 16)


class Slot:
    """One slot, as this process maps it."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.columns: dict[str, NDArray[Any]] = {}
        at = -(-(ROOM + PADDING) // 64) * 64
        for name, dtype in sorted(_LAYOUT, key=lambda column: -np.dtype(column[1]).itemsize):
            size = SLOT_PACKETS * np.dtype(dtype).itemsize
            self.columns[name] = np.frombuffer(data, dtype, SLOT_PACKETS, at)
            at += size

    def put(self, block: RecordBlock) -> None:
        """Copy the packets of a block into the slot."""
        begin = int(block.offset.min())
        end = int((block.offset + block.cap_len).max())
        self.data[: end - begin] = memoryview(block.buffer)[begin:end]
        self.data[end - begin : end - begin + PADDING] = bytes(PADDING)
        for name, _ in _RECORDS:
            self.columns[name][: len(block)] = getattr(block, name)
        self.columns["offset"][: len(block)] -= begin

    def block(self, first_frame: int, packets: int) -> RecordBlock:
        """Give the records in the slot."""
        columns: dict[str, Any] = {name: self.columns[name][:packets] for name, _ in _RECORDS}
        return RecordBlock(self.data, first_frame, **columns)  # type: ignore[arg-type]

    def index(self, first_frame: int, packets: int) -> PacketIndex:
        """Give the columns that decoding fills."""
        columns: dict[str, Any] = {name: self.columns[name][:packets] for name, _ in FILLED}
        frame = np.arange(first_frame, first_frame + packets, dtype=np.int64)
        ts_ns = self.columns["ts_ns"][:packets]
        return PacketIndex(buffer=self.data, frame=frame, ts_ns=ts_ns, **columns)  # type: ignore[arg-type]

    def mark(self, name: str, packets: int) -> NDArray[Any]:
        """Give one of the columns `decoded`, `slow`, `share`."""
        return self.columns[name][:packets]


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
    shared = Path("/dev/shm")  # noqa: S108 - the name is drawn, and the file is private
    where = shared if shared.is_dir() else None
    with tempfile.NamedTemporaryFile(prefix="negoscope-", dir=where, delete=False) as file:
        file.truncate(count * _SLOT_BYTES)
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
