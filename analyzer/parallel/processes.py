"""Worker processes: how they are started, spoken to, missed when they die, and stopped.

A worker never outlives its `Worker`: leaving the context ends it, whatever it is doing. Interrupts (Ctrl-C)
are for the process that started it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from analyzer.parallel.parcel import Parcel, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext

_GRACE_S = 5
_BYE = b"\0bye"
"""The last order. The end of the pipe would not do: a forked process holds copies of its other end."""
_ANEW = b""
"""No piece of a result: what was sent of one before is void."""
_FAILED = 70  # exit status of a worker that met an error of ours


class WorkerError(Exception):
    """A worker met an error of ours; its text is the traceback."""

    @property
    def short(self) -> str:
        """The error alone."""
        return f"the process that read it failed: {str(self).strip().splitlines()[-1]}"


def context() -> BaseContext:
    """How processes are started here: by fork where that is safe, it costs next to nothing."""
    forks = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if forks else "spawn")


class Worker:
    """One process, with a pipe each way: orders are bytes, results any object."""

    def __init__(self, how: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        orders, self._orders = how.Pipe(duplex=False)
        self.results, results = how.Pipe(duplex=False)
        self._coming = Parcel()
        self._process = how.Process(
            target=_run, args=(work, arguments, orders, results), daemon=True
        )
        self._process.start()
        orders.close()
        results.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.send(_BYE)
        self._orders.close()
        self.results.close()
        if exception[0] is not None or self._process.exitcode not in {None, 0}:
            self._process.terminate()
        self._process.join(_GRACE_S)
        if self._process.is_alive():
            self.kill()

    def kill(self) -> None:
        """End the process, whatever it is doing; one that the system does not let go is left to it."""
        self._process.kill()
        self._process.join(_GRACE_S)

    def send(self, order: bytes) -> None:
        """Give an order; one that is no longer there is missed elsewhere."""
        with suppress(OSError):
            self._orders.send_bytes(order)

    def result(self) -> Any:
        """Read a piece of a result: the result once it is whole, None until then.

        Raises `EOFError` if the process is gone, `WorkerError` if it failed.
        """
        try:
            piece = self.results.recv_bytes()
        except OSError as error:  # it died in the middle of a piece
            raise EOFError from error
        if piece == _ANEW:
            self._coming = Parcel()
            return None
        if not self._coming.add(piece):
            return None
        (kind, value), self._coming = self._coming.value, Parcel()
        if kind == "failed":
            raise WorkerError(value)
        return value

    def fault(self) -> str | None:
        """What is wrong with the process; None while it lives, or did well. Raises `WorkerError`."""
        code = self._process.exitcode
        if code is None or code == 0:
            return None
        while code == _FAILED and self.results.poll(0):
            self.result()
        return self.end()

    def end(self) -> str:
        """Tell how the process, which is gone, has ended."""
        self._process.join(_GRACE_S)
        code = self._process.exitcode
        how = f"by signal {-code}" if code is not None and code < 0 else f"with status {code}"
        return f"the process that read it ended {how}"


def _run(
    work: Callable[..., Any],
    arguments: tuple[Any, ...],
    orders: Connection,
    results: Connection,
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        work(*arguments, orders, Answers(results))
    except (EOFError, BrokenPipeError):
        return  # nobody wants it any more
    except Exception:  # noqa: BLE001 - all is told to the process that asked
        Answers(results).fail(traceback.format_exc())
        sys.exit(_FAILED)


_last_acts: list[Callable[[], None]] = []
"""What a worker does before it ends because the process that started it is gone."""


def when_orphaned(act: Callable[[], None]) -> None:
    """Do this if the process that started this one is gone: nobody else is left to clear up."""
    _last_acts.append(act)


def _end_with_parent() -> None:
    """Whatever the worker does meanwhile: it may wait for ever for an input that stays silent."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        for act in _last_acts:
            with suppress(OSError):
                act()
        os._exit(_FAILED)


def orders_of(orders: Connection) -> Iterator[bytes]:
    """All orders as they come, to the end of who gives them."""
    while True:
        try:
            order = orders.recv_bytes()
        except EOFError:
            return
        if order == _BYE:
            return
        yield order


class Answers:
    """Where a worker puts its results."""

    def __init__(self, results: Connection) -> None:
        self._results = results

    def put(self, value: Any) -> None:
        """Send one, which is never None."""
        self._send("done", value)

    def fail(self, why: str) -> None:
        """Tell of an error of ours, whatever was about to be sent."""
        self._results.send_bytes(_ANEW)
        self._send("failed", why)

    def _send(self, kind: str, value: Any) -> None:
        for piece in pieces((kind, value)):
            self._results.send_bytes(piece)
