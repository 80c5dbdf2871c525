"""Readable tables that fit the terminal: columns by need, long cells shortened."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

GAP = "  "
LEAST = 6  # a column is never made narrower than this many cells


class GridColumn(NamedTuple):
    """Heading and cells of one column; `keep` is its importance when the room is short (1 stays)."""

    heading: str
    cells: list[str]
    keep: int = 1
    right: bool = False


def width_of(text: str) -> int:
    """Terminal cells that a text takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def shorten(text: str, room: int) -> str:
    """Cut a text to `room` terminal cells, with an ellipsis where something is gone."""
    if width_of(text) <= room:
        return text
    kept = ""
    for char in text:
        if width_of(kept + char) > room - 1:
            break
        kept += char
    return kept + "…"


def layout(columns: Sequence[GridColumn], room: int | None) -> list[tuple[GridColumn, int]]:
    """Choose columns and their widths for a terminal `room` cells wide; None: no limit.

    Empty columns go first, then the least important ones are narrowed and at last left out.
    """
    kept = [column for column in columns if any(column.cells) or column.keep <= 1]
    widths = {
        id(column): max([width_of(column.heading), *(width_of(cell) for cell in column.cells)])
        for column in kept
    }

    def total() -> int:
        return sum(widths[id(column)] for column in kept) + len(GAP) * (len(kept) - 1)

    if room is not None:
        for column in sorted(kept, key=lambda c: (-c.keep, -widths[id(c)])):
            over = total() - room
            if over <= 0:
                break
            floor = max(LEAST, width_of(column.heading))
            widths[id(column)] = max(widths[id(column)] - over, min(floor, widths[id(column)]))
        for column in sorted(kept, key=lambda c: -c.keep):
            if total() <= room or column.keep <= 1:
                break
            kept.remove(column)
        spare = room - total()
        for column in sorted(kept, key=lambda c: c.keep):  # give back what leaving out has freed
            if spare <= 0:
                break
            wanted = max([width_of(column.heading), *(width_of(cell) for cell in column.cells)])
            more = min(spare, wanted - widths[id(column)])
            widths[id(column)] += more
            spare -= more
    return [(column, widths[id(column)]) for column in kept]


def render(columns: Sequence[GridColumn], room: int | None) -> list[str]:
    """Lines of the table: heading, rule, rows; no trailing spaces."""
    chosen = layout(columns, room)
    lines = [
        GAP.join(
            _pad(shorten(column.heading, width), width, column.right) for column, width in chosen
        ),
        GAP.join("─" * width for _, width in chosen),
    ]
    count = max((len(column.cells) for column, _ in chosen), default=0)
    lines.extend(
        GAP.join(
            _pad(shorten(column.cells[row], width), width, column.right) for column, width in chosen
        )
        for row in range(count)
    )
    return [line.rstrip() for line in lines]


def _pad(text: str, width: int, right: bool) -> str:
    fill = " " * (width - width_of(text))
    return fill + text if right else text + fill
