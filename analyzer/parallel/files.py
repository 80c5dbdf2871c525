"""Several captures read side by side, each by one process; their rows come in the order of the captures."""

from __future__ import annotations

import pickle
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, NamedTuple

from analyzer.errors import CaptureError
from analyzer.parallel.processes import Worker, context, orders_of
from analyzer.pipeline import run
from analyzer.tables.collect import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from analyzer.capture.inputs import Input
    from analyzer.capture.model import CaptureAccount
    from analyzer.parallel.processes import Answers
    from analyzer.pipeline import Options
    from analyzer.tables.collect import Gathered, Tables

AHEAD_PER_JOB = 3
"""Captures that may be read before the oldest one that is not yet taken: what is kept of them is memory."""


class Done(NamedTuple):
    """A capture that was read."""

    account: CaptureAccount
    seconds: float
    gathered: Gathered


Result = Done | str
"""Or the sentence that says why it could not be read."""


def read_files(
    sources: Sequence[Input],
    tables: Tables,
    options: Options,
    jobs: int,
    progress: Callable[[Input, int], None] | None = None,
) -> Iterator[tuple[Input, Collector, tuple[CaptureAccount, float] | str]]:
    """Read captures, as many as there are jobs at a time; tell each in the order of `sources`.

    A process that dies loses the capture that it was reading and is replaced.
    """
    how = context()
    shared = (tables.blank(), replace(options, progress=None))
    waiting = deque(enumerate(sources))
    results: dict[int, Result] = {}
    busy: dict[Worker, int] = {}
    told = 0
    with ExitStack() as crew:
        idle = [
            crew.enter_context(Worker(how, work, shared)) for _ in range(min(jobs, len(sources)))
        ]
        while told < len(sources):
            while idle and waiting and waiting[0][0] < told + AHEAD_PER_JOB * jobs:
                worker = idle.pop()
                busy[worker], source = waiting.popleft()
                worker.send(pickle.dumps(source, protocol=5))
            ready = wait([worker.results for worker in busy])
            for worker in [worker for worker in busy if worker.results in ready]:
                place = busy.pop(worker)
                try:
                    results[place] = worker.result()
                except EOFError:
                    lost = f"{sources[place].name}: not read to its end: {worker.end()}"
                    results[place] = lost
                    worker = crew.enter_context(Worker(how, work, shared))
                idle.append(worker)
            while told in results:
                source, result = sources[told], results.pop(told)
                told += 1
                if progress is not None:
                    progress(source, source.size)
                collector = Collector(tables, source.name)
                if isinstance(result, str):
                    yield source, collector, result
                else:
                    collector.take(result.gathered)
                    yield source, collector, (result.account, result.seconds)


def work(blank: Tables, options: Options, orders: Connection, answers: Answers) -> None:
    """Read one capture after the other, as they are named."""
    for order in orders_of(orders):
        source: Input = pickle.loads(order)  # noqa: S301 - from the process that started this one
        collector = Collector(blank.blank(), source.name)
        try:
            account, seconds = run(source, collector, options)
        except CaptureError as error:
            answers.put(str(error))
        else:
            answers.put(Done(account, seconds, collector.gathered()))
