"""What a worker does: it reads one capture as one process would, and puts the rows into the run's folder.

Negotiations are numbered from a large number that nobody can foresee, so that it is known again in any text
when the capture's place among the others is known (`merge`).
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any

from analyzer.capture.inputs import RemoteInput, parts_of
from analyzer.cluster.exact import write_exact
from analyzer.cluster.folder import Folder
from analyzer.cluster.order import Order, program
from analyzer.errors import CaptureError, UsageError
from analyzer.pipeline import Options, run
from analyzer.tables.collect import Collector, Tables
from analyzer.tables.parquet import duckdb_for_rows
from analyzer.tables.schema import MADE_OF

if TYPE_CHECKING:
    from analyzer.capture.inputs import Input

FIRST_BASE = 10**15
"""Numbers that stand for a negotiation until it is known have 16 digits."""
_LOOK_S = 2.0

_one_at_a_time = Lock()  # a worker may have several threads; reading is one process's work


class _Stopped(Exception):  # noqa: N818 - no error: nobody wants the rows any more
    pass


def read_one(order: bytes) -> bytes:
    """Carry out an order; return what became of it, as JSON.

    `refused`: why the whole run can't go on. `error`: why this capture can't be read. Else `base`, `count` of
    negotiations, `damaged`, `seconds`, and `files` by table. Raises `OSError` if rows could not be written,
    so that it is tried again.
    """
    with _one_at_a_time:
        told = Order.from_bytes(order)
        return json.dumps(_carry_out(told)).encode()


def _carry_out(order: Order) -> dict[str, Any]:
    if order.program != program():
        return {"refused": f"has negoscope {program()}; this is {order.program}"}
    folder = Folder(order.folder, order.mark)
    if not folder.goes_on():
        where = "give one that all workers share (--cluster-dir)"
        return {"refused": f"does not see the folder {order.folder}; {where}"}
    try:
        options = _options(order)
    except UsageError as error:
        return {"refused": f"says: {error}"}
    source = order.source()
    missing = _not_the_same(source, order)
    if missing is not None:
        return {"error": f"{order.name}: {missing}"}
    options.progress = _Looking(folder).look
    tables = Tables(frozenset(order.tables), secrets=order.with_secrets)
    tables.engine = order.engine
    base = tables.numbered = FIRST_BASE + secrets.randbelow(8 * FIRST_BASE)
    collector = Collector(tables, source.name)
    try:
        account, seconds = run(source, collector, options)
    except CaptureError as error:
        return {"error": str(error)}
    except _Stopped:
        return {"refused": "was stopped"}
    collector.close(account, seconds)
    return {
        "base": base,
        "count": tables.numbered - base,
        "damaged": account.damaged,
        "seconds": seconds,
        "files": _written(tables, folder),
    }


def _options(order: Order) -> Options:
    options = order.options()
    if order.engine != "tshark":
        return options
    from analyzer.capture.tshark_source import wireshark  # noqa: PLC0415 - only where it is wanted

    if order.tls_keylog is not None:
        try:
            open(order.tls_keylog, "rb").close()  # noqa: PTH123
        except OSError as error:
            raise UsageError(f"{order.tls_keylog}: {error.strerror}") from None
    found = wireshark(order.tls_keylog)
    options.wireshark = replace(found, decode_as=tuple(order.wireshark_rules))
    return options


def _not_the_same(source: Input, order: Order) -> str | None:
    """Why a file here is not the one that was meant; it may have grown, but not shrunk."""
    for part, (_, name, size, _) in zip(parts_of(source), order.parts, strict=True):
        if not isinstance(part, RemoteInput) and part.size < size:
            found = f"{part.size} bytes" if part.size else "no such file"
            return f"{found} for the worker, {size} bytes here: {name} must be the same for both"
    return None


def _written(tables: Tables, folder: Folder) -> dict[str, str]:
    """Put the rows into the folder, one file for each table that has any."""
    attempt = secrets.token_hex(8)
    files = {}
    with TemporaryDirectory(prefix="negoscope-") as own, duckdb_for_rows(Path(own)) as database:
        for name, table in tables.schema.items():
            columns = tables.columns[name]
            rows = range(0 if name in MADE_OF else len(columns["capture"]))
            if not rows:
                continue
            files[name] = f"{attempt}.{name}.parquet"
            try:
                with folder.writing(files[name]) as path:
                    write_exact(table, columns, rows, path, database)
            except UsageError as error:
                raise OSError(str(error)) from None
    return files


class _Looking:
    """Looks, now and then, whether the run goes on; its folder goes when it is cancelled."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._last = time.monotonic()

    def look(self, _bytes_read: int) -> None:
        """Called while a capture is read. Raises `_Stopped`."""
        now = time.monotonic()
        if now - self._last > _LOOK_S:
            self._last = now
            if not self._folder.goes_on():
                raise _Stopped
