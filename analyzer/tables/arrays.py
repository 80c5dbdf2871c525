"""Columns as numpy arrays, made of packed blocks (`packed`) as they are, without a Python object per cell.

What frames, SQL and Parquet files begin with. Their text gets shown in terminals and notebooks, so it is made
visible here; JSON rows keep it as it was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.tables.blocks import NULL, Coded, Floats, Numbers, Same
from analyzer.tables.packed import BLOCK, Cells
from dissectors.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from analyzer.tables.blocks import Block


def shown(values: Sequence[Any]) -> list[Any]:
    """Text that is safe to print; None stays."""
    return [None if value is None else visible(value) for value in values]


def shown_inside(value: Any) -> Any:
    """A list or dict whose text is safe to print."""
    if isinstance(value, list):
        return [visible(item) if isinstance(item, str) else item for item in value]
    if isinstance(value, dict):
        return {
            visible(key): visible(item) if isinstance(item, str) else item
            for key, item in value.items()
        }
    return value


def _pieces(cells: Sequence[Any]) -> Iterator[tuple[slice, Block | Sequence[Any]]]:
    """Blocks, or lists, of a column, and which rows they are."""
    at = 0
    for piece in cells.blocks() if isinstance(cells, Cells) else (cells,):
        count = len(piece) if isinstance(piece, Sequence) else BLOCK
        yield slice(at, at + count), piece
        at += count


def numbers(cells: Sequence[Any]) -> NDArray[np.int64]:
    """Integers, or nanoseconds; `NULL` for None."""
    made = np.empty(len(cells), np.int64)
    for rows, piece in _pieces(cells):
        if isinstance(piece, Numbers):
            made[rows] = np.frombuffer(piece.values, piece.values.typecode)
        elif isinstance(piece, Same):
            made[rows] = NULL if piece.value is None else piece.value
        else:
            made[rows] = [NULL if cell is None else cell for cell in _listed(piece)]
    return made


def floats(cells: Sequence[Any]) -> NDArray[np.float64]:
    """Floats; NaN for None."""
    made = np.empty(len(cells), np.float64)
    for rows, piece in _pieces(cells):
        if isinstance(piece, Floats):
            made[rows] = np.frombuffer(piece.values, np.float64)
        else:
            made[rows] = [np.nan if cell is None else cell for cell in _listed(piece)]
    return made


def truths(cells: Sequence[Any]) -> NDArray[np.int8]:
    """1, 0, or -1 for None."""
    made = np.empty(len(cells), np.int8)
    for rows, piece in _pieces(cells):
        made[rows] = [-1 if cell is None else cell for cell in _listed(piece)]
    return made


def objects(
    cells: Sequence[Any], show: Callable[[Any], Any], *, shared: bool = False
) -> NDArray[np.object_]:
    """Cells as Python objects; repeated ones are one object, `shared` also where they are not packed yet."""
    made = np.empty(len(cells), np.object_)
    known: NDArray[np.object_] | None = None
    shown_objects = _shown_each if shared else _shown_objects
    for rows, piece in _pieces(cells):
        if isinstance(piece, Coded) and len(piece.values) <= BLOCK:
            if known is None:  # all blocks of a column have the same values
                known = _shown_objects(piece.values, show)
            made[rows] = known[np.frombuffer(piece.codes, piece.codes.typecode)]
        elif isinstance(piece, Same) and piece.value is None:
            made[rows] = None
        else:
            made[rows] = shown_objects(_listed(piece), show)
    return made


def as_they_are(cells: Sequence[Any]) -> NDArray[np.object_]:
    """The cells themselves, of whatever kind."""
    return np.fromiter(cells, np.object_, len(cells))


def _shown_objects(cells: Sequence[Any], show: Callable[[Any], Any]) -> NDArray[np.object_]:
    shown_ = (None if cell is None else show(cell) for cell in cells)
    return np.fromiter(shown_, np.object_, len(cells))


def _shown_each(cells: Sequence[Any], show: Callable[[Any], Any]) -> NDArray[np.object_]:
    """As `_shown_objects`, but an object that is many cells is shown once."""
    ids = list(map(id, cells))
    objects_ = dict(zip(ids, cells, strict=True))
    places = dict(zip(objects_, range(len(objects_)), strict=True))
    return _shown_objects(list(objects_.values()), show)[list(map(places.__getitem__, ids))]


def codes_and_texts(cells: Sequence[Any]) -> tuple[NDArray[np.int32], list[str]]:
    """For each cell the place of its text among the sorted texts, -1 for None; and these texts."""
    raw: dict[Any, int] = {}
    made = np.empty(len(cells), np.int32)
    known: NDArray[np.int32] | None = None
    for rows, piece in _pieces(cells):
        if isinstance(piece, Coded):
            if known is None:
                known = np.array([raw.setdefault(v, len(raw)) for v in piece.values], np.int32)
            made[rows] = known[np.frombuffer(piece.codes, piece.codes.typecode)]
        elif isinstance(piece, Same):
            made[rows] = raw.setdefault(piece.value, len(raw))
        else:
            made[rows] = [raw.setdefault(cell, len(raw)) for cell in _listed(piece)]
    texts = shown(list(raw))
    categories = sorted({text for text in texts if text is not None})
    places = {None: -1} | {text: place for place, text in enumerate(categories)}
    codes = np.array([places[text] for text in texts], np.int32)
    return codes[made] if len(made) else made, categories


def _listed(piece: Block | Sequence[Any]) -> Sequence[Any]:
    return piece if isinstance(piece, Sequence) else piece.part(0, BLOCK)
