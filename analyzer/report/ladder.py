"""One negotiation as a ladder of text: client left, server right, an arrow for every leg.

Each line says the frame, who speaks to whom and what the token says in short.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.report.grid import shorten, width_of
from analyzer.report.legs import Leg
from dissectors.carriers.base import CLIENT

LEAST_WIDTH = 60


def ladder(legs: Sequence[Leg], left: str, right: str, width: int = 100) -> list[str]:
    """Lines of the diagram between the two ends, at most `width` cells wide (but never under 60)."""
    margin = max((len(str(leg.frame)) for leg in legs), default=1)
    room = max(width, LEAST_WIDTH) - margin - 4  # between the two rails
    between = max(1, room + 2 - width_of(left) - width_of(right))
    rails = " " * (margin + 2) + "│" + " " * room + "│"
    lines = [" " * (margin + 2) + left + " " * between + right, rails]
    for leg in legs:
        number = str(leg.frame)
        for place, text in enumerate(leg.labels):
            label = shorten(text, room - 5)
            drawn = _arrow(label, room, leg.side) if place == 0 else _beside(label, room, leg.side)
            lines.append(f"{number:>{margin}}  │{drawn}│")
            number = ""
    return [*lines, rails]


def _arrow(label: str, room: int, side: int) -> str:
    """The label on its way: from the left for the client, from the right for the server."""
    line = "─" * (room - width_of(label) - 3)
    return f" {label} {line}▶" if side == CLIENT else f"◀{line} {label} "


def _beside(label: str, room: int, side: int) -> str:
    """A further line of the same message, without an arrow."""
    fill = " " * (room - width_of(label) - 2)
    return f" {label} {fill}" if side == CLIENT else f"{fill} {label} "
