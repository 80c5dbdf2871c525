"""Conditions over the rows of a table, through DuckDB.

The connection may not touch files, the network, Python's variables or its own settings while it runs a
user's condition.
"""

from __future__ import annotations

from threading import Timer
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np

from analyzer.errors import UsageError, first_line
from analyzer.tables.sql_rows import sql_arrays, typed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.tables.schema import Column, Table

SECONDS = 60  # that a condition may take
MEMORY = "2GB"  # that it may take besides the rows
LOCKED: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
    "memory_limit": MEMORY,
}
_ALL = (
    "*",
    "rows_of",
    "columns",
)  # words by which a condition may mean columns that it doesn't name


def rows_where(table: Table, columns: Mapping[str, Sequence[Any]], condition: str) -> list[int]:
    """Numbers of the rows for which the SQL condition over the columns is true.

    Raises `UsageError` with DuckDB's first line if the condition is no valid SQL, and if it takes too long.
    """
    text = condition.casefold()
    named = [column for column in table.columns if column.name in text]
    if any(word in text for word in _ALL):
        named = list(table.columns)
    # a wrong name is looked for among all columns, so that the complaint can say what may be meant
    for chosen in (named, table.columns):
        try:
            return _rows_where(chosen, columns, condition)
        except duckdb.InterruptException:
            raise UsageError(f"--where: not done after {SECONDS} seconds") from None
        except duckdb.Error as error:
            wrong_name = isinstance(error, (duckdb.BinderException, duckdb.CatalogException))
            if not wrong_name or chosen is table.columns:
                raise UsageError(f"--where: {first_line(error)}") from None
    raise AssertionError  # the last turn returns or raises


def _rows_where(
    chosen: Sequence[Column], columns: Mapping[str, Sequence[Any]], condition: str
) -> list[int]:
    count = len(next(iter(columns.values())))
    given: dict[str, Any] = {**sql_arrays(chosen, columns), "row_number_": np.arange(count)}
    with duckdb.connect(config=LOCKED) as connection:
        connection.execute("SET lock_configuration = true")
        connection.register("rows_of", given)
        _parse_alone(connection, condition)
        names = typed(chosen) + ", " if chosen else ""
        statements = connection.extract_statements(
            f"SELECT row_number_ FROM (SELECT {names}row_number_ FROM rows_of) "  # noqa: S608
            f"WHERE CAST(({condition}\n) AS BOOLEAN) ORDER BY row_number_"
        )
        if len(statements) != 1:
            raise UsageError("--where: one condition only")
        limit = Timer(SECONDS, connection.interrupt)
        limit.daemon = True
        limit.start()
        try:
            found: Any = connection.execute(statements[0]).fetchnumpy()["row_number_"]
        finally:
            limit.cancel()
        return list(map(int, found))


def _parse_alone(connection: duckdb.DuckDBPyConnection, condition: str) -> None:
    """Refuse text that only parses inside the query's own parentheses, such as `1=1) OR (1=1`."""
    if len(connection.extract_statements(f"SELECT {condition}\n")) != 1:
        raise UsageError("--where: one condition only")
