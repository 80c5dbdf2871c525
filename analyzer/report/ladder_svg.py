"""One negotiation as a ladder for notebooks and pages: an inline SVG without script, style or reference.

Colours come from where it stands (`currentColor`), so it reads on light and dark ground. Long labels are
cut, the whole one stands in the tooltip.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from analyzer.report.grid import shorten
from analyzer.report.legs import Leg
from dissectors.carriers.base import CLIENT
from dissectors.visible import shortened

WIDTH = 760
MARGIN = 64  # frame numbers left of the rails, times right of them
LINE = 17
GAP = 11  # between two legs
HEAD = 40
CELL = 7.25  # a character of a 12-pixel monospaced font
FONT = {"font-family": "ui-monospace, Menlo, Consolas, monospace", "font-size": "12"}
FAINT = "0.65"
TIP = 7
MS = 1_000_000  # nanoseconds
TOLD = 80  # characters of a label that are read out
LEGS_TOLD = 20


def ladder_svg(legs: Sequence[Leg], left: str, right: str) -> str:
    """Draw the legs between the two ends, `left` the client."""
    lines = sum(len(leg.labels) for leg in legs)
    height = HEAD + lines * LINE + len(legs) * GAP + 12
    drawing = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {WIDTH} {height}",
            "width": str(WIDTH),
            "role": "img",
            "aria-label": _told(legs, left, right),
            "fill": "currentColor",
            **FONT,
        },
    )
    start, end = MARGIN, WIDTH - MARGIN
    _text(drawing, start, 18, shorten(left, 40), anchor="start", weight="bold")
    _text(drawing, end, 18, shorten(right, 40), anchor="end", weight="bold")
    for rail in (start, end):
        _line(drawing, rail, 26, rail, height - 4, opacity="0.4")
    below = HEAD
    for leg in legs:
        _leg(drawing, leg, below, legs[0].ts_ns)
        below += len(leg.labels) * LINE + GAP
    return tostring(drawing, encoding="unicode")


def _leg(drawing: Element, leg: Leg, top: int, started: int) -> None:
    """The arrow with its first label above it, the others below."""
    start, end = MARGIN, WIDTH - MARGIN
    group = SubElement(drawing, "g")
    SubElement(group, "title").text = "; ".join(map(shortened, leg.labels))
    base = top + LINE - 5
    from_client = leg.side == CLIENT
    at, anchor = (start + 12, "start") if from_client else (end - 12, "end")
    room = int((end - start - 24) / CELL)
    for place, label in enumerate(leg.labels):
        below = base + place * LINE + (5 if place else 0)
        _text(group, at, below, shorten(label, room), anchor, opacity="1" if not place else "0.8")
    arrow = base + 6
    _line(group, start, arrow, end, arrow)
    tip, back = (end, end - TIP) if from_client else (start, start + TIP)
    points = f"{tip},{arrow} {back},{arrow - 4} {back},{arrow + 4}"
    SubElement(group, "polygon", {"points": points})
    _text(group, start - 8, arrow + 4, str(leg.frame), "end", opacity=FAINT)
    _text(group, end + 8, arrow + 4, after(leg.ts_ns - started), "start", opacity=FAINT)


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


def _text(
    parent: Element,
    x: float,
    y: float,
    text: str,
    anchor: str,
    *,
    weight: str = "normal",
    opacity: str = "1",
) -> None:
    attributes = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor}
    if weight != "normal":
        attributes["font-weight"] = weight
    if opacity != "1":
        attributes["opacity"] = opacity
    SubElement(parent, "text", attributes).text = text


def _line(
    parent: Element, x1: float, y1: float, x2: float, y2: float, *, opacity: str = "1"
) -> None:
    attributes = {"x1": f"{x1:g}", "y1": f"{y1:g}", "x2": f"{x2:g}", "y2": f"{y2:g}"}
    SubElement(parent, "line", attributes | {"stroke": "currentColor", "opacity": opacity})
