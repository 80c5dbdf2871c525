"""SQL over the tables, and Parquet, through DuckDB; the only module that imports it.

The connection may not touch files, the network or its own settings while it runs a user's condition.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from analyzer.errors import UsageError
from analyzer.tables.frame import to_frame
from analyzer.tables.schema import Table

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns


def rows_where(table: Table, columns: Columns, condition: str) -> list[int]:
    """Numbers of the rows for which the SQL condition over the columns is true.

    Raises `UsageError` with DuckDB's first line if the condition is no valid SQL.
    """
    connection = duckdb.connect(
        config={"enable_external_access": "false", "autoinstall_known_extensions": "false"}
    )
    try:
        connection.execute("SET lock_configuration = true")
        connection.register("rows_of", _plain(table, columns))
        query = f"SELECT row_number_ FROM rows_of WHERE ({condition}\n) ORDER BY row_number_"  # noqa: S608
        statements = connection.extract_statements(query)
        if len(statements) != 1:
            raise UsageError("--where: one condition only")
        return [int(row[0]) for row in connection.execute(statements[0]).fetchall()]
    except duckdb.Error as error:
        first = str(error).strip().splitlines()[0]
        raise UsageError(f"--where: {first}") from None
    finally:
        connection.close()


def write_parquet(
    table: Table, columns: Columns, rows: list[int], names: list[str], path: Path
) -> None:
    """Write chosen rows and columns as one zstd-compressed Parquet file. Raises `UsageError` if it can't."""
    connection = duckdb.connect()
    try:
        frame = _plain(table, columns).iloc[rows]
        connection.register("rows_of", frame)
        chosen = ", ".join(f'"{name}"' for name in names)
        target = str(path).replace("'", "''")
        connection.execute(
            f"COPY (SELECT {chosen} FROM rows_of) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608
        )
    except duckdb.Error as error:
        raise UsageError(f"{path}: {str(error).strip().splitlines()[0]}") from None
    finally:
        connection.close()


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
