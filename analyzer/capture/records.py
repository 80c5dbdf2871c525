"""The walk over the records of a capture that every format shares: blocks out, damage stated.

A format says how far its records go (`_stretch`); this says what happens where they stop: read on,
end, or look for the place where records go on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum, auto
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.damage import RESYNC_LIMIT, find_chain, record_loss
from analyzer.capture.model import CaptureAccount, CaptureLoss, RecordBlock

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from analyzer.capture.source import Window

BLOCK_PACKETS = 1 << 16
MAX_CAP_LEN = 1 << 18
"""Largest packet of a sound file, as in Wireshark; segmentation offload stays below."""
IDLE_LIMIT = 1 << 20
"""Records in a row without a single packet byte; beyond this they are a hole or a bomb."""


class Stop(Enum):
    """Why a stretch of records ended."""

    FULL = auto()  # enough rows for a block, or something the format sees to itself
    SHORT = auto()  # the record at the position is not all in the window
    BAD = auto()  # no record can be at the position
    IDLE = auto()  # too many empty records


Columns = tuple[NDArray[np.generic], ...]
"""offset, cap_len, wire_len, ts_ns, link_type of some rows."""


class RecordReader(ABC):
    """Reads one capture; the subclass knows the format."""

    reach: int  # bytes that a chain of plausible records can cover

    def __init__(self, window: Window, account: CaptureAccount) -> None:
        self.window = window
        self.account = account
        self.frames = 0  # counted so far, pending rows included
        self.idle = 0
        self._pending: list[Columns] = []
        self._rows = 0

    @abstractmethod
    def _stretch(self, position: int) -> tuple[int, Stop]:
        """Add the rows of the records from `position` on; where they end and why."""

    @abstractmethod
    def candidates(self, start: int, stop: int) -> NDArray[np.int64]:
        """See `damage.Chain`."""

    @abstractmethod
    def follow(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """See `damage.Chain`."""

    @property
    def room(self) -> int:
        """Rows that still go into the block."""
        return BLOCK_PACKETS - self._rows

    @property
    def exhausted(self) -> bool:
        """Whether too many records in a row held nothing."""
        return self.idle > IDLE_LIMIT

    def add(self, *columns: NDArray[np.generic]) -> None:
        """Take rows: offset, cap_len, wire_len, ts_ns, link_type."""
        self._pending.append(columns)
        self._rows += len(columns[0])
        self.frames += len(columns[0])

    def count_idle(self, busy: NDArray[np.bool_]) -> None:
        """Note which records of a stretch hold packet bytes."""
        if busy[-1]:
            self.idle = 0
            return
        last = np.flatnonzero(busy[::-1])
        self.idle = int(last[0]) if len(last) else self.idle + len(busy)

    def blocks(self, position: int) -> Iterator[RecordBlock]:
        """All packets from `position` of the first window on."""
        window = self.window
        while True:
            position, stop = self._stretch(position)
            if not self.room:
                yield self._flush()
            if stop is Stop.FULL:
                continue
            if stop is Stop.SHORT and not window.at_end:
                if self._rows:
                    yield self._flush()
                window.advance(position)
                position = 0
                continue
            if stop is Stop.SHORT and position == window.end:
                break
            found = yield from self._recover(position, stop)
            if found is None:
                break
            position = found
        if self._rows:
            yield self._flush()

    def _recover(self, position: int, stop: Stop) -> Generator[RecordBlock, None, int | None]:
        """Where records go on behind the damage at `position`; None if they don't."""
        window = self.window
        began = window.start + position
        frame = self.frames or None
        search = position + 1
        self.idle = 0
        while True:
            upper = window.end if window.at_end else window.end - self.reach
            found = find_chain(
                self,
                search,
                upper,
                window.end,
                at_end=window.at_end,
                cut_allowed=stop is not Stop.SHORT,
            )
            if found is not None:
                length = window.start + found - began
                self._lose(Stop.BAD if stop is Stop.SHORT else stop, began, length, frame)
                return found
            if window.at_end:
                self._lose(stop, began, window.total - began, frame)
                return None
            search = max(search, upper)
            if window.start + search - began > RESYNC_LIMIT:
                self._lose(stop, began, None, frame)
                return None
            if self._rows:
                yield self._flush()
            window.advance(search)
            search = 0

    def _lose(self, stop: Stop, offset: int, length: int | None, frame: int | None) -> None:
        if stop is Stop.SHORT and self.window.failure is not None:
            return  # the source says itself why its bytes end here
        code, detail = {
            Stop.SHORT: ("capture-cut", "the file ends inside a record"),
            Stop.IDLE: ("limit-count", f"more than {IDLE_LIMIT} empty records in a row"),
        }.get(stop, ("capture-damaged", "no record can start here"))
        if length is None:
            detail += "; the rest of the file was not read"
        record_loss(self.account, CaptureLoss(code, detail, offset, length, frame))

    def _flush(self) -> RecordBlock:
        columns = (
            self._pending[0]
            if len(self._pending) == 1
            else tuple(np.concatenate(parts) for parts in zip(*self._pending, strict=True))
        )
        offset, cap_len, wire_len, ts_ns, link_type = columns
        block = RecordBlock(
            buffer=self.window.data,
            first_frame=self.frames - self._rows + 1,
            offset=offset.astype(np.int64, copy=False),
            cap_len=cap_len.astype(np.int64, copy=False),
            wire_len=wire_len.astype(np.int64, copy=False),
            ts_ns=ts_ns.astype(np.int64, copy=False),
            link_type=link_type.astype(np.uint16, copy=False),
        )
        self._pending = []
        self._rows = 0
        return block


def rows_at(data: bytes, offsets: NDArray[np.int64], width: int) -> NDArray[np.void]:
    """Copy the `width` bytes at each offset into one array; they must lie inside `data`."""
    # one overlapping item per byte of `data`: fancy indexing then copies with memcpy speed
    items = np.ndarray((len(data) - width + 1,), f"V{width}", buffer=data, strides=(1,))
    rows: NDArray[np.void] = items[offsets]
    return rows
