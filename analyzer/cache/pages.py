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


def block_of(kind: str, data: memoryview, count: int) -> Block:
    """Read a column of `count` cells as one block. `ValueError` for bytes that no such column can have."""
    length = int.from_bytes(data[:8], "little")
    try:
        form, said, lengths = json.loads(bytes(data[8 : 8 + length]))
        return _block(kind, form, said, _words(data[8 + length :], lengths), count)
    except (IndexError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"no column: {error}") from None


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


def _block(kind: str, form: str, said: Any, words: list[array[Any]], count: int) -> Block:
    """The block, when all that can be asked of it would be a cell of the kind."""
    match form, words:
        case "Same", []:
            check_cells(kind, [said])
            return Same(said)
        case "Plain", [] if isinstance(said, list):
            check_cells(kind, said)
            return _of_length(count, len(said), Plain(said))
        case "Coded", [codes] if isinstance(said, list) and codes.typecode in "BHI":
            check_cells(kind, said)
            if _beyond(codes, len(said)):
                raise ValueError("a code without a value")
            return _of_length(count, len(codes), Coded(codes, said))
        case "Numbers", [numbers] if kind in {"int", "time"} and numbers.typecode in "Hiq":
            if not said and numbers.typecode == "q" and NULL in numbers:
                raise ValueError("a number beyond 64 bits")
            return _of_length(count, len(numbers), Numbers(numbers, nulls=bool(said)))
        case "Floats", [floats] if kind == "float" and floats.typecode == "d":
            return _of_length(count, len(floats), Floats(floats))
        case "NumberLists", [counts, flat] if kind == "ints" and counts.typecode == "i":
            if flat.typecode not in "Hiq" or (flat.typecode == "q" and NULL in flat):
                raise ValueError("lists of no numbers")
            if counts and (min(counts) < -1 or sum(counts) + counts.count(-1) != len(flat)):
                raise ValueError("lists of other lengths")
            return _of_length(count, len(counts), NumberLists(counts, flat))
    raise ValueError("a column of no known form")


def _beyond(codes: array[int], count: int) -> bool:
    """Whether any code is none of so many."""
    if codes.typecode == "B":
        return bool(codes.tobytes().translate(None, bytes(range(min(count, 256)))))
    return bool(codes) and max(codes) >= count


def _of_length(wanted: int, found: int, block: Block) -> Block:
    if wanted != found:
        raise ValueError("a column of another length")
    return block


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
