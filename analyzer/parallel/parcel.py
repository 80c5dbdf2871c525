"""How what was gathered travels between processes: objects as columns, in half the time of pickle alone.

Pickle writes the name of every attribute of every object. Here the objects of a dataclass with slots go as
empty shells first, wherever they are met; their attributes follow, each as one column of some hundred
objects: one value where all have the same object, machine words where all are integers, arrays end to end,
columns again where all are named tuples. Who refers to whom stays as it was, as one pickler sees it all.
"""

from __future__ import annotations

import copyreg
import io
import pickle
from array import array
from collections import deque
from contextlib import suppress
from dataclasses import fields, is_dataclass
from itertools import accumulate, repeat
from operator import attrgetter, is_
from typing import TYPE_CHECKING, Any

from analyzer.tables.gc_pause import gc_paused
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

AT_ONCE = 256
"""Objects whose attributes stand together: as many as the processor's cache holds."""


PIECE_BYTES = 1 << 16
"""A piece is sent once it has so many."""


def pieces(value: Any) -> Iterator[bytes]:
    """Make the bytes of a value, of which `Parcel` makes the same value, piece by piece.

    So who takes them works on one while the next is made.
    """
    into = io.BytesIO()
    pickler = _Pickler(into)
    pickler.dump(value)
    while pickler.shells:
        shells, pickler.shells = pickler.shells, {}
        for kind, all_made in shells.items():
            for begin in range(0, len(all_made), AT_ONCE):
                made = all_made[begin : begin + AT_ONCE]
                columns = [
                    _packed_column(list(map(attrgetter(name), made)), pickler.texts)
                    for name in _names(kind)
                ]
                pickler.dump((kind, made, columns))
                if into.tell() >= PIECE_BYTES:
                    yield into.getvalue()
                    into.seek(0)
                    into.truncate()
    pickler.dump(None)
    yield into.getvalue()


class Parcel:
    """Makes a value again of its pieces, in their order; they must come from a process of ours."""

    def __init__(self) -> None:
        self.value: Any = None  # to be used once all pieces are there
        self._piece = io.BytesIO()
        self._unpickler = pickle.Unpickler(self._piece)  # noqa: S301 - see above
        self._begun = False

    def add(self, piece: bytes) -> bool:
        """Take a piece; whether it was the last one."""
        self._piece.seek(0)
        self._piece.truncate()
        self._piece.write(piece)
        self._piece.seek(0)
        with gc_paused():
            if not self._begun:
                self.value, self._begun = self._unpickler.load(), True
            while self._piece.tell() < len(piece):
                batch = self._unpickler.load()
                if batch is None:
                    return True
                kind, made, columns = batch
                for name, column in zip(_names(kind), columns, strict=True):
                    deque(map(setattr, made, repeat(name), _unpacked_column(column)), maxlen=0)
        return False


class _Pickler(pickle.Pickler):
    def __init__(self, into: io.BytesIO) -> None:
        super().__init__(into, protocol=5)
        self.shells: dict[type, list[Any]] = {}  # whose attributes have yet to follow
        self.texts: dict[str, str] = {}
        self._goes_as_shell: dict[type, bool] = {}

    def reducer_override(self, value: Any) -> Any:
        """Put a shell in the place of an object whose attributes follow."""
        kind = type(value)
        as_shell = self._goes_as_shell.get(kind)
        if as_shell is None:
            as_shell = self._goes_as_shell[kind] = _has_columns(kind)
        if not as_shell:
            return NotImplemented
        made = self.shells.get(kind)
        if made is None:
            made = self.shells[kind] = []
        made.append(value)
        return copyreg.__newobj__, (kind,)  # type: ignore[attr-defined]


def _has_columns(kind: Any) -> bool:
    """Whether all that an object holds are the slots of a dataclass that may be set."""
    may_be_set = kind.__setattr__ is object.__setattr__
    return is_dataclass(kind) and may_be_set and "__slots__" in vars(kind)


class _Same(NamedTuple):
    """A column of one and the same object."""

    value: Any


class _Tuples(NamedTuple):
    """A column of named tuples, and None where `places` says 0."""

    kind: Any
    places: bytes | None
    size: int
    columns: list[Any]


class _Arrays(NamedTuple):
    """A column of arrays of one kind of word, end to end; each arrives as one of its own."""

    counts: array[int]
    flat: array[Any]


if TYPE_CHECKING:
    Column = Sequence[Any] | _Same | _Tuples | _Arrays


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


def _packed_column(values: Sequence[Any], texts: dict[str, str]) -> Column:
    first = values[0]
    if all(map(is_, values, repeat(first))):
        return _Same(first)
    kinds = set(map(type, values))
    if kinds == {int}:
        with suppress(OverflowError):
            return array("q", values)
    elif kinds == {str}:  # equal texts travel once, and are one afterwards
        return list(map(texts.setdefault, values, values))
    elif kinds == {array} and len({each.typecode for each in values}) == 1:
        flat = array(first.typecode, b"".join(values))
        return _Arrays(array("q", map(len, values)), flat)
    kinds.discard(type(None))
    if len(kinds) == 1 and hasattr(kind := kinds.pop(), "_fields"):
        there = [value for value in values if value is not None]
        places = None if len(there) == len(values) else bytes(v is not None for v in values)
        columns = [_packed_column(column, texts) for column in zip(*there, strict=True)]
        return _Tuples(kind, places, len(there), columns)
    return values


def _unpacked_column(column: Column) -> Iterable[Any]:
    if isinstance(column, _Same):
        return repeat(column.value)
    if isinstance(column, _Arrays):
        ends = list(accumulate(column.counts))
        return map(column.flat.__getitem__, map(slice, [0, *ends], ends))
    if not isinstance(column, _Tuples):
        return column
    columns = map(_unpacked_column, column.columns)
    made = map(tuple.__new__, repeat(column.kind, column.size), zip(*columns, strict=False))
    if column.places is None:
        return made
    return [next(made) if place else None for place in column.places]
