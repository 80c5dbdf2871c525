"""A matrix as a heat map: the darker a cell, the more; the count stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p

from analyzer.report.charts.palette import SERIES
from analyzer.report.drawing import CELL, Drawing, room_for
from analyzer.report.grid import width_of

ROW = 22
COLUMN = 64
NAMES = 260
SLANT = 90  # pixels for headings
FULL = 0.95


def heat_svg(
    title: str, rows: Sequence[str], columns: Sequence[str], counts: Sequence[Sequence[int]]
) -> str:
    """Draw `counts`, a list for each of `rows` with a number for each of `columns`."""
    left = room_for(list(rows), NAMES) + 12
    wide = [max(COLUMN, min(width_of(name), 22) * CELL + 12) for name in columns]
    most = max((count for listed in counts for count in listed), default=0)
    drawing = Drawing(left + sum(wide) + 4, 26 + ROW * len(rows), title)
    at = left
    for name, width in zip(columns, wide, strict=True):
        drawing.text(at + width / 2, 16, name, anchor="middle", room=width - 4)
        at += width
    for place, (row, listed) in enumerate(zip(rows, counts, strict=True)):
        top = 24 + place * ROW
        drawing.text(left - 10, top + 15, row, anchor="end", room=NAMES)
        at = left
        for name, width, count in zip(columns, wide, listed, strict=True):
            group = drawing.group(f"{row}, {name}: {count:,}")
            deep = FULL * log1p(count) / log1p(most) if most else 0
            shade = f"{0.12 + deep * 0.88:.3g}" if count else "0.05"
            colour = SERIES[0] if count else "currentColor"
            drawing.box(at + 1, top, width - 2, ROW - 2, group, fill=colour, fill_opacity=shade)
            fill = "#fff" if deep > 0.5 else "currentColor"
            said = f"{count:,}" if count else "·"
            drawing.text(at + width / 2, top + 15, said, group, anchor="middle", fill=fill)
            at += width
    return drawing.svg()
