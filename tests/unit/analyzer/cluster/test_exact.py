"""What is written is read back, cell by cell, whatever the wire or a file system puts into it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.column_cells import CELLS

from analyzer.analysis import read
from analyzer.cluster import exact
from analyzer.cluster.exact import exact_columns, write_exact
from analyzer.errors import UsageError
from analyzer.tables.parquet import ROW_GROUP, duckdb_for_rows
from analyzer.tables.schema import Column, Table

ROOT = Path(__file__).resolve().parents[4]
KINDS = Table("kinds", "one cell of each kind", tuple(Column(kind, kind, "") for kind in CELLS))


def through_a_file(table: Table, columns: dict[str, Any], count: int) -> dict[str, list[Any]]:
    """Write and read back."""
    found: dict[str, list[Any]] = {name: [] for name in table.names}
    with TemporaryDirectory() as folder, duckdb_for_rows(Path(folder, "spill")) as database:
        path = Path(folder, "rows.parquet")
        write_exact(table, columns, range(count), path, database)
        for part in exact_columns(database, table, path):
            for name, cells in part.items():
                found[name] += cells
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(*(st.none() | cell for cell in CELLS.values())), min_size=1, max_size=8))
def test_cells_of_every_kind(rows: list[tuple[Any, ...]]) -> None:
    """Lone surrogates, NUL and marks of our own among them."""
    columns = {
        name: list(cells) for name, cells in zip(CELLS, zip(*rows, strict=True), strict=True)
    }
    assert through_a_file(KINDS, columns, len(rows)) == columns


@pytest.mark.parametrize("count", [ROW_GROUP + 1234, 3000, 3001, 999, 1])
def test_more_rows_than_a_row_group(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """In their order, read in several parts, the last of which may be full."""
    monkeypatch.setattr(exact, "ROW_GROUP", 1000)
    columns = {
        column.name: list(range(count)) if column.kind in {"int", "time"} else [None] * count
        for column in KINDS.columns
    }
    assert through_a_file(KINDS, columns, count) == columns


def test_tables_of_our_captures() -> None:
    """All tables of a few of each carrier."""
    analysis = read(sorted((ROOT / "captures").glob("*/*/capture.pcapng"))[::17])
    for name, table in analysis.tables.schema.items():
        columns = analysis.tables.columns[name]
        count = len(next(iter(columns.values())))
        if count:
            found = through_a_file(table, dict(columns), count)
            assert found == {column: list(cells) for column, cells in columns.items()}, name


def test_what_is_no_parquet_file_is_told(tmp_path: Path) -> None:
    """In one line."""
    path = tmp_path / "x.parquet"
    path.write_bytes(b"nothing of the kind")
    with (
        duckdb_for_rows(tmp_path) as database,
        pytest.raises(UsageError, match=r"x\.parquet: ") as told,
    ):
        list(exact_columns(database, KINDS, path))
    assert "\n" not in str(told.value)


def test_an_interrupt_stays_one(tmp_path: Path) -> None:
    """DuckDB takes Ctrl-C for an error of its own."""

    class Interrupted:
        def execute(self, *_: Any) -> Any:
            raise RuntimeError("Query interrupted")

    with pytest.raises(KeyboardInterrupt):
        list(exact_columns(Interrupted(), KINDS, tmp_path))  # type: ignore[arg-type]
