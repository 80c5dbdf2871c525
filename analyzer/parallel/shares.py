"""One large capture, followed by several processes: each takes its share of the conversations.

This process reads and cuts the capture into blocks (`ring`). The others decode the headers of the blocks
by turns, and each follows those conversations, whole, that fall to it by a hash of their endpoints. So no
stream is ever divided, and nothing has to be joined but rows. What looks at packets of any conversation
(names, silent KDCs) is done by the first of them.

The limits of what streams may hold (`capture.pool.StreamLimits`) hold for each process.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from analyzer.capture.conversation_keys import ConversationKeys
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture
from analyzer.capture.source import PADDING
from analyzer.errors import CaptureError
from analyzer.parallel import follower, pulse
from analyzer.parallel.part import Numbers, Part
from analyzer.parallel.processes import Worker, context
from analyzer.parallel.ring import ROOM, SLOT_PACKETS, STRETCH, Ring, new_memory, pieces
from analyzer.pipeline import conclude

if TYPE_CHECKING:
    from mmap import mmap
    from multiprocessing.synchronize import Semaphore

    from analyzer.capture.inputs import Input
    from analyzer.capture.model import RecordBlock
    from analyzer.pipeline import Options
    from analyzer.tables.collect import Collector

SLOTS_PER_JOB = 2
BLOCKS_PER_SLOT = 4
_PATIENCE_S = 0.5


def read_shared(
    source: Input,
    collector: Collector,
    options: Options,
    account: CaptureAccount | None = None,
    *,
    jobs: int,
) -> tuple[CaptureAccount, float]:
    """Read one capture with several processes; as `pipeline.run`, and the same rows.

    Raises `CaptureError` if it is no capture, or if one of the processes dies or gets no further.
    """
    began = time.perf_counter()
    account = CaptureAccount() if account is None else account
    with _Crew(source, collector, options, jobs) as crew:
        for block in open_capture(source, account, options.progress, crew):
            crew.show(block)
        parts = crew.finish()
    if parts:
        numbers = Numbers(parts)
        for part in parts:
            account.join(part.account)
            collector.take(part.gathered, numbers.of)
    conclude(account, collector)
    return account, time.perf_counter() - began


class _Crew:
    """The processes, and what they need to work side by side.

    It is the `Memory` of the capture: blocks are read into the slots, and only those are copied that lie
    elsewhere (a block of the file that is larger than a slot) or have no room there for their columns.
    """

    stretch = STRETCH

    def __init__(self, source: Input, collector: Collector, options: Options, jobs: int) -> None:
        self._name = source.name
        self._how = context()
        count = SLOTS_PER_JOB * jobs
        self._jobs = jobs
        self._turn = 0
        self._began = time.monotonic()
        self._current: int | None = None  # the slot that the capture is read into
        self._used: list[int] = []  # rows of it that each block so far has taken
        self._next = 0
        self._seen: list[Semaphore] = [self._how.Semaphore(jobs) for _ in range(count)]
        decoded = [self._how.Semaphore(0) for _ in range(count * BLOCKS_PER_SLOT)]
        path = new_memory(count)
        self._open = ExitStack()
        self._open.callback(Path(path).unlink)
        self._ring = Ring(path, count)
        # a semaphore that nobody holds would be gone before a spawned process has it
        self._shared = follower.Shared(
            path,
            jobs,
            self._seen,
            decoded,
            ConversationKeys(),
            collector.blank(),
            replace(options, progress=None),
        )
        self._workers: list[Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: Any) -> None:  # noqa: PYI036 - handed on
        self._open.__exit__(*exception)

    def take(self, size: int) -> mmap | None:
        """See `capture.source.Memory`."""
        self._hand_back()
        if size > ROOM + PADDING:
            return None
        self._current = self._free_slot()
        return self._ring.slots[self._current].data

    def show(self, block: RecordBlock) -> None:
        """Give a block to all of them, who are started with the first: that it is a capture is known then."""
        if not self._workers:
            work = [(number, self._shared) for number in range(self._jobs)]
            workers = [Worker(self._how, follower.work, each) for each in work]
            self._workers = [self._open.enter_context(worker) for worker in workers]
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
            self._send(follower.handed_back(slot))

    def _order(self, slot: int, row: int, block: RecordBlock) -> None:
        self._send(follower.ORDER.pack(slot, row, len(block), block.first_frame, self._turn))
        self._turn += 1

    def _hand_back(self) -> None:
        """Nothing more is read into the current slot."""
        if self._current is not None:
            self._send(follower.handed_back(self._current))
            for _ in range(self._jobs if not self._workers else 0):
                self._seen[self._current].release()
        self._current, self._used = None, []

    def _free_slot(self) -> int:
        """The next slot with which all are done."""
        slot = self._next
        if slot == self._current:
            slot = (slot + 1) % len(self._seen)
        self._next = (slot + 1) % len(self._seen)
        for _ in range(self._jobs):
            waited = 0.0  # a slot that is handed back is progress, of 16 MB at most
            while not self._seen[slot].acquire(timeout=_PATIENCE_S):
                waited += _PATIENCE_S
                self._look_after(waited, pulse.STALL_S)
        return slot

    def _send(self, order: bytes) -> None:
        for worker in self._workers:
            worker.send(order)

    def finish(self) -> list[Part]:
        """Tell all that the capture is over; return what they found."""
        for worker in self._workers:
            worker.send(b"")
        parts: dict[Worker, Part] = {}
        # no slot is handed back from here on
        patience = max(pulse.STALL_S, time.monotonic() - self._began)
        waited = 0.0
        while len(parts) < len(self._workers):
            left = [worker for worker in self._workers if worker not in parts]
            ready = wait([worker.results for worker in left], timeout=_PATIENCE_S)
            waited = 0.0 if ready else waited + _PATIENCE_S
            if not ready:
                self._look_after(waited, patience)
            for worker in left:
                if worker.results in ready:
                    part = self._told_by(worker)
                    if part is not None:
                        parts[worker] = part
        return [parts[worker] for worker in self._workers]

    def _told_by(self, worker: Worker) -> Part | None:
        """What a process found; None as long as not all of it is there."""
        try:
            part: Part | None = worker.result()
        except EOFError:
            raise self._unread(worker.end()) from None
        return part

    def _look_after(self, waited: float, patience: float) -> None:
        """Raise `CaptureError` if a process is gone, or if none was heard of for too long."""
        for worker in self._workers:
            fault = worker.fault()
            if fault is not None:
                raise self._unread(fault)
        if waited > patience:
            raise self._unread(pulse.stalled(patience))

    def _unread(self, why: str) -> CaptureError:
        return CaptureError(f"{self._name}: not read to its end: {why}")
