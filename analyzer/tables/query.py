"""SQL over the tables, and Parquet, through DuckDB; the only module that imports it.

The connection may not touch files, the network or its own settings while it runs a user's condition.
"""

from __future__ import annotations

from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from analyzer.errors import UsageError
from analyzer.tables.frame import to_frame
from analyzer.tables.schema import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.tables.collect import Columns

SECONDS = 60  # that a condition may take

SQL_TYPES = {
    "str": "VARCHAR",
    "category": "VARCHAR",
    "int": "BIGINT",
    "float": "DOUBLE",
    "bool": "BOOLEAN",
    "time": "TIMESTAMP_NS",
    "strs": "VARCHAR[]",
    "ints": "BIGINT[]",
    "dict": "VARCHAR",
}
"""Kind of column -> DuckDB type."""


def rows_where(table: Table, columns: Columns, condition: str) -> list[int]:
    """Numbers of the rows for which the SQL condition over the columns is true.

    Raises `UsageError` with DuckDB's first line if the condition is no valid SQL, and if it takes too long.
    """
    connection = duckdb.connect(
        config={"enable_external_access": "false", "autoinstall_known_extensions": "false"}
    )
    try:
        connection.execute("SET lock_configuration = true")
        connection.register("rows_of", _plain(table, columns))
        _parse_alone(connection, condition)
        query = (
            f"SELECT row_number_ FROM (SELECT {_typed(table.columns)}, row_number_ FROM rows_of) "  # noqa: S608
            f"WHERE CAST(({condition}\n) AS BOOLEAN) ORDER BY row_number_"
        )
        statements = connection.extract_statements(query)
        if len(statements) != 1:
            raise UsageError("--where: one condition only")
        limit = Timer(SECONDS, connection.interrupt)
        limit.daemon = True
        limit.start()
        try:
            return [int(row[0]) for row in connection.execute(statements[0]).fetchall()]
        finally:
            limit.cancel()
    except duckdb.InterruptException:
        raise UsageError(f"--where: not done after {SECONDS} seconds") from None
    except duckdb.Error as error:
        first = str(error).strip().splitlines()[0]
        raise UsageError(f"--where: {first}") from None
    finally:
        connection.close()


def _parse_alone(connection: duckdb.DuckDBPyConnection, condition: str) -> None:
    """Refuse text that only parses inside the query's own parentheses, such as `1=1) OR (1=1`."""
    if len(connection.extract_statements(f"SELECT {condition}\n")) != 1:
        raise UsageError("--where: one condition only")


def _typed(columns: Sequence[Column]) -> str:
    """Select list that gives each column the type of its kind, also where it holds no value."""
    return ", ".join(
        f'CAST("{column.name}" AS {SQL_TYPES[column.kind]}) AS "{column.name}"'
        for column in columns
    )


def write_parquet(
    table: Table, columns: Columns, rows: list[int], names: list[str], path: Path
) -> None:
    """Write chosen rows and columns as one zstd-compressed Parquet file. Raises `UsageError` if it can't.

    The types follow from the schema alone, also in empty columns. Times are UTC, dicts are JSON text.
    """
    connection = duckdb.connect()
    try:
        frame = _plain(table, columns).iloc[rows]
        connection.register("rows_of", frame)
        by_name = {column.name: column for column in table.columns}
        chosen = _typed([by_name[name] for name in names])
        target = str(path).replace("'", "''")
        connection.execute(
            f"COPY (SELECT {chosen} FROM rows_of) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608
        )
    except duckdb.Error as error:
        raise UsageError(f"{path}: {str(error).strip().splitlines()[0]}") from None
    finally:
        connection.close()


def read_parquet(path: Path, names: Sequence[str]) -> Columns:
    """Columns of a Parquet file, in its order. `UsageError` if it lacks one, or is none."""
    connection = duckdb.connect()
    chosen = ", ".join(f'"{name}"' for name in names)
    try:
        rows = connection.execute(
            f"SELECT {chosen} FROM read_parquet(?)",  # noqa: S608 - names of ours
            [str(path)],
        ).fetchall()
    except duckdb.Error as error:
        raise UsageError(f"{path}: {str(error).strip().splitlines()[0]}") from None
    finally:
        connection.close()
    cells = zip(*rows, strict=True) if rows else ([] for _ in names)
    return {name: list(values) for name, values in zip(names, cells, strict=True)}


def _plain(table: Table, columns: Columns) -> pd.DataFrame:
    """The frame in types that DuckDB takes over exactly: naive ns times, plain text, JSON for dicts."""
    frame = to_frame(table, columns)
    made: dict[str, Any] = {}
    for column in table.columns:
        series = frame[column.name]
        match column.kind:
            case "time":
                made[column.name] = series.dt.tz_localize(None)
            case "category" | "str":
                made[column.name] = series.astype("object").where(series.notna(), None)
            case "dict":
                made[column.name] = [_json_or_none(value) for value in columns[column.name]]
            case "strs" | "ints":
                made[column.name] = series
            case _:
                made[column.name] = series
    made["row_number_"] = range(len(frame))
    return pd.DataFrame(made)


def _json_or_none(value: Any) -> str | None:
    import json  # noqa: PLC0415 - only dict columns need it

    return None if value is None else json.dumps(value)
