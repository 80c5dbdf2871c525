"""Rows in Parquet files exactly as they are: what a worker writes is what is read back, to the character.

Unlike an export, which is made to be shown (`tables.sql_rows`), text stays as it was sent; what Parquet can't
hold (file names that are no Unicode) is written in hexadecimal.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb

from analyzer.tables.arrays import objects
from analyzer.tables.duckdb_errors import errors_about
from analyzer.tables.sql_rows import sql_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from analyzer.tables.schema import Column, Table

_IN_HEX = "\U0010fffe"
"""Noncharacter before text in hexadecimal."""
_ROWS_AT_ONCE = 1 << 14


def exact_arrays(columns: Sequence[Column], cells: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """One array per column, for `tables.parquet.write_parquet`."""
    made = sql_arrays([column for column in columns if column.kind not in _WRITTEN], cells)
    for column in columns:
        if column.kind in _WRITTEN:
            made[column.name] = objects(cells[column.name], _WRITTEN[column.kind])
    return made


def exact_columns(
    connection: duckdb.DuckDBPyConnection, table: Table, path: Path
) -> Iterator[dict[str, list[Any]]]:
    """Read a file of a table, some rows at a time, in their order. Raises `UsageError` if it is none."""
    chosen = ", ".join(
        f'epoch_ns("{column.name}")' if column.kind == "time" else f'"{column.name}"'
        for column in table.columns
    )
    readers = [_READ.get(column.kind) for column in table.columns]
    with errors_about(path):
        found = connection.execute(
            f"SELECT {chosen} FROM read_parquet(?)",  # noqa: S608 - names of ours
            [str(path)],
        )
        while rows := found.fetchmany(_ROWS_AT_ONCE):
            columns = zip(*rows, strict=True)
            yield {
                column.name: list(cells) if read is None else _each(read, cells)
                for column, read, cells in zip(table.columns, readers, columns, strict=True)
            }


def _each(read: Callable[[Any], Any], cells: Sequence[Any]) -> list[Any]:
    return [None if cell is None else read(cell) for cell in cells]


def _written(text: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _in_hex(text)
    return _in_hex(text) if text.startswith(_IN_HEX) else text


def _in_hex(text: str) -> str:
    return _IN_HEX + text.encode("utf-8", "surrogatepass").hex()


def _text(written: str) -> str:
    if not written.startswith(_IN_HEX):
        return written
    return bytes.fromhex(written[1:]).decode("utf-8", "surrogatepass")


def _texts(written: list[Any]) -> list[Any]:
    return [_text(each) if isinstance(each, str) else each for each in written]


_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "str": _written,
    "category": _written,
    "strs": lambda cell: [_written(each) if isinstance(each, str) else each for each in cell],
    "ints": lambda cell: cell,
    "dict": json.dumps,
}
_READ: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "category": _text,
    "strs": _texts,
    "dict": json.loads,
}
