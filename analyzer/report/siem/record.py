"""Rows as dicts, and what the formats for other systems share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.report.cells import iso_time
from analyzer.tables.collect import Columns

Record = dict[str, Any]

OWN_FIELDS = (
    "negotiation_id", "stream_id", "first_frame", "last_frame", "legs", "carrier", "carrier_version",
    "scheme", "wrapper", "flow", "hinted_mechs", "offered_mechs", "optimistic_mech", "selected_mech",
    "mechanism", "mechanism_detail", "neg_states", "mech_list_mic", "outcome_source", "status",
    "status_code", "gss_status", "reason", "reason_detail", "evidence", "confidence", "retry_of",
    "fallback_from", "fallback_kind", "realm", "spn", "protection", "channel_binding", "ntlm_mic",
    "completeness",
)  # fmt: skip
"""Columns kept under `negoscope.*` where the other system has no field for them."""

CLEAR_PASSWORDS = frozenset({"basic", "simple", "plain", "login"})


def records(values: Columns, rows: Sequence[int]) -> Iterator[Record]:
    """Rows as dicts."""
    for row in rows:
        yield {name: cells[row] for name, cells in values.items()}


def present(record: Record) -> Record:
    """Without what says nothing: no value, empty text, list or branch."""
    made: Record = {}
    for key, value in record.items():
        if isinstance(value, dict):
            value = present(value)
            if not value:
                continue
        if value is not None and value not in ("", []):
            made[key] = value
    return made


def iso(ts_ns: int | None) -> str | None:
    """ISO 8601, None where the time is not known."""
    return None if ts_ns is None else iso_time(ts_ns)


def milliseconds(ts_ns: int | None) -> int | None:
    """Milliseconds since 1970 UTC."""
    return None if ts_ns is None else ts_ns // 1_000_000


def duration(record: Record) -> int | None:
    """Nanoseconds from first to last frame, where both times are known."""
    started, ended = record["started"], record["ended"]
    return None if started is None or ended is None else ended - started
