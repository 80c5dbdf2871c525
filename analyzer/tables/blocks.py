"""Rows of one column in as little memory as its cells need: blocks, each packed its own way.

Numbers become machine words, repeated text becomes codes, lists of numbers lie end to end. A cell that is
read is made anew, or shared with its equals, so nobody changes cells.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from typing import Any

NULL = -(1 << 63)
"""Stands for None among 64-bit numbers."""
_REPEATS = 2  # text is coded where a value is there as often as this, on average
_SAMPLE = 2048


class Values:
    """Values of a column that codes stand for; a new one gets the next code."""

    __slots__ = ("cells", "codes")

    def __init__(self) -> None:
        self.cells: list[Any] = []
        self.codes = _Codes()

    @classmethod
    def of(cls, kind: str, cells: list[Any]) -> Values:
        """Those of a column whose codes count these cells."""
        made = cls()
        made.cells = cells
        for code, key in enumerate(_keys_of(kind, cells)):
            made.codes[key] = code
        return made


class _Codes(dict[Any, int]):
    """Value -> its code; a new value gets the next one."""

    def __missing__(self, value: Any) -> int:
        code = self[value] = len(self)
        return code


class Same:
    """A block whose cells are all alike."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def part(self, begin: int, end: int) -> list[Any]:
        """Cells of these places."""
        return [self.value] * (end - begin)

    def cut(self, _begin: int, _end: int) -> Same:
        """A block of these places."""
        return self

    def __getitem__(self, _place: int) -> Any:
        return self.value


class Numbers:
    """A block of integers (times too), None among them as `NULL`."""

    __slots__ = ("nulls", "values")

    def __init__(self, values: array[int], *, nulls: bool) -> None:
        self.values = values
        self.nulls = nulls

    def part(self, begin: int, end: int) -> list[Any]:
        """Cells of these places."""
        values = self.values[begin:end].tolist()
        return [None if value == NULL else value for value in values] if self.nulls else values

    def cut(self, begin: int, end: int) -> Numbers:
        """A block of these places."""
        return Numbers(self.values[begin:end], nulls=self.nulls)

    def __getitem__(self, place: int) -> Any:
        value = self.values[place]
        return None if self.nulls and value == NULL else value


class Floats:
    """A block of floats, None among them as NaN."""

    __slots__ = ("values",)

    def __init__(self, values: array[float]) -> None:
        self.values = values

    def part(self, begin: int, end: int) -> list[Any]:
        """Cells of these places."""
        values = self.values[begin:end]
        return [value if value == value else None for value in values]  # noqa: PLR0124 - NaN

    def cut(self, begin: int, end: int) -> Floats:
        """A block of these places."""
        return Floats(self.values[begin:end])

    def __getitem__(self, place: int) -> Any:
        value = self.values[place]
        return value if value == value else None  # noqa: PLR0124 - NaN


class Coded:
    """A block of repeated values: where each stands in the column's list of values."""

    __slots__ = ("codes", "values")

    def __init__(self, codes: array[int], values: list[Any]) -> None:
        self.codes = codes
        self.values = values  # of the whole column

    def part(self, begin: int, end: int) -> list[Any]:
        """Cells of these places."""
        return list(map(self.values.__getitem__, self.codes[begin:end]))

    def cut(self, begin: int, end: int) -> Coded:
        """A block of these places."""
        return Coded(self.codes[begin:end], self.values)

    def __getitem__(self, place: int) -> Any:
        return self.values[self.codes[place]]


class NumberLists:
    """A block of lists of integers, end to end."""

    __slots__ = ("counts", "ends", "flat")

    def __init__(self, counts: array[int], flat: array[int]) -> None:
        self.counts = counts  # -1: None, not a list
        self.flat = flat
        whole = not counts or min(counts) >= 0
        self.ends = array("q", accumulate(counts if whole else (max(n, 0) for n in counts)))

    def part(self, begin: int, end: int) -> list[Any]:
        """Cells of these places."""
        counts, ends = self.counts[begin:end], self.ends[begin:end]
        before = self.ends[begin - 1] if begin else 0
        flat = self.flat[before : ends[-1]].tolist() if ends else []
        return [
            None if count < 0 else flat[stop - count - before : stop - before]
            for count, stop in zip(counts, ends, strict=True)
        ]

    def cut(self, begin: int, end: int) -> NumberLists:
        """A block of these places."""
        first = self.ends[begin - 1] if begin else 0
        return NumberLists(self.counts[begin:end], self.flat[first : self.ends[end - 1]])

    def __getitem__(self, place: int) -> Any:
        count, end = self.counts[place], self.ends[place]
        return None if count < 0 else self.flat[end - count : end].tolist()


