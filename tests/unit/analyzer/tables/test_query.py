"""Conditions and Parquet files through DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from analyzer.errors import UsageError
from analyzer.tables import query
from analyzer.tables.collect import Tables
from analyzer.tables.schema import TABLES

CAPTURES = TABLES["captures"]


def captures(*, empty: bool = False) -> Tables:
    """A table whose only row holds nearly nothing, or not even that."""
    tables = Tables()
    if not empty:
        tables.unreadable("a.pcap", "not a capture")
    return tables


@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize("name", TABLES)
def test_parquet_types_follow_from_the_schema(name: str, empty: bool, tmp_path: Path) -> None:
    """Files of many captures can be read together only if null columns have a type as well."""
    table, path = TABLES[name], tmp_path / "out.parquet"
    columns = captures(empty=empty).columns[name]
    rows = list(range(len(columns[table.names[0]])))
    query.write_parquet(table, columns, rows, list(table.names), path)
    with duckdb.connect() as connection:
        found = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
    assert [(row[0], row[1]) for row in found] == [
        (column.name, query.SQL_TYPES[column.kind]) for column in table.columns
    ]


def test_a_condition_finds_rows_also_by_empty_columns() -> None:
    """A column without any value is still text, and can be compared as such."""
    columns = captures().columns["captures"]
    assert query.rows_where(CAPTURES, columns, "format IS NULL AND error LIKE 'not%'") == [0]
    assert query.rows_where(CAPTURES, columns, "format LIKE 'pcap%'") == []


@pytest.mark.parametrize(
    "condition",
    ["1=1) OR (1=1", "1=1) --", "1=1 /*", "1=1; SELECT 1", "1=1 UNION SELECT 1", "1=1, 2=2", ""],
)
def test_a_condition_stands_alone(condition: str) -> None:
    """Nothing may close the query's parentheses or add to the query."""
    with pytest.raises(UsageError, match="--where: "):
        query.rows_where(CAPTURES, captures().columns["captures"], condition)


def test_a_condition_without_end_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slip in a condition must not hold the terminal for ever."""
    monkeypatch.setattr(query, "SECONDS", 0.2)
    endless = "(SELECT sum(a.range * b.range % 7) FROM range(1000000000) a, range(1000000) b) + packets > 1"
    with pytest.raises(UsageError, match="not done after"):
        query.rows_where(CAPTURES, captures().columns["captures"], endless)
