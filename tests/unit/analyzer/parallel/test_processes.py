"""What worker processes say, and what is known of those that fail."""

from __future__ import annotations

import os
import signal
import struct
import time
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.negotiation.model import Negotiation
from analyzer.parallel.parcel import AT_ONCE
from analyzer.parallel.processes import Worker, WorkerError, context

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from analyzer.parallel.processes import Answers


def unpicklable_at_the_end(_orders: Connection, answers: Answers) -> None:
    """Send much, of which the last piece cannot be made."""
    many: list[Any] = [
        Negotiation(None, None, f"{number:0500}")  # type: ignore[arg-type]
        for number in range(4 * AT_ONCE)
    ]
    many[-1].user = lambda: None
    answers.put(many)


def killed_amid_a_piece(_orders: Connection, answers: Answers) -> None:
    """Announce a thousand bytes, send ten and die."""
    os.write(answers._results.fileno(), struct.pack("!i", 1000) + bytes(10))
    os.kill(os.getpid(), signal.SIGKILL)


def results_of(worker: Worker) -> Any:
    """Read pieces until there is a result."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = worker.result()
        if found is not None:
            return found
    return None


def test_an_error_amid_a_result_is_told() -> None:
    """What was sent before it is not taken for a part of it."""
    with (
        Worker(context(), unpicklable_at_the_end, ()) as worker,
        pytest.raises(WorkerError, match="lambda"),
    ):
        results_of(worker)


def test_one_that_dies_amid_a_piece_is_gone() -> None:
    """No more than one that dies between two pieces."""
    with Worker(context(), killed_amid_a_piece, ()) as worker:
        with pytest.raises(EOFError):
            results_of(worker)
        assert worker.end() == "the process that read it ended by signal 9"