class Plain:
    """A block that would gain nothing by packing."""

    __slots__ = ("values",)

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def part(self, begin: int, end: int) -> list[Any]:
        """Cells of these places."""
        return self.values[begin:end]

    def cut(self, begin: int, end: int) -> Plain:
        """A block of these places."""
        return Plain(self.values[begin:end])

    def __getitem__(self, place: int) -> Any:
        return self.values[place]


Block = Same | Numbers | Floats | Coded | NumberLists | Plain


def pack(kind: str, cells: list[Any], values: Values) -> Block:
    """Pack at least one cell of a kind of the schema; `values` grow by those that are new."""
    first = cells[0]
    alike = first is None or kind in {"category", "str", "bool", "int", "time"}
    if alike and cells[-1] == first and cells.count(first) == len(cells):
        return Same(first)
    match kind:
        case "int" | "time":
            return _numbers(cells)
        case "float":
            return _floats(cells)
        case "ints":
            return _number_lists(cells)
        case "category" | "bool":
            return _coded(cells, cells, values)
    keys = _keys_of(kind, cells)
    some = keys[:_SAMPLE]  # of text that never repeats a few cells tell enough
    if len(set(some)) > 0.9 * len(some) or len(set(keys)) * _REPEATS > len(keys):
        return Plain(cells)
    return _coded(cells, keys, values)


def _keys_of(kind: str, cells: list[Any]) -> list[Any]:
    """What tells cells of this kind apart."""
    match kind:
        case "strs":
            return _keys(cells, tuple)
        case "dict":
            return _keys(cells, repr)
        case _:
            return cells


def _keys(cells: list[Any], key_of: Callable[[Any], Any]) -> list[Any]:
    """What tells lists and dicts apart; many cells are one object, whose key is made once."""
    ids = list(map(id, cells))
    objects = dict(zip(ids, cells, strict=True))
    keys = {i: None if cell is None else key_of(cell) for i, cell in objects.items()}
    return list(map(keys.__getitem__, ids))


def _coded(cells: list[Any], keys: list[Any], values: Values) -> Coded:
    known = values.cells
    codes = list(map(values.codes.__getitem__, keys))
    if len(known) < len(values.codes):
        for code, cell in zip(codes, cells, strict=True):
            if code == len(known):  # codes are given in the order in which values come
                known.append(cell)
    if len(known) <= 1 << 8:
        return Coded(array("B", bytes(codes)), known)
    return Coded(array("H" if len(known) <= 1 << 16 else "I", codes), known)


def _numbers(cells: list[Any]) -> Block:
    nulls = None in cells
    if nulls and NULL in cells:
        return Plain(cells)
    found = _machine_words([NULL if cell is None else cell for cell in cells] if nulls else cells)
    return Plain(cells) if found is None else Numbers(found, nulls=nulls)


def _machine_words(numbers: Sequence[int]) -> array[int] | None:
    """The smallest words that hold them all."""
    for kind in ("H", "i", "q"):
        try:
            return array(kind, numbers)
        except OverflowError:
            continue
    return None


def _floats(cells: list[Any]) -> Block:
    fine = all(cell is None or (type(cell) is float and cell == cell) for cell in cells)  # noqa: PLR0124
    if not fine:
        return Plain(cells)
    return Floats(array("d", [float("nan") if cell is None else cell for cell in cells]))


def _number_lists(cells: list[Any]) -> Block:
    if None in cells:
        counts = array("i", [-1 if cell is None else len(cell) for cell in cells])
        flat = _machine_words(list(chain.from_iterable(filter(None, cells))))
    else:
        counts = array("i", list(map(len, cells)))
        flat = _machine_words(list(chain.from_iterable(cells)))
    return Plain(cells) if flat is None else NumberLists(counts, flat)
