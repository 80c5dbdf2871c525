"""The summary as HTML for notebooks: headings, tables and lists, no script, nothing unescaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from analyzer.report.grid import GridColumn
from analyzer.report.overview.section import GLUE, Section
from dissectors.visible import visible

MONO = "font-family:monospace"


def page(sections: Sequence[Section]) -> str:
    """All parts, one below the other."""
    parts = "".join("".join(_section(section)) for section in sections)
    return f"<div class='negoscope-summary'>{parts}</div>"


def _section(section: Section) -> Iterator[str]:
    yield f"<div style='margin-top:1em'><b>{_safe(section.title)}</b></div>"
    if section.grid:
        yield from _table(section.grid)
    for entry in section.entries:
        yield f"<div style='margin-left:1em'>{_safe(entry.head)}</div>"
        for word, text in entry.details:
            yield (
                f"<div style='margin-left:3em'><span style='opacity:.7'>{_safe(word)}</span> "
                f"{_safe(text)}</div>"
            )
    for note in section.notes:
        yield f"<div style='margin-left:1em'>{_safe(note)}</div>"
    for call in section.calls:
        yield (
            f"<div style='margin-left:1em'><span style='{MONO}'>{_safe(call.words)}</span> "
            f"<span style='opacity:.7'>{_safe(call.shows)}</span></div>"
        )


def _table(grid: Sequence[GridColumn]) -> Iterator[str]:
    kept = [column for column in grid if any(column.cells) or column.keep <= 1]
    yield f"<table style='{MONO};margin-left:1em'><tr>"
    yield from (f"<th>{_safe(column.heading)}</th>" for column in kept)
    yield "</tr>"
    for cells in zip(*(column.cells for column in kept), strict=True):
        yield "<tr>"
        for column, cell in zip(kept, cells, strict=True):
            align = " style='text-align:right'" if column.right else " style='text-align:left'"
            yield f"<td{align}>{_safe(cell)}</td>"
        yield "</tr>"
    yield "</table>"


def _safe(text: str) -> str:
    return escape(visible(text.replace(GLUE, " ")))
