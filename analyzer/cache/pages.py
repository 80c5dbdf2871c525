"""Columns as bytes and back, without a format that could run code.

A column is one block (`analyzer.tables.blocks`): a few words as JSON, and machine words. What is read is
checked before it is used: a length, code or type that does not fit raises `ValueError`.
"""

from __future__ import annotations

import json
from array import array
from itertools import chain
from typing import TYPE_CHECKING, Any

from analyzer.tables.blocks import (
    NULL,
    Block,
    Coded,
    Floats,
    NumberLists,
    Numbers,
    Plain,
    Same,
    Values,
    pack,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = {"B": 1, "H": 2, "I": 4, "i": 4, "q": 8, "d": 8}
_TYPES: dict[str, set[type]] = {
    "str": {str},
    "category": {str},
    "int": {int},
    "time": {int},
    "float": {float, int},
    "bool": {bool},
    "strs": {str},
    "ints": {int},
}
"""Kind of column -> types of its cells, or of what its lists hold."""
assert all(array(word).itemsize == size for word, size in _WORDS.items())


def column_bytes(kind: str, cells: list[Any]) -> bytes:
    """Write the cells of a column."""
    block: Block = pack(kind, cells, Values()) if cells else Plain(cells)
    form = type(block).__name__
    words: tuple[array[Any], ...] = ()
    said: Any = None
    match block:
        case Same():
            said = block.value
        case Plain():
            said = block.values
        case Coded():
            said, words = block.values, (block.codes,)
        case Numbers():
            said, words = block.nulls, (block.values,)
        case Floats():
            words = (block.values,)
        case NumberLists():
            words = (block.counts, block.flat)
    told = [form, said, [[word.typecode, len(word)] for word in words]]
    text = json.dumps(told, separators=(",", ":")).encode()
    return b"".join((len(text).to_bytes(8, "little"), text, *(word.tobytes() for word in words)))


def cells_of(kind: str, data: memoryview, count: int) -> list[Any]:
    """Read the `count` cells of a column. Raises `ValueError` for bytes that no such column can have."""
    length = int.from_bytes(data[:8], "little")
    try:
        form, said, lengths = json.loads(bytes(data[8 : 8 + length]))
        words = _words(data[8 + length :], lengths)
        cells = _cells(form, said, words, count)
    except (IndexError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no column: {error}") from None
    if not isinstance(cells, list) or len(cells) != count:
        raise ValueError("a column of another length")
    check_cells(kind, cells)
    return cells


def _words(data: memoryview, lengths: Sequence[Any]) -> list[array[Any]]:
    found, at = [], 0
    for kind, count in lengths:
        size = count * _WORDS[kind]
        if count < 0 or at + size > len(data):
            raise ValueError("a column that is cut short")
        words: array[Any] = array(kind)
        words.frombytes(data[at : at + size])
        found.append(words)
        at += size
    if at != len(data):
        raise ValueError("more than a column")
    return found


def _cells(form: str, said: Any, words: list[array[Any]], count: int) -> Any:
    match form, words:
        case "Same", []:
            return [said] * count
        case "Plain", []:
            return said
        case "Coded", [codes] if isinstance(said, list) and codes.typecode in "BHI":
            return Coded(codes, said).part(0, len(codes))
        case "Numbers", [numbers] if numbers.typecode in "Hiq":
            return Numbers(numbers, nulls=bool(said)).part(0, len(numbers))
        case "Floats", [floats] if floats.typecode == "d":
            return Floats(floats).part(0, len(floats))
        case "NumberLists", [counts, flat] if counts.typecode == "i" and flat.typecode in "Hiq":
            if any(each < -1 for each in counts) or sum(counts) + counts.count(-1) != len(flat):
                raise ValueError("lists of other lengths")
            return NumberLists(counts, flat).part(0, len(counts))
    raise ValueError("a column of no known form")


def check_cells(kind: str, cells: list[Any]) -> None:
    """Raise `ValueError` unless all cells are of the column's kind, whoever wrote them."""
    none = type(None)
    if kind == "dict":
        fine = set(map(type, cells)) <= {dict, none}
    elif kind in {"strs", "ints"}:
        fine = set(map(type, cells)) <= {list, none}
        inside = chain.from_iterable(cell for cell in cells if cell)
        fine = fine and set(map(type, inside)) <= _TYPES[kind]
    else:
        fine = set(map(type, cells)) <= {*_TYPES[kind], none}
    if not fine:
        raise ValueError(f"cells that are no {kind}")
    if kind in {"int", "time", "ints"}:
        listed = (cell for cell in cells if cell is not None)
        numbers = chain.from_iterable(listed) if kind == "ints" else listed
        if any(not NULL < number < -NULL for number in numbers):
            raise ValueError("a number beyond 64 bits")
