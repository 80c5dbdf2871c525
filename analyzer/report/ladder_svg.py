"""One negotiation as a ladder for notebooks and pages: an inline SVG.

Long labels are cut; as much of them as is sensible stands in the tooltip.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.report.drawing import FAINT, Drawing
from analyzer.report.grid import shorten
from analyzer.report.legs import Leg
from dissectors.carriers.base import CLIENT
from dissectors.visible import shortened

WIDTH = 760
MARGIN = 64  # frame numbers left of the rails, times right of them
HEAD = 40
LINE = 17
GAP = 11  # between two legs
TIP = 7
MS = 1_000_000  # nanoseconds
TOLD = 80  # characters of a label that are read out
LEGS_TOLD = 20
LEFT, RIGHT = MARGIN, WIDTH - MARGIN


def ladder_svg(legs: Sequence[Leg], left: str, right: str) -> str:
    """Draw the legs between the two ends, `left` the client."""
    height = HEAD + sum(len(leg.labels) for leg in legs) * LINE + len(legs) * GAP + 12
    drawing = Drawing(WIDTH, height, _told(legs, left, right))
    half = (RIGHT - LEFT) / 2 - 10
    drawing.text(LEFT, 18, left, room=half, font_weight="bold")
    drawing.text(RIGHT, 18, right, room=half, anchor="end", font_weight="bold")
    for rail in (LEFT, RIGHT):
        drawing.line(rail, 26, rail, height - 4, opacity=0.4)
    top = HEAD
    for leg in legs:
        _draw(drawing, leg, top, legs[0].ts_ns)
        top += len(leg.labels) * LINE + GAP
    return drawing.svg()


def _draw(drawing: Drawing, leg: Leg, top: int, started: int) -> None:
    """The arrow with its first label above it, the others below."""
    group = drawing.group("; ".join(map(shortened, leg.labels)))
    from_client = leg.side == CLIENT
    at, anchor = (LEFT + 12, "start") if from_client else (RIGHT - 12, "end")
    base = top + LINE - 5
    for place, label in enumerate(leg.labels):
        below = base + place * LINE + (5 if place else 0)
        faint = 0.8 if place else 1
        drawing.text(at, below, label, group, anchor=anchor, opacity=faint, room=RIGHT - LEFT - 24)
    arrow = base + 6
    drawing.line(LEFT, arrow, RIGHT, arrow, group)
    tip, back = (RIGHT, RIGHT - TIP) if from_client else (LEFT, LEFT + TIP)
    points = f"{tip},{arrow} {back},{arrow - 4} {back},{arrow + 4}"
    drawing.shape("polygon", group, points=points)
    if not leg.frame:  # nobody knows when it was
        return
    drawing.text(LEFT - 8, arrow + 4, str(leg.frame), group, anchor="end", opacity=FAINT)
    drawing.text(RIGHT + 8, arrow + 4, after(leg.ts_ns - started), group, opacity=FAINT)


def after(passed_ns: int) -> str:
    """Time since the first leg, in at most eight characters: `+0.4ms`, `+12.0s`, `+120min`."""
    if not passed_ns:
        return "0"
    for unit, size, most in (
        ("ms", MS, 1_000),
        ("s", 1_000 * MS, 1_000),
        ("min", 60_000 * MS, 10_000),
    ):
        if abs(passed_ns) < most * size:
            return f"{passed_ns / size:+.{0 if unit == 'min' else 1}f}{unit}"
    return f"{passed_ns / (86_400_000 * MS):+.0f}d"


def _told(legs: Sequence[Leg], left: str, right: str) -> str:
    """The whole in words, for who can't see it."""
    said = (
        f"frame {leg.frame}, {'client' if leg.side == CLIENT else 'server'}: {shorten(leg.labels[0], TOLD)}"
        for leg in legs[:LEGS_TOLD]
    )
    more = f"; and {len(legs) - LEGS_TOLD} more" if len(legs) > LEGS_TOLD else ""
    return f"Messages between client {left} and server {right}. {'; '.join(said)}{more}"
