"""A column in CSV is what each of its cells is in CSV."""

from __future__ import annotations

import csv
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.column_cells import CELLS

from analyzer.report.cells import csv_cell
from analyzer.report.export import rows_as_csv
from analyzer.tables.schema import Column

FORMULAS = st.sampled_from(["=1", "+1", "-1", "@a", "\t=", "-62135596801.5", '"', ","])


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, list[Any]]:
    """A kind, and cells of it, also text that a spreadsheet would run, and times before all calendars."""
    kind = draw(st.sampled_from(sorted(CELLS)))
    more = {"str": FORMULAS, "category": FORMULAS, "time": st.integers(-(1 << 63) + 1, -(1 << 61))}
    return kind, draw(st.lists(CELLS[kind] | more.get(kind, st.none()) | st.none(), max_size=9))


@given(columns())
def test_cells_are_written_one_by_one(made: tuple[str, list[Any]]) -> None:
    """Whatever is done for a whole column at once."""
    kind, cells = made
    column = Column("x", kind, "")
    lines = rows_as_csv([column], {"x": cells}, range(len(cells)))
    found = [cell for (cell,) in csv.reader(lines)]
    assert found == ["x", *(csv_cell(column, cell) for cell in cells)]
