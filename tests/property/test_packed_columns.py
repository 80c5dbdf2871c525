"""A packed column reads as the list that it was made of, becomes the same frame, and survives being kept."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.column_cells import CELLS
from support.small_blocks import small_blocks

from analyzer.cache.pages import block_of, column_bytes
from analyzer.tables.frame import to_frame
from analyzer.tables.packed import Cells
from analyzer.tables.schema import Column, Table


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """A kind, and cells of it of which some repeat."""
    kind = draw(st.sampled_from(sorted(CELLS)))
    few = draw(st.lists(CELLS[kind] | st.none(), min_size=1, max_size=4))
    return kind, draw(st.lists(st.sampled_from(few) | CELLS[kind], max_size=14))


def packed(kind: str, cells: list[Any], cuts: list[int]) -> Cells:
    """Cells that came some at a time."""
    column = Cells(kind)
    for begin, end in pairwise([0, *sorted(min(cut, len(cells)) for cut in cuts), len(cells)]):
        column.extend(cells[begin:end])
    return column


@given(columns(), st.lists(st.integers(0, 14), max_size=3), st.slices(14))
def test_it_reads_like_a_list(column: tuple[str, list[Any]], cuts: list[int], part: slice) -> None:
    """Cell by cell, by slices, from the end, and as a whole; a float is that float, an int that int."""
    kind, cells = column
    with small_blocks():
        made = packed(kind, cells, cuts)
        assert len(made) == len(cells)
        assert list(map(repr, made)) == list(map(repr, cells))
        assert list(map(repr, made[part])) == list(map(repr, cells[part]))
        for place in range(-len(cells), len(cells)):
            assert made[place] == cells[place]
        for place in (len(cells), -len(cells) - 1):
            with pytest.raises(IndexError):
                made[place]
        assert made == cells
        assert (made != [*cells, None]) is True
        begin = min(4, len(cells))
        assert list(made.window(begin, len(cells))) == cells[begin:]
        for begin in range(0, len(cells), 4):  # block by block, the last one is not packed
            stretch = made.by_place(begin, min(begin + 4, len(cells)))
            here = cells[begin : begin + 4]
            assert [repr(stretch[place]) for place in range(len(here))] == list(map(repr, here))


@given(columns(), st.lists(st.integers(0, 14), max_size=3))
def test_it_becomes_the_same_frame(column: tuple[str, list[Any]], cuts: list[int]) -> None:
    """Packed or not: dtypes, categories, missing values, what is made visible."""
    kind, cells = column
    table = Table("t", "a row", (Column("x", kind, ""),))
    plain = to_frame(table, {"x": cells})
    with small_blocks():
        pd.testing.assert_frame_equal(to_frame(table, {"x": packed(kind, cells, cuts)}), plain)


@given(columns())
def test_it_survives_being_kept(column: tuple[str, list[Any]]) -> None:
    """Its bytes give the same cells: where it stays packed, behind others, and before others."""
    kind, cells = column
    block = block_of(kind, memoryview(column_bytes(kind, cells)), len(cells))
    with small_blocks():
        made = Cells(kind)
        for count in (1, 2):
            made.take(block, len(cells))
            assert list(map(repr, made)) == list(map(repr, cells * count))
        made.extend([*cells, None, None, None, None])
        assert list(map(repr, made)) == list(map(repr, [*cells * 3, None, None, None, None]))


@given(columns(), st.data())
def test_damaged_bytes_are_refused_or_give_cells_of_the_kind(
    column: tuple[str, list[Any]], data: st.DataObject
) -> None:
    """Whatever was written there: a `ValueError`, or cells that every reader of the column takes."""
    kind, cells = column
    raw = bytearray(column_bytes(kind, cells))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    try:
        found = block_of(kind, memoryview(raw)[:cut], len(cells)).part(0, len(cells))
    except ValueError:
        return
    assert len(found) == len(cells)
    to_frame(Table("t", "a row", (Column("x", kind, ""),)), {"x": found})
