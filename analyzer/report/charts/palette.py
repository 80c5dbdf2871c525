"""Colours that people with any colour vision tell apart, and signs for those who see none.

After M. Okabe and K. Ito, Color Universal Design (2008). Nothing is told by colour alone: bars have their
counts and signs beside them.
"""

from __future__ import annotations

OUTCOMES = ("success", "failure", "incomplete")
OUTCOME_COLOUR = {"success": "#0072b2", "failure": "#d55e00", "incomplete": "#8a8a8a"}
SIGN = {"success": "✓", "failure": "✗", "incomplete": "…"}

SERIES = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b3a800", "#8a8a8a")
"""For things of one kind, most frequent first; the last one for all others together."""


def signs(counts: dict[str, int]) -> str:
    """Counts by outcome in short: `12 ✓ 3 ✗`."""
    return " ".join(f"{counts[name]:,} {SIGN[name]}" for name in OUTCOMES if counts.get(name))


def ink(colour: str) -> str:
    """Black or white, whichever reads better on a colour `#rrggbb` (WCAG 2.2, relative luminance)."""
    linear = [_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#111" if luminance > 0.18 else "#fff"


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
