"""The run itself: captures given out as workers have time, lost workers made up for, rows taken in order.

A capture whose worker dies is given to another one by the scheduler, as often as its setting
`distributed.scheduler.allowed-failures` says. All that a lost worker had before it are blamed alike; so those
given up are tried once more at the end, one by one, and only what then kills its workers alone is lost.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections import deque
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from analyzer.capture.model import CaptureAccount
from analyzer.cluster.address import refuse_open
from analyzer.cluster.connection import addresses
from analyzer.cluster.folder import Folder
from analyzer.cluster.merge import CaptureRows, Found
from analyzer.cluster.order import order_for
from analyzer.cluster.task import FIRST_BASE, read_one
from analyzer.errors import UsageError
from analyzer.tables.parquet import duckdb_for_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from distributed import Client, Future

    from analyzer.capture.inputs import Input
    from analyzer.pipeline import Options
    from analyzer.tables.collect import Tables

AHEAD_PER_WORKER = 4
"""Captures that are given out at a time."""
RETRIES = 2
"""Times that a capture is tried again whose worker lives but could not put its rows away."""
ANSWER_S = 30
"""Time in which a finished capture's answer, some hundred bytes, must come."""
NO_WORKERS_S = 60
"""Time without any worker after which the run is given up."""
_TICK_S = 1.0
_SCHEDULER_LOST = "the cluster's scheduler was lost"
_FILE = re.compile(r"[0-9a-f]{16}\.([a-z]+)\.parquet")

Told = tuple["Input", CaptureRows, tuple[CaptureAccount, float] | str]


def read_by_cluster(
    client: Client,
    sources: Sequence[Input],
    tables: Tables,
    options: Options,
    *,
    within: str | None,
    insecure: bool,
    progress: Callable[[Input, int], None] | None = None,
) -> Iterator[Told]:
    """Read captures by the workers of a cluster; tell each in the order of `sources`.

    `within`: a directory or URL that all workers share; by default where temporary files go. Raises
    `UsageError` if the cluster can't be used, or is lost.
    """
    results: dict[int, dict[str, Any]] = {}
    told = 0
    with _Run(client, sources, tables, options, within, insecure=insecure) as run:
        while told < len(sources):
            place, result = run.next()
            results[place] = result
            while told in results:
                source, result = sources[told], results.pop(told)
                told += 1
                if progress is not None:
                    progress(source, source.size)
                yield run.told(source, result)


