"""When what happened: a lane for each outcome, a bar for each stretch of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from analyzer.report.charts.palette import OUTCOME_COLOUR, OUTCOMES, SIGN
from analyzer.report.drawing import FAINT, Drawing

WIDTH = 760
LEFT = 130
LANE = 54
BINS = 60
SECOND = 1_000_000_000
STEPS = (
    SECOND // 1000, SECOND // 100, SECOND // 10, SECOND, 5 * SECOND, 15 * SECOND, 60 * SECOND,
    300 * SECOND, 900 * SECOND, 3600 * SECOND, 6 * 3600 * SECOND, 86_400 * SECOND,
)  # fmt: skip
"""Widths of a bar that people can name, in nanoseconds."""


def binned(
    started_ns: Sequence[int], outcomes: Sequence[str]
) -> tuple[int, int, dict[str, list[int]]]:
    """Sort negotiations into stretches of time.

    Returns the first one's begin (ns since the epoch, UTC), their width (ns), and counts by outcome.
    """
    first, last = min(started_ns), max(started_ns)
    width = next((step for step in STEPS if (last - first) < step * BINS), 0)
    if not width:
        width = STEPS[-1] * -(-(last - first + 1) // (STEPS[-1] * BINS))
    begin = first // width * width
    number = (last - begin) // width + 1
    counts = {name: [0] * number for name in OUTCOMES}
    for at, outcome in zip(started_ns, outcomes, strict=True):
        counts[outcome][(at - begin) // width] += 1
    return begin, width, counts


def timeline_svg(begin: int, width: int, counts: Mapping[str, Sequence[int]]) -> str:
    """Draw what `binned` returns. Each lane has its own scale; its highest bar's count stands beside it."""
    lanes = [name for name in OUTCOMES if any(counts[name])]
    number = max(map(len, counts.values()))
    each = min(24.0, (WIDTH - LEFT - 10) / number)
    drawing = Drawing(WIDTH, LANE * len(lanes) + 30, _told(counts, begin, width, number))
    for place, name in enumerate(lanes):
        _lane(drawing, name, counts[name], place * LANE, begin, width, each)
    base = LANE * len(lanes) + 16
    drawing.text(LEFT, base, clock(begin, width), opacity=FAINT)
    end = LEFT + each * number
    if end - LEFT > 330:
        drawing.text(end, base, clock(begin + width * number, width), anchor="end", opacity=FAINT)
    drawing.text(0, base, f"UTC, {span_words(width)} a bar", opacity=FAINT)
    return drawing.svg()


def _lane(
    drawing: Drawing,
    name: str,
    counts: Sequence[int],
    top: int,
    begin: int,
    width: int,
    each: float,
) -> None:
    most, height = max(counts), LANE - 14
    drawing.text(0, top + 24, f"{SIGN[name]} {name}")
    drawing.text(0, top + 40, f"{sum(counts):,}, up to {most:,}", opacity=FAINT, room=LEFT - 6)
    for place, count in enumerate(counts):
        if not count:
            continue
        group = drawing.group(f"{clock(begin + place * width, width)}: {count:,} {name}")
        tall = max(2.0, height * count / most)
        left = LEFT + place * each
        drawing.box(
            left, top + 6 + height - tall, max(each - 1, 1), tall, group, fill=OUTCOME_COLOUR[name]
        )
    drawing.line(LEFT, top + 6 + height, LEFT + each * len(counts), top + 6 + height, opacity=0.4)


def clock(at_ns: int, width: int) -> str:
    """A time in UTC, as exact as bars are wide."""
    moment = datetime.fromtimestamp(at_ns // SECOND, UTC)
    if width >= 86_400 * SECOND:
        return f"{moment:%Y-%m-%d}"
    if width >= 60 * SECOND:
        return f"{moment:%Y-%m-%d %H:%M}"
    if width >= SECOND:
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{at_ns % SECOND // 1_000_000:03}"


def span_words(width: int) -> str:
    """The width of a bar in words: `15 s`, `6 h`."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        if width >= size * SECOND:
            return f"{width // (size * SECOND)} {unit}"
    return f"{width // 1_000_000} ms"


def _told(counts: Mapping[str, Sequence[int]], begin: int, width: int, number: int) -> str:
    sums = ", ".join(f"{sum(listed):,} {name}" for name, listed in counts.items() if any(listed))
    return f"Outcomes over time, {clock(begin, width)} to {clock(begin + width * number, width)} UTC: {sums}"
