"""The negotiations of one side: read from captures, or from what was exported of them.

An export is a Parquet or JSON Lines file of the table `negotiations`, or a directory that holds one. Which
it is, its first bytes tell, not its name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns

EXPORTS = ("negotiations.parquet", "negotiations.jsonl")
"""Names under which a directory holds one."""
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
    "protection",
    "reason",
    "tls",
    "ticket_etype",
    "session_etype",
)
"""Columns that a comparison reads."""


def exported(path: str) -> Columns | None:
    """Columns of an export; None if it is none, so probably captures. `UsageError` for a broken one."""
    place = Path(path)
    if place.is_dir():
        place = next((place / name for name in EXPORTS if (place / name).is_file()), place)
    if not place.is_file():
        return None
    with place.open("rb") as file:
        head = file.read(4)
    if head == b"PAR1":
        from analyzer.tables.parquet import read_parquet  # noqa: PLC0415 - brings DuckDB along

        return read_parquet(place, USED)
    if not head and place.suffix == ".jsonl":
        return _lines(place)  # of captures without a negotiation
    return _lines(place) if head[:1] == b"{" else None


def _lines(place: Path) -> Columns:
    columns: dict[str, list[Any]] = {name: [] for name in USED}
    with place.open(encoding="utf-8", errors="backslashreplace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict) or not set(USED) <= row.keys():
                raise UsageError(f"{place}: line {number} is no row of the table negotiations")
            for name, values in columns.items():
                values.append(row[name])
    return columns
