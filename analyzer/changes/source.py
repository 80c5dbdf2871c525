"""The negotiations and KDC exchanges of one side: read from captures, or from what was exported of them.

An export is a Parquet or JSON Lines file of the table `negotiations`, or a directory that holds one, perhaps
with the tables `kdc` and `captures` beside it. Which it is, its first bytes tell, not its name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.tables.collect import Columns

SUFFIXES = (".parquet", ".jsonl")
"""Of the files that a directory of exports holds, each called as its table."""
USED = (
    "negotiation_id",
    "client",
    "server",
    "server_name",
    "carrier",
    "mechanism",
    "mechanism_detail",
    "offered_mechs",
    "outcome",
    "completeness",
    "protection",
    "reason",
    "tls",
    "ticket_etype",
    "session_etype",
    "channel_binding",
    "ntlm_mic",
    "client_signing",
    "server_signing",
    "delegation",
)
"""Columns of `negotiations` that a comparison reads."""
USED_OF_KDC = (
    "client",
    "sname",
    "exchange",
    "outcome",
    "ticket_etype",
    "requested_etypes",
    "preauth",
    "request_cut",
)
"""Columns of `kdc` that it reads."""
_LACKING = ("truncated_packets", "packets_undecoded", "streams_evicted")
"""Columns of `captures` that count what a capture lacks, so that whole negotiations may be missing.

Bytes lost here and there are the matter of the rows that they are lost in: nearly every large capture lost
some, and of none could be told that it has become weaker.
"""


class Side(NamedTuple):
    """What is compared."""

    negotiations: Columns
    kdc: Columns | None  # None: not exported
    cut: bool = False  # captures lack something, so that whole negotiations may be missing


def side_of(columns: Callable[[str], Columns]) -> Side:
    """What was read of captures; `columns` gives a table by its name."""
    return Side(columns("negotiations"), columns("kdc"), _is_cut(columns("captures")))


def _is_cut(captures: Columns | None) -> bool:
    """Whether a file breaks off, packets are cut or not decoded, or conversations were given up."""
    if captures is None:
        return False
    return not all(captures["complete"]) or any(any(captures[name]) for name in _LACKING)


def exported(path: str) -> Side | None:
    """Read an export; None if it is none, so probably captures. `UsageError` for a broken one."""
    place = Path(path)
    if not place.is_dir():
        found = _table(place, "negotiations", USED)
        return None if found is None else Side(found, None)
    found = _in_directory(place, "negotiations", USED)
    if found is None:
        return None
    captures = _in_directory(place, "captures", ("complete", *_LACKING))
    return Side(found, _in_directory(place, "kdc", USED_OF_KDC), _is_cut(captures))


def _in_directory(place: Path, table: str, names: tuple[str, ...]) -> Columns | None:
    files = (place / f"{table}{suffix}" for suffix in SUFFIXES)
    file = next((file for file in files if file.is_file()), None)
    return None if file is None else _table(file, table, names)


def _table(place: Path, table: str, names: tuple[str, ...]) -> Columns | None:
    if not place.is_file():
        return None
    with place.open("rb") as file:
        head = file.read(4)
    if head == b"PAR1":
        from analyzer.tables.parquet import (  # noqa: PLC0415 - brings DuckDB along
            names_in_parquet,
            read_parquet,
        )

        there = names_in_parquet(place)
        lacking = next((name for name in names if name not in there), None)
        if lacking is not None:
            raise UsageError(f"{place}: no export of the table {table}: it has no column {lacking}")
        return read_parquet(place, names)
    if not head and place.suffix == ".jsonl":
        return _lines(place, table, names)  # of captures that have no row of it
    return _lines(place, table, names) if head[:1] == b"{" else None


def _lines(place: Path, table: str, names: tuple[str, ...]) -> Columns:
    columns: dict[str, list[Any]] = {name: [] for name in names}
    with place.open(encoding="utf-8", errors="backslashreplace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict) or not set(names) <= row.keys():
                raise UsageError(f"{place}: line {number} is no row of the table {table}")
            for name, values in columns.items():
                values.append(row[name])
    return columns
