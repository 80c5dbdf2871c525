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
from pathlib import Path
from typing import TYPE_CHECKING, Self

from analyzer.capture.conversation_keys import ConversationKeys
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture
from analyzer.errors import CaptureError
from analyzer.parallel import follower
from analyzer.parallel.part import Numbers, Part
from analyzer.parallel.processes import Worker, context
from analyzer.parallel.ring import Ring, new_memory, pieces
from analyzer.pipeline import conclude

if TYPE_CHECKING:
    from multiprocessing.synchronize import Semaphore

    from analyzer.capture.inputs import Input
    from analyzer.capture.model import RecordBlock
    from analyzer.pipeline import Options
    from analyzer.tables.collect import Collector

SLOTS_PER_JOB = 2
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

    Raises `CaptureError` if it is no capture, or if one of the processes dies.
    """
    began = time.perf_counter()
    account = CaptureAccount() if account is None else account
    blocks = (
        piece
        for block in open_capture(source, account, options.progress)
        for piece in pieces(block)
    )
    first = next(blocks, None)  # what is no capture is told before any process is started
    if first is not None:
        with _Crew(source, collector, options, jobs) as crew:
            crew.show(first)
            for block in blocks:
                crew.show(block)
            parts = crew.finish()
        numbers = Numbers(parts)
        for part in parts:
            account.join(part.account)
            collector.take(part.gathered, numbers.of)
    conclude(account, collector)
    return account, time.perf_counter() - began


class _Crew:
    """The processes, and what they need to work side by side."""

    def __init__(self, source: Input, collector: Collector, options: Options, jobs: int) -> None:
        self._name = source.name
        how = context()
        count = SLOTS_PER_JOB * jobs
        self._jobs = jobs
        self._turn = 0
        self._seen: list[Semaphore] = [how.Semaphore(jobs) for _ in range(count)]
        decoded = [how.Semaphore(0) for _ in range(count)]
        self._path = new_memory(count)
        self._open = ExitStack()
        self._open.callback(Path(self._path).unlink)
        self._ring = Ring(self._path, count)
        shared = follower.Shared(
            self._path,
            jobs,
            self._seen,
            decoded,
            ConversationKeys(),
            collector.blank(),
            replace(options, progress=None),
        )
        # a semaphore that nobody holds would be gone before a spawned process has it
        self._shared = shared
        self._workers = [
            self._open.enter_context(Worker(how, follower.work, (number, shared)))
            for number in range(jobs)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def show(self, block: RecordBlock) -> None:
        """Give a block to all of them."""
        slot = self._turn % len(self._seen)
        self._turn += 1
        for _ in range(self._jobs):
            while not self._seen[slot].acquire(timeout=_PATIENCE_S):
                self._look_after()
        self._ring.slots[slot].put(block)
        order = follower.ORDER.pack(slot, len(block), block.first_frame)
        for worker in self._workers:
            worker.send(order)

    def finish(self) -> list[Part]:
        """Tell all that the capture is over; return what they found."""
        for worker in self._workers:
            worker.send(b"")
        parts = []
        for worker in self._workers:
            while not worker.ready(_PATIENCE_S):
                self._look_after()
            try:
                parts.append(worker.result())
            except EOFError:
                raise self._unread(worker.end()) from None
        return parts

    def _look_after(self) -> None:
        for worker in self._workers:
            fault = worker.fault()
            if fault is not None:
                raise self._unread(fault)

    def _unread(self, why: str) -> CaptureError:
        return CaptureError(f"{self._name}: not read to its end: {why}")
