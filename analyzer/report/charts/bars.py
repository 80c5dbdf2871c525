"""Horizontal bars, one for each name, made of parts: how often which reason, which mechanism by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.report.charts.palette import SERIES, ink
from analyzer.report.drawing import CELL, FAINT, Drawing, room_for
from analyzer.report.grid import width_of
from dissectors.records import NamedTuple

WIDTH = 760
ROW = 24
BAR = 15
NAMES = 260  # pixels for the names at most
COUNTS = 170
LEGEND = 22


class Bar(NamedTuple):
    """A name, how often each part of it, and what stands right of the bar."""

    name: str
    parts: Mapping[str, int]
    said: str


def bars_svg(
    title: str,
    bars: Sequence[Bar],
    parts: Sequence[str],
    colours: Mapping[str, str],
    *,
    whole: bool,
) -> str:
    """Draw the bars; `whole` makes each as long as the others, so that shares can be compared.

    `parts` in the order in which they stand in a bar, with their `colours`.
    """
    shown = [part for part in parts if any(bar.parts.get(part) for bar in bars)]
    top = 20 + (LEGEND if len(shown) > 1 else 0)
    drawing = Drawing(WIDTH, top + ROW * len(bars) + 6, _told(title, bars))
    if len(shown) > 1:
        _legend(drawing, shown, colours)
    left = room_for([bar.name for bar in bars], NAMES) + 10
    longest = max((sum(bar.parts.values()) for bar in bars), default=1) or 1
    space = WIDTH - left - room_for([bar.said for bar in bars], COUNTS) - 12
    for place, bar in enumerate(bars):
        _bar(drawing, bar, shown, colours, top + place * ROW, left, space, longest, whole=whole)
    return drawing.svg()


def _bar(
    drawing: Drawing,
    bar: Bar,
    shown: Sequence[str],
    colours: Mapping[str, str],
    top: float,
    left: float,
    space: float,
    longest: int,
    *,
    whole: bool,
) -> None:
    told = ", ".join(f"{part} {bar.parts[part]:,}" for part in shown if bar.parts.get(part))
    group = drawing.group(f"{bar.name}: {told}")
    total = sum(bar.parts.values())
    drawing.text(left - 10, top + BAR - 3, bar.name, group, anchor="end", room=NAMES)
    at = left
    for part in shown:
        count = bar.parts.get(part, 0)
        long = space * count / ((total if whole else longest) or 1)
        if not count:
            continue
        drawing.box(at, top, max(long - 1, 1), BAR, group, fill=colours[part])
        if len(shown) > 1 and width_of(part) * CELL + 6 < long:
            drawing.text(at + 4, top + BAR - 3, part, group, fill=ink(colours[part]))
        at += long
    end = left + space if whole else max(at, left + 2)
    drawing.text(end + 8, top + BAR - 3, bar.said, group, opacity=0.9, room=COUNTS)


def _legend(drawing: Drawing, shown: Sequence[str], colours: Mapping[str, str]) -> None:
    at = 0.0
    for part in shown:
        drawing.box(at, 4, 11, 11, fill=colours[part])
        drawing.text(at + 15, 14, part, opacity=FAINT + 0.2)
        at += 15 + width_of(part) * CELL + 18


def series(parts: Sequence[str]) -> dict[str, str]:
    """A colour for each of at most eight parts."""
    return dict(zip(parts, SERIES, strict=False))


def _told(title: str, bars: Sequence[Bar]) -> str:
    listed = "; ".join(f"{bar.name} {sum(bar.parts.values()):,}" for bar in bars[:20])
    return f"{title}. {listed}"
