"""Several captures read side by side, each by one process; their rows come in the order of the captures."""

from __future__ import annotations

import pickle
from collections import deque
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from analyzer.capture.model import CaptureAccount
from analyzer.errors import CaptureError
from analyzer.parallel.processes import Worker, WorkerError, context, orders_of
from analyzer.parallel.pulse import BEAT_S, Patience, Pulse, beating, stalled
from analyzer.pipeline import run
from analyzer.tables.collect import Collector
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from analyzer.capture.inputs import Input
    from analyzer.parallel.processes import Answers
    from analyzer.parallel.tally import Tally
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


class _Reading(NamedTuple):
    """A capture that a worker reads."""

    place: int
    patience: Patience


def read_files(
    sources: Sequence[Input],
    tables: Tables,
    options: Options,
    jobs: int,
    tally: Tally,
) -> Iterator[tuple[Input, Collector, tuple[CaptureAccount, float] | str]]:
    """Read captures, as many as there are jobs at a time; tell each in the order of `sources`.

    A process that dies, or gets no further for too long, loses the capture that it was reading, and is
    replaced.
    """
    how = context()
    shared = (tables.blank(), replace(options, progress=None))
    waiting = deque(enumerate(sources))
    results: dict[int, Result] = {}
    busy: dict[Worker, _Reading] = {}
    told = 0
    with ExitStack() as crew:

        def another() -> Worker:
            return crew.enter_context(Worker(how, work, shared))

        idle = [another() for _ in range(min(jobs, len(sources)))]
        while told < len(sources):
            while idle and waiting and waiting[0][0] < told + AHEAD_PER_JOB * jobs:
                worker = idle.pop()
                place, source = waiting.popleft()
                patience = Patience(source, looked_through=options.wireshark is not None)
                busy[worker] = _Reading(place, patience)
                worker.send(pickle.dumps(source, protocol=5))
            ready = wait([worker.results for worker in busy], timeout=BEAT_S)
            for worker, (place, patience) in list(busy.items()):
                answer = _answer(worker, patience, spoke=worker.results in ready)
                if answer is None:
                    continue
                if isinstance(answer, Pulse):
                    tally.told(place, answer)
                    continue
                del busy[worker]
                if isinstance(answer, _Lost):
                    answer = f"{sources[place].name}: not read to its end: {answer.why}"
                    worker = another()
                idle.append(worker)
                results[place] = answer
                if isinstance(answer, Done):
                    tally.done(place, answer.account.packets, len(answer.gathered.negotiations))
                else:
                    tally.done(place, 0, 0)
            while told in results:
                source, result = sources[told], results.pop(told)
                told += 1
                collector = Collector(tables, source.name)
                if isinstance(result, str):
                    yield source, collector, result
                else:
                    collector.take(result.gathered)
                    yield source, collector, (result.account, result.seconds)


class _Lost(NamedTuple):
    """The worker is gone, and the capture with it."""

    why: str


def _answer(worker: Worker, patience: Patience, *, spoke: bool) -> Pulse | Result | _Lost | None:
    """What a worker says of its capture; None if it says nothing. One that hangs is ended."""
    if spoke:
        try:
            answer: Pulse | Result | None = worker.result()
        except EOFError:
            return _Lost(worker.end())
        except WorkerError as error:
            return _Lost(error.short)
        if isinstance(answer, Pulse):
            patience.told(answer)
        return answer
    if not patience.is_over():
        return None
    worker.kill()
    return _Lost(stalled(patience.limit))


def work(blank: Tables, options: Options, orders: Connection, answers: Answers) -> None:
    """Read one capture after the other, as they are named."""
    for order in orders_of(orders):
        source: Input = pickle.loads(order)  # noqa: S301 - from the process that started this one
        answers.put(_read(source, Collector(blank.blank(), source.name), options, answers))


def _read(source: Input, collector: Collector, options: Options, answers: Answers) -> Result:
    account, count = CaptureAccount(), [0]

    def counted(size: int) -> None:
        count[0] = size

    with beating(answers, lambda: Pulse(count[0], account.packets, collector.found)):
        try:
            _, seconds = run(source, collector, replace(options, progress=counted), account)
        except CaptureError as error:
            return str(error)
    return Done(account, seconds, collector.gathered())