class _Run:
    """What is given out, to whom, and what came of it."""

    def __init__(
        self,
        client: Client,
        sources: Sequence[Input],
        tables: Tables,
        options: Options,
        within: str | None,
        *,
        insecure: bool,
    ) -> None:
        self._client = client
        self._sources = sources
        self._tables = tables
        self._insecure = insecure
        self._secrets = tables.secrets or getattr(options.wireshark, "tls_keylog", None) is not None
        self._name = f"negoscope-{secrets.token_hex(4)}"
        self._folder = Folder.make(within)
        self._waiting = deque(range(len(sources)))
        self._suspects: deque[int] = deque()  # to be tried once more, alone
        self._blamed: set[int] = set()
        self._given: dict[int, Future] = {}
        self._submitted = 0
        self._ready: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self._workers: set[str] = set()
        self._looked_at = -_TICK_S
        self._seen_at = time.monotonic()  # when there was a worker
        try:
            self._orders = [
                order_for(source, tables, options, self._folder).as_bytes() for source in sources
            ]
        except BaseException:
            self._folder.remove()
            raise
        self._own = TemporaryDirectory(prefix="negoscope-")  # should DuckDB need room
        self._database = duckdb_for_rows(Path(self._own.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._folder.remove()  # first: what still runs sees it and stops
        self._database.close()
        self._own.cleanup()
        with suppress(Exception):  # a scheduler that is gone has cancelled by itself
            self._client.cancel(list(self._given.values()), force=True)

    def next(self) -> tuple[int, dict[str, Any]]:
        """Wait for the next capture that is done; its place among the sources, and what was answered."""
        while True:
            self._look_after()
            self._give_out()
            try:
                place, future = self._ready.get(timeout=_TICK_S)
            except Empty:
                continue
            if self._given.get(place) is not future:
                continue
            answer = self._answer(place, future)
            if answer is not None:
                self._given.pop(place, None)
                return place, answer

    def _give_out(self) -> None:
        room = max(len(self._workers), 1) * AHEAD_PER_WORKER - len(self._given)
        while self._waiting and room > 0:
            self._submit(self._waiting.popleft())
            room -= 1
        if not self._waiting and not self._given and self._suspects:
            self._submit(self._suspects.popleft())

    def _submit(self, place: int) -> None:
        self._submitted += 1
        future = self._client.submit(
            read_one,
            self._orders[place],
            key=f"{self._name}-{self._submitted}",
            pure=False,
            retries=RETRIES,
        )
        self._given[place] = future
        future.add_done_callback(lambda done: self._ready.put((place, done)))

    def _answer(self, place: int, future: Future) -> dict[str, Any] | None:
        """What became of a capture; None if it is tried again, or not yet known."""
        name = self._sources[place].name
        if future.status == "finished":
            try:
                answer: dict[str, Any] = json.loads(future.result(timeout=ANSWER_S))
            except TimeoutError:  # its worker was lost just now: it is read again
                self._ready.put((place, future))
                return None
            except (OSError, CancelledError):
                raise UsageError(_SCHEDULER_LOST) from None
            if "refused" in answer:
                raise UsageError(f"a worker of the cluster {answer['refused']}")
            return answer
        if future.status != "error":  # cancelled, or lost with the scheduler
            return self._once_more(place, f"{name}: not read to its end: it was cancelled")
        error = future.exception(timeout=ANSWER_S)
        if type(error).__name__ == "KilledWorker":
            return self._once_more(
                place, f"{name}: not read to its end: it ends every worker that reads it"
            )
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        return {"error": f"{name}: not read to its end: a worker failed: {said}"}

    def _once_more(self, place: int, why: str) -> dict[str, Any] | None:
        if place in self._blamed:
            return {"error": why}
        self._blamed.add(place)
        self._suspects.append(place)
        del self._given[place]
        return None

    def _look_after(self) -> None:
        """See who is there; give up without a scheduler, or with no workers for too long."""
        if self._client.status != "running":
            raise UsageError(_SCHEDULER_LOST)
        now = time.monotonic()
        if now - self._looked_at < _TICK_S:
            return
        self._looked_at = now
        try:
            workers = set(addresses(self._client)[1:])
        except OSError:
            raise UsageError(_SCHEDULER_LOST) from None
        refuse_open(workers - self._workers, allowed=self._insecure, secrets=self._secrets)
        self._workers = workers
        if workers:
            self._seen_at = now
        elif now - self._seen_at > NO_WORKERS_S:
            raise UsageError(f"the cluster had no workers for {NO_WORKERS_S} seconds")

    def told(self, source: Input, answer: dict[str, Any]) -> Told:
        """Make of an answer what `reading.read_inputs` takes."""
        if "error" in answer:
            return source, self._rows(Found({}, 0, 0)), str(answer["error"])
        found = Found(answer["files"], answer["base"], answer["count"])
        named = {name: _FILE.fullmatch(file) for name, file in found.files.items()}
        fine = all(file is not None and file[1] == name for name, file in named.items())
        if not fine or found.base < FIRST_BASE or found.negotiations < 0:
            raise UsageError("a worker of the cluster answers what no worker of ours does")
        rows = self._rows(found)
        return source, rows, (CaptureAccount(damaged=bool(answer["damaged"])), answer["seconds"])

    def _rows(self, found: Found) -> CaptureRows:
        return CaptureRows(self._tables, self._folder, self._database, found)
