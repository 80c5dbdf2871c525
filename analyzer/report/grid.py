"""Readable tables that fit the terminal: columns by need, long cells shortened."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence

from analyzer.report.remembered import Remembered
from dissectors.records import NamedTuple

GAP = "  "
NARROW = 14  # a column is narrowed to this many cells before it is left out
SIDELINE = 4  # `keep` from which a column is left out before a more important one is narrowed
LEAST = 6  # and the most important ones no further than to this many


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

    Empty columns go first. Then what only adds to a row is narrowed, and left out if that is not enough;
    then the same with what matters more; the most important ones are narrowed last. Room that remains is
    given back.
    """
    kept = [column for column in columns if any(column.cells) or column.keep <= 1]
    wanted = [max(map(width_of, {column.heading, *column.cells})) for column in kept]
    if room is None:
        return list(zip(kept, wanted, strict=True))
    widths = list(wanted)
    by_need = sorted(range(len(kept)), key=lambda at: -kept[at].keep)  # the least needed first

    def over() -> int:
        shown = [width for width in widths if width]
        return sum(shown) + len(GAP) * (len(shown) - 1) - room

    for first in (SIDELINE, 2):  # what only adds to a row goes before anything else gets narrow
        giving = [at for at in by_need if kept[at].keep >= first]
        for at in giving:
            widths[at] -= max(0, min(over(), widths[at] - NARROW))
        for at in giving:
            if over() > 0:
                widths[at] = 0
    while over() > 0 and max(widths) > LEAST:
        widths[widths.index(max(widths))] -= 1
    for at in reversed(by_need):
        if widths[at]:
            widths[at] += max(0, min(-over(), wanted[at] - widths[at]))
    return [(column, width) for column, width in zip(kept, widths, strict=True) if width]


def render(columns: Sequence[GridColumn], room: int | None) -> list[str]:
    """Lines of the table: heading, rule, rows; no trailing spaces."""
    chosen = layout(columns, room)
    fitting = [_fitting(width, column.right) for column, width in chosen]
    heading = [fitting[at](column.heading) for at, (column, _) in enumerate(chosen)]
    rule = ["─" * width for _, width in chosen]
    fitted = [map(fits, column.cells) for fits, (column, _) in zip(fitting, chosen, strict=True)]
    rows = map(GAP.join, zip(*fitted, strict=True))
    return [line.rstrip() for line in (GAP.join(heading), GAP.join(rule), *rows)]


def _fitting(width: int, right: bool) -> Callable[[str], str]:
    """Brings texts to that many terminal cells."""
    return Remembered(lambda text: _pad(shorten(text, width), width, right)).__getitem__


def _pad(text: str, width: int, right: bool) -> str:
    fill = " " * (width - width_of(text))
    return fill + text if right else text + fill
