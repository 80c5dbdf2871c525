"""What the process does that reads a capture for others: it cuts it into blocks and tells them of each."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture
from analyzer.capture.source import PADDING, Room
from analyzer.errors import CaptureError
from analyzer.parallel import follower, pulse
from analyzer.parallel.follower import PATIENCE_S
from analyzer.parallel.processes import when_orphaned
from analyzer.parallel.ring import ROOM, SLOT_PACKETS, STRETCH, Ring, pieces
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from mmap import mmap
    from multiprocessing.connection import Connection

    from analyzer.capture.inputs import Input
    from analyzer.capture.model import RecordBlock
    from analyzer.parallel.processes import Answers

BLOCKS_PER_SLOT = 4


class Task(NamedTuple):
    """What it is given."""

    source: Input
    shared: follower.Shared
    followers: list[Connection]  # where each takes its orders from
    stdin: Any  # None where a process that is not forked has none of the one that started it


def work(task: Task, _orders: Connection, answers: Answers) -> None:
    """Read the capture to its end; tell its account, or why it cannot be read."""
    when_orphaned(Path(task.shared.path).unlink)
    if task.stdin is not None:
        sys.stdin = task.stdin
    account, cutter = CaptureAccount(), Cutter(task)
    try:
        for block in open_capture(task.source, account, cutter.progress, cutter):
            cutter.show(block)
    except CaptureError as error:
        answers.put(str(error))
    else:
        answers.put(account)
    cutter.send(follower.OVER)


class Cutter:
    """The `Memory` of the capture: blocks are read into the slots of the ring.

    Only those are copied that lie elsewhere (a block of the file that is larger than a slot) or have no room
    there for their columns.
    """

    stretch = STRETCH

    def __init__(self, task: Task) -> None:
        self._name = task.source.name
        self._followers = task.followers
        self._seen = task.shared.seen
        self._jobs = task.shared.jobs
        self._ring = Ring(task.shared.path, len(self._seen))
        self._turn = 0
        self._current: int | None = None  # the slot that the capture is read into
        self._used: list[int] = []  # rows of it that each block so far has taken
        self._next = 0
        self._large = Room()  # for what no slot holds
        self._read = 0

    def progress(self, count: int) -> None:
        """So many bytes of the input have been read."""
        self._read = count

    def take(self, size: int) -> mmap:
        """See `capture.source.Memory`."""
        self._hand_back()
        if size > ROOM + PADDING:
            return self._large.take(size)
        self._current = self._free_slot()
        return self._ring.slots[self._current].data

    def show(self, block: RecordBlock) -> None:
        """Give a block to all who follow."""
        slot, row = self._current, sum(self._used)
        if (
            slot is not None
            and block.buffer is self._ring.slots[slot].octets
            and row + len(block) <= SLOT_PACKETS
            and len(self._used) < BLOCKS_PER_SLOT
        ):
            self._used.append(len(block))
            self._ring.slots[slot].describe(block, row)
            self._order(slot, row, block)
            return
        for piece in pieces(block):
            slot = self._free_slot()
            self._ring.slots[slot].copy(piece)
            self._order(slot, 0, piece)
            self.send(follower.handed_back(slot))

    def _order(self, slot: int, row: int, block: RecordBlock) -> None:
        order = (slot, row, len(block), block.first_frame, self._turn, self._read)
        self.send(follower.ORDER.pack(*order))
        self._turn += 1

    def send(self, order: bytes) -> None:
        """Give all an order; one that is no longer there is missed elsewhere."""
        for each in self._followers:
            with suppress(OSError):
                each.send_bytes(order)

    def _hand_back(self) -> None:
        """Nothing more is read into the current slot."""
        if self._current is not None:
            self.send(follower.handed_back(self._current))
        self._current, self._used = None, []

    def _free_slot(self) -> int:
        """The next slot with which all are done."""
        slot = self._next
        if slot == self._current:
            slot = (slot + 1) % len(self._seen)
        self._next = (slot + 1) % len(self._seen)
        for _ in range(self._jobs):
            waited = 0.0  # a slot that is handed back is progress, of 16 MB at most
            while not self._seen[slot].acquire(timeout=PATIENCE_S):
                waited += PATIENCE_S
                if waited > pulse.STALL_S:
                    why = pulse.stalled(pulse.STALL_S)
                    raise CaptureError(f"{self._name}: not read to its end: {why}")
        return slot
