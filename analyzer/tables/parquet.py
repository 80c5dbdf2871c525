"""Parquet files, written and read through DuckDB.

Rows go there some at a time: DuckDB holds what it has room for, puts the rest into a folder beside the file,
and writes row group by row group. A file appears whole or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

from analyzer.tables.duckdb_errors import errors_about
from analyzer.tables.packed import BLOCK, Cells
from analyzer.tables.sql_rows import sql_arrays, typed

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns
    from analyzer.tables.schema import Column, Table

ROW_GROUP = 4 * BLOCK
"""Rows that are held as objects at once, and that a row group has."""
MEMORY = "256MB"  # for what DuckDB holds besides

Arrays = Callable[[Sequence["Column"], Mapping[str, Sequence[Any]]], dict[str, Any]]
"""What makes an array of each column's cells, by name."""


def write_parquet(
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    rows: Sequence[int],
    names: Sequence[str],
    path: Path,
    arrays: Arrays = sql_arrays,
    connection: duckdb.DuckDBPyConnection | None = None,
) -> None:
    """Write chosen rows and columns as one zstd-compressed Parquet file. Raises `UsageError` if it can't.

    The types follow from the schema alone, also in empty columns. Times are UTC, dicts are JSON text.
    `arrays` makes arrays of cells; by default their text is fit to be shown. A `connection` to be used for
    many small files spares the time in which one is made.
    """
    by_name = {column.name: column for column in table.columns}
    chosen = [by_name[name] for name in names]
    with errors_about(path):
        if path.exists() and not path.is_file():  # a pipe or device can't be replaced
            with TemporaryDirectory(prefix=".negoscope-") as folder:
                _write(chosen, columns, rows, Path(folder), path, arrays, connection)
            return
        target = Path(os.path.realpath(path))  # a link stays a link
        with TemporaryDirectory(prefix=".negoscope-", dir=target.parent) as folder:
            made = Path(folder, "rows.parquet")
            _write(chosen, columns, rows, Path(folder), made, arrays, connection)
            made.replace(target)


def _write(
    chosen: Sequence[Column],
    columns: Mapping[str, Sequence[Any]],
    rows: Sequence[int],
    folder: Path,
    path: Path,
    arrays: Arrays,
    given: duckdb.DuckDBPyConnection | None,
) -> None:
    few = len(rows) <= ROW_GROUP
    source = "rows_of" if few else "staged"
    own = duckdb_for_rows(folder / "rows") if given is None else given.cursor()
    with own as connection:
        for begin in range(0, max(len(rows), 1), ROW_GROUP):
            part = rows[begin : begin + ROW_GROUP]
            cells = {column.name: _picked(columns[column.name], part) for column in chosen}
            connection.register("rows_of", arrays(chosen, cells))
            if not few:
                how = f"INSERT INTO {source}" if begin else f"CREATE TABLE {source} AS"
                connection.execute(f"{how} SELECT {typed(chosen)} FROM rows_of")  # noqa: S608 - our names
                connection.unregister("rows_of")
        target = str(path).replace("'", "''")
        connection.execute(
            f"COPY (SELECT {typed(chosen)} FROM {source}) TO '{target}' "  # noqa: S608 - our names
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
        )
        connection.unregister("rows_of")
        connection.execute("DROP TABLE IF EXISTS staged")


def duckdb_for_rows(spill: Path) -> duckdb.DuckDBPyConnection:
    """Connect to a database in little memory; what has no room there goes to the folder `spill`."""
    settings = {"memory_limit": MEMORY, "temp_directory": str(spill), "threads": "1"}
    return duckdb.connect(config={**settings})


def _picked(cells: Sequence[Any], rows: Sequence[int]) -> Sequence[Any]:
    if isinstance(rows, range) and rows.step == 1:
        if isinstance(cells, Cells) and rows.start % BLOCK == 0:
            return cells.window(rows.start, rows.stop)
        return cells[rows.start : rows.stop]
    return [cells[row] for row in rows]


def names_in_parquet(path: Path) -> set[str]:
    """Names of its columns. `UsageError` if it is no Parquet file."""
    with errors_about(path), duckdb.connect() as connection:
        asked = "SELECT name FROM parquet_schema(?)"
        return {name for (name,) in connection.execute(asked, [str(path)]).fetchall()}


def read_parquet(path: Path, names: Sequence[str]) -> Columns:
    """Columns of a Parquet file, in its order. `UsageError` if it lacks one, or is none."""
    chosen = ", ".join(f'"{name}"' for name in names)
    with errors_about(path), duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT {chosen} FROM read_parquet(?)",  # noqa: S608 - names of ours
            [str(path)],
        ).fetchall()
    cells = zip(*rows, strict=True) if rows else ([] for _ in names)
    return {name: list(values) for name, values in zip(names, cells, strict=True)}
