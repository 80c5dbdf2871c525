"""A long text that several processes make by turns, and one of them writes.

Processes are forked: they have all that the text is made of, and nothing is sent but text. What one that dies
would have made is made here.
"""

from __future__ import annotations

from contextlib import ExitStack
from itertools import chain, islice
from typing import TYPE_CHECKING, Protocol

from analyzer.parallel.processes import Worker, context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from analyzer.parallel.processes import Answers


class Text(Protocol):
    """Makes a text in pieces, none of which is empty."""

    def __call__(self, *, turn: int, turns: int) -> Iterator[str]:
        """Give those pieces whose place among all is `turn` modulo `turns`."""


def by_turns(text: Text, jobs: int) -> Iterator[str]:
    """All pieces of the text in their order, made by so many processes, if they can be forked."""
    how = context()
    if jobs < 2 or how.get_start_method() != "fork":
        yield from text(turn=0, turns=1)
        return
    with ExitStack() as crew:
        workers = [
            crew.enter_context(Worker(how, work, (text, turn, jobs))) for turn in range(1, jobs)
        ]
        made = [_made_by(worker, text, turn, jobs) for turn, worker in enumerate(workers, start=1)]
        # the first that has no more pieces is where the text ends
        yield from chain.from_iterable(_rounds([text(turn=0, turns=jobs), *made]))


def _rounds(each: list[Iterator[str]]) -> Iterator[list[str]]:
    """A piece of each, as long as there are pieces."""
    while pieces := [piece for makes in each if (piece := next(makes, ""))]:
        yield pieces


def work(text: Text, turn: int, turns: int, _orders: Connection, answers: Answers) -> None:
    """Send the pieces of one process, and an empty one when there are no more."""
    for piece in text(turn=turn, turns=turns):
        answers.put(piece)
    answers.put("")


def _made_by(worker: Worker, text: Text, turn: int, turns: int) -> Iterator[str]:
    told = 0
    try:
        while piece := _next_of(worker):
            yield piece
            told += 1
    except EOFError:
        yield from islice(text(turn=turn, turns=turns), told, None)


def _next_of(worker: Worker) -> str:
    while (piece := worker.result()) is None:
        pass
    return str(piece)
