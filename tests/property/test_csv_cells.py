"""A column in CSV is what each of its cells is in CSV."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.column_cells import CELLS

from analyzer.report.cells import csv_cell
from analyzer.report.export import rows_as_csv
from analyzer.tables.schema import Column

FORMULAS = st.sampled_from(["=1", "+1", "-1", "@a", "\t=", "-62135596801.5", '"', ","])


MORE = {"str": FORMULAS, "category": FORMULAS, "time": st.integers(-(1 << 63) + 1, -(1 << 61))}
"""Text that a spreadsheet would run, and times before all calendars."""


@pytest.mark.parametrize("kind", CELLS)
@given(data=st.data())
def test_cells_are_written_one_by_one(kind: str, data: st.DataObject) -> None:
    """Whatever is done for a whole column at once."""
    one = CELLS[kind] | MORE.get(kind, st.none()) | st.none()
    cells: list[Any] = data.draw(st.lists(one, max_size=4))
    column = Column("x", kind, "")
    lines = rows_as_csv([column], {"x": cells}, range(len(cells)))
    found = [cell for (cell,) in csv.reader(lines)]
    assert found == ["x", *(csv_cell(column, cell) for cell in cells)]
