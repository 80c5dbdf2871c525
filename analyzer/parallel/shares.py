"""One large capture, followed by several processes: each takes its share of the conversations.

One process reads and cuts the capture into blocks (`cutter`, `ring`). The others, this one among them, decode
the headers of the blocks by turns, and each follows those conversations, whole, that fall to it by a hash of
their endpoints (`follower`). So no stream is ever divided, nothing has to be joined but rows, and what this
process itself has found need not travel. What looks at packets of any conversation (names, silent KDCs) is
done by the first of them.

The limits of what streams may hold (`capture.pool.StreamLimits`) hold for each process.
"""

from __future__ import annotations

import gc
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.capture.conversation_keys import ConversationKeys
from analyzer.capture.model import CaptureAccount
from analyzer.errors import CaptureError
from analyzer.parallel import cutter, follower, pulse
from analyzer.parallel.follower import PATIENCE_S
from analyzer.parallel.part import Numbers, Part
from analyzer.parallel.processes import Worker, WorkerError, context
from analyzer.parallel.ring import new_memory
from analyzer.pipeline import conclude, run

if TYPE_CHECKING:
    from analyzer.capture.inputs import Input
    from analyzer.pipeline import Options
    from analyzer.tables.collect import Collector

SPARE_SLOTS = 3
"""Slots beside one for each who follows, so that none waits where another has more to do with a block."""


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
    how = context()
    if source.is_standard_input and how.get_start_method() != "fork":
        return run(source, collector, options, account)  # another process has another one
    with ExitStack() as opened:
        parts, read = _Crew(opened, how, source, collector, options, account, jobs).follow()
    numbers = Numbers(parts)
    account.packets = collector.found = 0  # so far they were counted for who watches
    account.join(read)
    for part in parts:
        account.join(part.account)
        collector.take(part.gathered, numbers.of)
    conclude(account, collector)
    return account, time.perf_counter() - began


class _Crew:
    """The processes, and what they need to work side by side, which ends with `opened`."""

    def __init__(
        self,
        opened: ExitStack,
        how: Any,
        source: Input,
        collector: Collector,
        options: Options,
        account: CaptureAccount,
        jobs: int,
    ) -> None:
        self._how = how
        self._source = source
        self._account = account
        self._collector = collector
        self._progress = options.progress
        self._open = opened
        count = jobs + SPARE_SLOTS
        path = new_memory(count)
        self._open.callback(Path(path).unlink)
        # a semaphore that nobody holds would be gone before a spawned process has it
        self._shared = follower.Shared(
            path,
            jobs,
            [how.Semaphore(jobs) for _ in range(count)],
            [how.Semaphore(0) for _ in range(count * cutter.BLOCKS_PER_SLOT)],
            how.RawArray("Q", jobs),
            ConversationKeys(),
            collector.blank(),
            replace(options, progress=None),
        )
        pipes = [how.Pipe(duplex=False) for _ in range(jobs)]
        self._ends = [end for end, _ in pipes]  # where each who follows takes its orders from
        for end in self._ends:
            self._open.callback(end.close)
        self._others: list[Worker] = []  # who follow besides this process
        self._reader = self._start_reader([end for _, end in pipes])
        self._read: CaptureAccount | None = None  # what it tells at the end

    def _start_reader(self, ends: list[Any]) -> Worker:
        stdin = sys.stdin if self._how.get_start_method() == "fork" else None
        task = cutter.Task(self._source, self._shared, ends, stdin)
        if stdin is not None:
            sys.stdin = None  # multiprocessing would close it in the process that is to read it
        try:
            reader = Worker(self._how, cutter.work, (task,))
        finally:
            if stdin is not None:
                sys.stdin = stdin
        for end in ends:
            end.close()
        return self._open.enter_context(reader)

    def follow(self) -> tuple[list[Part], CaptureAccount]:
        """Take our share; return what all have found, and the account of the one that has read."""
        began = time.monotonic()
        orders = follower.Orders(self._ends[0], self._look_after, self._heard)
        try:
            orders.wait()
            self._look_after()  # with the first order it is known whether it is a capture
            for number, end in enumerate(self._ends[1:], start=1):
                worker = Worker(self._how, follower.work, (number, self._shared, end))
                self._others.append(self._open.enter_context(worker))
                end.close()
            own = follower.Follower(0, self._shared, orders).follow()
        except EOFError:
            raise self._unread(self._reader.end()) from None
        gc.collect(0)  # others still pack what they found: later it would hold up what comes then
        # no slot is handed back from here on
        others = self._results(max(pulse.STALL_S, time.monotonic() - began))
        assert self._read is not None
        return [own, *others], self._read

    def _heard(self, packets: int, count: int) -> None:
        """A block has come, up to so many packets and bytes of the input."""
        self._account.packets = packets
        self._collector.found = sum(self._shared.found)
        if self._progress is not None:
            self._progress(count)

    def _results(self, patience: float) -> list[Part]:
        """What the others found, once the reader's account is there too."""
        parts: dict[Worker, Part] = {}
        waited = 0.0
        while self._read is None or len(parts) < len(self._others):
            left = [each for each in self._others if each not in parts]
            left += [self._reader] if self._read is None else []
            ready = wait([each.results for each in left], timeout=PATIENCE_S)
            waited = 0.0 if ready else waited + PATIENCE_S
            if not ready:
                self._look_after()
            if waited > patience:
                raise self._unread(pulse.stalled(patience))
            for worker in left:
                if worker.results in ready:
                    told = self._told_by(worker)
                    if told is not None:
                        parts[worker] = told
        return [parts[worker] for worker in self._others]

    def _told_by(self, worker: Worker) -> Part | None:
        """What a process found; None as long as not all of it is there, and for the reader."""
        try:
            told = worker.result()
        except EOFError:
            raise self._unread(worker.end()) from None
        except WorkerError as error:
            raise self._unread(error.short) from error
        if isinstance(told, str):
            raise CaptureError(told)
        if isinstance(told, CaptureAccount):
            self._read = told
            return None
        part: Part | None = told
        return part

    def _look_after(self) -> None:
        """Raise `CaptureError` if a process is gone, or the capture cannot be read."""
        if self._read is None and self._reader.results.poll(0):
            self._told_by(self._reader)
        for worker in (self._reader, *self._others):
            try:
                fault = worker.fault()
            except WorkerError as error:
                raise self._unread(error.short) from error
            if fault is not None:
                raise self._unread(fault)

    def _unread(self, why: str) -> CaptureError:
        return CaptureError(f"{self._source.name}: not read to its end: {why}")
