"""Colour for terminals: outcome words only, so that the eye finds failures."""

from __future__ import annotations

import re
from collections.abc import Collection

COLOURS = {
    "success": "32",
    "failure": "31",
    "incomplete": "33",
    "SUCCESS": "1;32",
    "FAILURE": "1;31",
    "INCOMPLETE": "1;33",
}
WORDS = re.compile(r"(?<![\w-])(" + "|".join(COLOURS) + r")(?![\w-])")


def painted(lines: list[str], titles: Collection[str] = ()) -> list[str]:
    """The lines with outcome words in colour; the first one, and those that are `titles`, bold."""
    made = [
        WORDS.sub(lambda match: f"\x1b[{COLOURS[match[1]]}m{match[1]}\x1b[0m", line)
        for line in lines
    ]
    for place, line in enumerate(lines):
        if place == 0 or line in titles:
            made[place] = f"\x1b[1m{line}\x1b[0m"
    return made
