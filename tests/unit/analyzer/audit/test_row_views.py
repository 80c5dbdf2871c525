"""Rows as rules read them: the cells of the table, and no more of it unpacked than was asked for."""

from __future__ import annotations

from array import array

from analyzer.audit.row_views import row_views
from analyzer.tables.blocks import NumberLists
from analyzer.tables.packed import BLOCK, Cells


def table(count: int) -> dict[str, Cells]:
    """Two columns of `count` rows."""
    columns = {"frame": Cells("int"), "frames": Cells("ints")}
    columns["frame"].extend(range(count))
    columns["frames"].extend([n, n + 1] for n in range(count))
    return columns


def test_rows_have_the_cells_of_the_table() -> None:
    """In its order, over packed blocks and the rest."""
    count = 2 * BLOCK + 5
    rows = list(row_views(table(count)))
    assert [row.frame for row in rows] == list(range(count))
    assert rows[BLOCK].frames == [BLOCK, BLOCK + 1]
    assert rows[-1].frames == [count - 1, count]


def test_a_table_without_rows_has_none() -> None:
    """Nor one without columns."""
    assert not list(row_views(table(0)))
    assert not list(row_views({}))


def test_rows_that_are_passed_over_are_not_made() -> None:
    """Only those with one of some values in a column, or with any, in the table's order over all stretches."""
    columns = table(2 * BLOCK) | {"user": Cells("str")}
    columns["user"].extend(["ada" if n % BLOCK == 1 else None for n in range(2 * BLOCK)])
    some = [3, BLOCK, BLOCK + 2]
    assert [row.frame for row in row_views(columns, "frame", set(some))] == some
    assert [row.frame for row in row_views(columns, "user")] == [1, BLOCK + 1]
    assert not list(row_views(columns, "user", {"bob"}))
    assert not list(row_views({}, "user"))


def test_a_column_that_nobody_asks_for_stays_packed() -> None:
    """What is asked of one row is there for its neighbours; rows of other stretches share nothing."""
    first, second, *_, last = row_views(table(BLOCK + 1))
    assert (first.frame, second.frame) == (0, 1)
    assert first._stretch is second._stretch
    assert list(first._stretch) == [0]
    assert list(last._stretch) == []


def test_numbers_stay_packed() -> None:
    """Rows that a rule keeps would else hold an object for each number of their stretch."""
    first, *_ = row_views(table(BLOCK))
    assert (first.frame, first.frames) == (0, [0, 1])
    frame, frames = first._stretch.values()
    assert isinstance(frame, array)
    assert isinstance(frames, NumberLists)
