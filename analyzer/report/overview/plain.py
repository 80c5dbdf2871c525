"""What the summary tells as what JSON can hold, and back."""

from __future__ import annotations

from typing import Any

from analyzer.report.grid import GridColumn
from analyzer.report.overview.hints import Leads
from analyzer.report.overview.section import Call, Entry, Section
from analyzer.report.overview.summary import Overview


def plain_overview(overview: Overview) -> list[Any]:
    """Sections as lists of their fields in order, and what hints are made of."""
    return [[_plain(part) for part in overview.parts], overview.leads]


def read_overview(plain: Any) -> Overview:
    """The overview again. Raises `ValueError` or `TypeError` for what is none."""
    parts, leads = plain
    return Overview([_section(*part) for part in parts], leads and _leads(Leads(*leads)))


def _plain(part: Section) -> list[Any]:
    entries = [[entry.head, entry.details] for entry in part.entries]
    return [part.title, list(part.grid), entries, list(part.notes), list(part.calls)]


def _section(title: Any, grid: Any, entries: Any, notes: Any, calls: Any) -> Section:
    columns = [_column(GridColumn(*each)) for each in grid]
    if len({len(column.cells) for column in columns}) > 1:
        raise ValueError("columns of several lengths")
    told = [
        Entry(_text(head), tuple((_text(word), _text(text)) for word, text in details))
        for head, details in entries
    ]
    commands = [Call(*map(_text, each)) for each in calls]
    return Section(_text(title), columns, told, [_text(note) for note in notes], commands)


def _column(column: GridColumn) -> GridColumn:
    for text in (column.heading, *column.cells):
        _text(text)
    if type(column.keep) is not int or type(column.right) is not bool:
        raise ValueError("no column")
    return column


def _leads(leads: Leads) -> Leads:
    if type(leads.example) not in {int, type(None)} or set(map(type, leads[1:])) != {bool}:
        raise ValueError("no leads")
    return leads


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError("no text")
    return value
