"""Counts in words: the most frequent ones by name, the others by their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dissectors.visible import visible

NAMED = 3
SHOWN = 60
"""Characters of one name in a list; a name may be as long as its sender likes."""


def times(count: int, what: str) -> str:
    """The number, and of what."""
    return f"{count:,} \N{MULTIPLICATION SIGN} {what}"


def named(counted: Iterable[str], most: int = NAMED) -> str:
    """`a, b, c and 4 more`, in the order given; safe to print."""
    names = [visible(name) for name in counted]
    shown = [name if len(name) <= SHOWN else f"{name[: SHOWN - 1]}…" for name in names[:most]]
    rest = len(names) - most
    return ", ".join(shown) + (f" and {rest:,} more" if rest > 0 else "")


def frequent(counted: Counter[str], most: int = NAMED) -> str:
    """The same, most frequent first."""
    return named([name for name, _ in counted.most_common()], most)


def numbered(counted: Counter[str], most: int) -> str:
    """`a 12, b 3 and 4 more`, most frequent first."""
    return named([f"{name} {count:,}" for name, count in counted.most_common()], most)
