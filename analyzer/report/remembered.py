"""Cells of some rows, and texts that are made once for all cells that are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

REMEMBERED = 4096
"""Values of one column whose text is kept: what a capture repeats, and no more than that."""


class Remembered(dict[Any, str]):
    """Value -> its text, made when first asked for."""

    def __init__(self, make: Callable[[Any], str]) -> None:
        self._make = make

    def __missing__(self, value: Any) -> str:
        if len(self) >= REMEMBERED:
            self.clear()
        text = self[value] = self._make(value)
        return text


def picked(cells: Sequence[Any], rows: Sequence[int]) -> list[Any]:
    """Cells of these rows."""
    if type(rows) is range and rows.step == 1:
        return list(cells[rows.start : rows.stop])
    return [cells[row] for row in rows]
