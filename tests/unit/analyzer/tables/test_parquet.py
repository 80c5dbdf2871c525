"""Parquet files: types of the schema, rows a group at a time, and whole or not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from support.small_blocks import small_blocks

from analyzer.analysis import read
from analyzer.errors import UsageError
from analyzer.tables import parquet
from analyzer.tables.collect import Tables
from analyzer.tables.packed import Cells
from analyzer.tables.schema import TABLES
from analyzer.tables.sql_rows import SQL_TYPES, sql_arrays

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
OFFERS = TABLES["offers"]


def offers(count: int) -> Tables:
    """A table of that many rows."""
    tables = Tables()
    for at in range(count):
        owner = at if at % 3 else None
        row = ["a.pcap", owner, "c", f"s{at % 2}", "smb2", "client", at, "ntlm", None]
        tables.add("offers", [*row, at % 2 == 0, False, at, at, 10**18 + at, None])
    return tables


def rows_in(path: Path) -> list[tuple[Any, ...]]:
    """Rank, negotiation and server of each row."""
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT rank, negotiation_id, server, epoch_ns(ts) FROM '{path}'"
        ).fetchall()


@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize("name", TABLES)
def test_parquet_types_follow_from_the_schema(name: str, empty: bool, tmp_path: Path) -> None:
    """Files of many captures can be read together only if null columns have a type as well."""
    tables = Tables()
    if not empty:
        tables.unreadable("a.pcap", "not a capture")
    table, path = TABLES[name], tmp_path / "out.parquet"
    columns = tables.columns[name]
    parquet.write_parquet(table, columns, range(len(columns[table.names[0]])), table.names, path)
    with duckdb.connect() as connection:
        found = connection.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
    assert [(row[0], row[1]) for row in found] == [
        (column.name, SQL_TYPES[column.kind]) for column in table.columns
    ]


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 17, 30])
@pytest.mark.parametrize("rows", ["all", "even"])
def test_rows_keep_their_order_over_groups(count: int, rows: str, tmp_path: Path) -> None:
    """All of them, or those that were chosen; packed or not."""
    with small_blocks():
        columns = offers(count).columns["offers"]
        chosen = range(count) if rows == "all" else list(range(0, count, 2))
        path = tmp_path / "out.parquet"
        parquet.write_parquet(OFFERS, columns, chosen, OFFERS.names, path)
    assert rows_in(path) == [
        (at, at if at % 3 else None, f"s{at % 2}", 10**18 + at) for at in chosen
    ]
    assert [made.name for made in tmp_path.iterdir()] == ["out.parquet"]


def test_only_a_group_of_rows_is_unpacked_at_once(tmp_path: Path) -> None:
    """However many there are."""
    seen: list[int] = []

    def counted(chosen: Any, cells: Any) -> Any:
        seen.append(max(map(len, cells.values())))
        return sql_arrays(chosen, cells)

    with small_blocks():
        columns = offers(50).columns["offers"]
        path = tmp_path / "out.parquet"
        parquet.write_parquet(OFFERS, columns, range(50), OFFERS.names, path, arrays=counted)
    assert seen == [8] * 6 + [2]
    assert isinstance(columns["rank"], Cells)


def test_a_table_of_all_captures_is_the_frame(tmp_path: Path) -> None:
    """pandas reads what it would have been told, but for lists and missing values."""
    analysis = read(CAPTURES / "smb")
    analysis.to_parquet(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{name}.parquet" for name in TABLES
    }
    for name in ("negotiations", "kdc", "findings"):
        with duckdb.connect() as connection:
            source = tmp_path / "out" / f"{name}.parquet"
            found = connection.execute(f"SELECT * FROM '{source}'").df()
        frame = analysis.frame(name)
        assert list(found.columns) == list(frame.columns)
        assert len(found) == len(frame) > 0
        for column in TABLES[name].columns:
            if column.kind in {"str", "category", "int"}:
                ours, theirs = (
                    [None if pd.isna(cell) else cell for cell in each[column.name]]
                    for each in (frame, found)
                )
                assert theirs == ours, column.name


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_what_was_there_stays_when_writing_fails(
    failure: type[BaseException], tmp_path: Path
) -> None:
    """An interrupt leaves neither half a file nor a rest of it."""
    path = tmp_path / "out.parquet"
    path.write_bytes(b"old")
    turns: list[int] = []

    def failing(chosen: Any, cells: Any) -> Any:
        turns.append(1)
        if len(turns) == 3:
            raise failure
        return sql_arrays(chosen, cells)

    columns = offers(50).columns["offers"]
    with small_blocks(), pytest.raises(failure):
        parquet.write_parquet(OFFERS, columns, range(50), OFFERS.names, path, arrays=failing)
    assert [(made.name, made.read_bytes()) for made in tmp_path.iterdir()] == [
        ("out.parquet", b"old")
    ]


def test_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    """In one line that names the file."""
    columns = offers(1).columns["offers"]
    with pytest.raises(UsageError, match=r"out\.parquet: No such file or directory"):
        parquet.write_parquet(
            OFFERS, columns, range(1), OFFERS.names, tmp_path / "none" / "out.parquet"
        )
