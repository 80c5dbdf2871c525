"""One cell of a table as text, for tables on a terminal, CSV and JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from analyzer.tables.schema import Column
from dissectors.visible import visible

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def counted(number: int, noun: str) -> str:
    """`1 packet`, `1,234 packets`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def iso_time(ts_ns: int) -> str:
    """ISO 8601 in UTC with nanoseconds and `Z`."""
    seconds, rest = divmod(ts_ns, 1_000_000_000)
    moment = _second(seconds)
    return f"{seconds}.{rest:09d}" if moment is None else f"{moment}.{rest:09d}Z"


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str | None:
    """The second in ISO 8601; None where no calendar reaches. Neighbouring rows share it."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def json_value(column: Column, value: Any) -> Any:
    """The value as it stands in a JSON row."""
    if value is None:
        return None
    if column.kind == "time":
        return iso_time(value)
    return value


def text_cell(column: Column, value: Any) -> str:
    """The value as people read it; empty if not known."""
    if value is None:
        return ""
    match column.kind:
        case "time":
            return iso_time(value)
        case "float":
            return f"{value:.3f}"
        case "bool":
            return "yes" if value else "no"
        case "strs" | "ints":
            return visible(", ".join(str(item) for item in value))
        case "dict":
            return visible(", ".join(f"{key}={item}" for key, item in value.items()))
        case _:
            return visible(str(value))


def csv_cell(column: Column, value: Any) -> str:
    """The value for CSV: lists and dicts as JSON, and never the start of a spreadsheet formula."""
    if value is None:
        return ""
    if column.kind in {"int", "float"}:
        return str(value)
    if column.kind in {"strs", "ints", "dict"}:
        from analyzer.report.json_text import json_text  # noqa: PLC0415 - of all cells only these need it

        return no_formula(json_text(value))
    return no_formula(text_cell(column, value))


def no_formula(text: str) -> str:
    """The text, which no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(FORMULA_STARTS) else text
