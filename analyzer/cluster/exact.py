"""Rows in Parquet files exactly as they are: what a worker writes is what is read back, to the character.

Unlike an export, which is made to be shown (`tables.sql_rows`), text stays as it was sent; what Parquet can't
hold (file names that are no Unicode) is written in hexadecimal. Lists of texts are JSON: there are few
different ones, each of which is then made once.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from analyzer.tables.arrays import as_they_are, objects
from analyzer.tables.duckdb_errors import errors_about
from analyzer.tables.parquet import ROW_GROUP, write_parquet
from analyzer.tables.sql_rows import sql_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from analyzer.tables.schema import Column, Table

    Cells = Sequence[Any]

_IN_HEX = "\U0010fffe"
"""Noncharacter before text in hexadecimal."""


def write_exact(
    table: Table,
    columns: Mapping[str, Cells],
    rows: Sequence[int],
    path: Path,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Write rows of a table into a file for `exact_columns`. Raises `UsageError` if it can't."""
    written = [
        column._replace(kind="dict") if column.kind == "strs" else column
        for column in table.columns
    ]
    as_written = table._replace(columns=tuple(written))
    write_parquet(as_written, columns, rows, table.names, path, _arrays, connection)


def exact_columns(
    connection: duckdb.DuckDBPyConnection, table: Table, path: Path
) -> Iterator[dict[str, list[Any]]]:
    """Read a file of a table, some rows at a time, in their order. Raises `UsageError` if it is none."""
    chosen = ", ".join(
        f'epoch_ns("{column.name}")' if column.kind == "time" else f'"{column.name}"'
        for column in table.columns
    )
    asked = (
        f"SELECT {chosen} FROM read_parquet(?, file_row_number = true) "  # noqa: S608 - names of ours
        "WHERE file_row_number >= ? AND file_row_number < ?"
    )
    readers = [_READ.get(column.kind) for column in table.columns]
    count, begin = ROW_GROUP, 0
    while count == ROW_GROUP:
        with errors_about(path):
            # arrays, as a tuple for each row would take twice the time
            found = connection.execute(asked, [str(path), begin, begin + ROW_GROUP]).fetchnumpy()
        arrays = list(found.values())
        count = len(arrays[0])
        begin += count
        yield {
            column.name: cells.tolist() if read is None else read(cells.tolist())
            for column, read, cells in zip(table.columns, readers, arrays, strict=True)
        }


def _arrays(columns: Sequence[Column], cells: Mapping[str, Cells]) -> dict[str, Any]:
    made = sql_arrays([column for column in columns if column.kind not in _ARRAY], cells)
    for column in columns:
        if column.kind in _ARRAY:
            made[column.name] = _ARRAY[column.kind](cells[column.name])
    return made


def _text_array(cells: Cells) -> Any:
    if "".join(filter(None, cells)).isascii():  # nearly always
        return as_they_are(cells)
    return objects(cells, _written)


def _written(text: str) -> str:
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


def _texts(cells: list[Any]) -> list[Any]:
    if _IN_HEX not in "".join(filter(None, cells)):  # nearly always
        return cells
    return [None if cell is None else _text(cell) for cell in cells]


def _lists(cells: list[Any]) -> list[Any]:
    return [None if cell is None else cell.tolist() for cell in cells]


def _objects(cells: list[Any]) -> list[Any]:
    """Equal ones are one object, as those of packed cells are."""
    known = {text: None if text is None else json.loads(text) for text in set(cells)}
    return [known[cell] for cell in cells]


_ARRAY: dict[str, Callable[[Cells], Any]] = {
    "str": _text_array,
    "category": _text_array,
    "ints": as_they_are,
    "dict": partial(objects, show=json.dumps, shared=True),
}
"""Makes an array of a column's cells to be written."""
_READ: dict[str, Callable[[list[Any]], list[Any]]] = {
    "str": _texts,
    "category": _texts,
    "ints": _lists,
    "strs": _objects,
    "dict": _objects,
}
"""Makes a column's cells of what was read."""
