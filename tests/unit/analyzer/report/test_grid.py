"""Tables that fit their room."""

from __future__ import annotations

import pytest

from analyzer.report.grid import GridColumn, layout, render, shorten, width_of


def columns() -> list[GridColumn]:
    """A table with something to give up."""
    return [
        GridColumn("id", ["1", "2"], right=True),
        GridColumn("client", ["10.0.0.1", "10.0.0.2"]),
        GridColumn("reason", ["a rather long explanation of what happened", "short"], keep=2),
        GridColumn("extra", ["x" * 30, ""], keep=4),
        GridColumn("empty", ["", ""], keep=3),
    ]


@pytest.mark.parametrize("room", [30, 40, 60, 80, 200])
def test_no_line_is_wider_than_the_room(room: int) -> None:
    """Whatever the terminal, nothing wraps."""
    assert all(width_of(line) <= room for line in render(columns(), room))


def test_important_columns_stay() -> None:
    """Columns of importance 1 are shown in any room, empty ones never."""
    shown = {column.heading for column, _ in layout(columns(), 24)}
    assert {"id", "client"} <= shown
    assert "extra" not in shown
    assert "empty" not in {column.heading for column, _ in layout(columns(), None)}


def test_without_a_limit_nothing_is_cut() -> None:
    """Output into a file holds every cell whole."""
    lines = render(columns(), None)
    assert "a rather long explanation of what happened" in lines[2]
    assert "…" not in "".join(lines)


def test_wide_and_combining_characters() -> None:
    """Cells are measured as terminals draw them."""
    assert width_of("日本") == 4
    assert width_of("e\u0301") == 1
    assert shorten("日本語", 5) == "日本…"
    assert shorten("abc", 3) == "abc"
