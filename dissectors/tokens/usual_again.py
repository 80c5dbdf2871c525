"""What a token's form says, read once: tokens of one size nearly always have the form of the one before.

A reader of forms tells what it found, and which octets told it: the token's first ones, and a stretch
further on. Another token of the same size that has the same octets there has the same form, whatever its
secrets, times and names are: two comparisons stand for the walk through its elements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

FORMS_LIMIT = 2048
"""Forms of one kind that are remembered: one for each size."""
OCTETS_LIMIT = 1024
"""Octets that tell a form worth remembering."""

_Form = TypeVar("_Form")

Told = tuple[int, int, int, _Form]
"""A form that `data[:first]` and `data[second:end]` tell: `first`, `second`, `end`, and what it is."""


class Forms(Generic[_Form]):
    """Reads forms with `read`, which raises ValueError or IndexError where there is none."""

    __slots__ = ("_known", "_read")

    def __init__(self, read: Callable[[bytes], Told[_Form]]) -> None:
        self._read = read
        self._known: dict[int, tuple[bytes, int, bytes, _Form]] = {}

    def of(self, data: bytes) -> _Form:
        """Tell the form of a token."""
        known = self._known.get(len(data))
        if known is not None:
            front, second, behind, form = known
            if data.startswith(front) and data.startswith(behind, second):
                return form
        first, second, end, form = self._read(data)
        if first + end - second <= OCTETS_LIMIT:
            if len(self._known) >= FORMS_LIMIT:
                self._known.clear()
            self._known[len(data)] = data[:first], second, data[second:end], form
        return form
