"""A format as a list of fields: where each stands, and what it is made of.

The lists make the documents, and the tables of docs/exports.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from analyzer.report.json_text import json_text
from analyzer.report.siem.record import Record, iso
from analyzer.tables.schema import Table
from dissectors.records import NamedTuple


class Field(NamedTuple):
    """One field of a document."""

    path: str  # with dots: `event.outcome`
    source: str  # what it is made of, in Markdown
    value: Callable[[Record], Any]  # None, "" and [] are left out
    column: str | None = None  # column that it holds without loss


def copied(path: str, column: str) -> Field:
    """A column as it is."""
    return Field(path, f"`{column}`", lambda record: record[column], column)


def constant(path: str, value: Any) -> Field:
    """The same in every document."""
    return Field(path, f"always `{json_text(value)}`", lambda _: value)


def moment(path: str, column: str) -> Field:
    """A time as ISO 8601 in UTC, with nanoseconds."""
    return Field(path, f"`{column}`, ISO 8601 in UTC", lambda record: iso(record[column]), column)


def kept(prefix: str, table: Table, fields: Sequence[Field]) -> tuple[Field, ...]:
    """Under `prefix` every column that no other field holds without loss: nothing of a row is dropped."""
    held = {field.column for field in fields}
    return tuple(
        moment(f"{prefix}.{column.name}", column.name)
        if column.kind == "time"
        else copied(f"{prefix}.{column.name}", column.name)
        for column in table.columns
        if column.name not in held
    )


def writer(fields: Sequence[Field]) -> Callable[[Record], str]:
    """What makes the JSON document of a row; a field that would say nothing is left out."""
    plan = [(field.path.split("."), field.value) for field in fields]
    steps = [(path[:-1], path[-1], value) for path, value in plan]

    def document(record: Record) -> str:
        made: dict[str, Any] = {}
        for branches, leaf, read in steps:
            value = read(record)
            if value is None or value in ("", []):
                continue
            place = made
            for branch in branches:
                place = place.setdefault(branch, {})
            place[leaf] = value
        return json_text(made)

    return document
