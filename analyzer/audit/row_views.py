"""Rows of a table with named cells that are looked up when a rule asks for them.

A rule reads a few of a row's many cells, and of most rows one. Columns are packed: to unpack all of them for
each rule anew took most of an audit's time, and rows that a rule keeps held all of theirs. So a row knows its
place only, and the rows of a stretch share what was unpacked for any of them. Numbers stay packed.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import compress, repeat
from operator import is_not
from typing import TYPE_CHECKING, Any

from analyzer.tables.packed import BLOCK, Cells

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns


def row_views(
    columns: Columns, column: str | None = None, among: Container[Any] | None = None
) -> Iterator[Any]:
    """Rows in the table's order; each column is an attribute. Equal to themselves only.

    With `column` only those whose cell there is `among` these, or, without them, is not None.
    """
    fits = partial(is_not, None) if among is None else among.__contains__
    names = tuple(columns)
    kind = _kind(names)
    lists = list(columns.values())
    count = len(lists[0]) if lists else 0
    for begin in range(0, count, BLOCK):
        end = min(begin + BLOCK, count)
        stretch = _Stretch(lists, begin, end)
        places: Iterable[int] = range(end - begin)
        if column is not None:
            places = compress(places, map(fits, stretch[names.index(column)]))
        yield from map(kind, repeat(stretch), places)


class _Stretch(dict[int, Any]):
    """Cells of a stretch of rows by the column's place, each unpacked when first asked for."""

    def __init__(self, columns: list[Sequence[Any]], begin: int, end: int) -> None:
        self._columns = columns
        self._begin, self._end = begin, end

    def __missing__(self, place: int) -> Any:
        column, begin, end = self._columns[place], self._begin, self._end
        cells = column.by_place(begin, end) if isinstance(column, Cells) else column[begin:end]
        self[place] = cells
        return cells


class _Row:
    """A place in a stretch; subclasses name the columns."""

    __slots__ = ("_at", "_stretch")

    def __init__(self, stretch: _Stretch, at: int) -> None:
        self._stretch = stretch
        self._at = at


@lru_cache(maxsize=32)  # each rule asks for the same few tables
def _kind(names: tuple[str, ...]) -> type[_Row]:
    cells: dict[str, Any] = {name: _cell(place) for place, name in enumerate(names)}
    return type("Row", (_Row,), {"__slots__": (), **cells})


@lru_cache(maxsize=256)  # a column's place is the same in every table
def _cell(place: int) -> property:
    def cell(self: _Row) -> Any:
        return self._stretch[place][self._at]

    return property(cell)
