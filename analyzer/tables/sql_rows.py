"""Rows of a table as DuckDB takes them over: arrays by name, and the SQL type of each kind of column."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.tables.arrays import floats, numbers, objects, shown_inside, truths
from analyzer.tables.blocks import NULL
from dissectors.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analyzer.tables.schema import Column

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
"""Kind of column -> DuckDB type. Times are UTC, dicts are JSON text."""


def sql_arrays(
    columns: Sequence[Column], cells: Mapping[str, Sequence[Any]]
) -> dict[str, np.ndarray[Any, Any]]:
    """One array per column; what has no value is masked, NaT or None, which DuckDB takes for NULL."""
    return {column.name: _array(column.kind, cells[column.name]) for column in columns}


def typed(columns: Iterable[Column]) -> str:
    """Select list that gives each column the type of its kind, also where it holds no value."""
    return ", ".join(
        f'CAST("{column.name}" AS {SQL_TYPES[column.kind]}) AS "{column.name}"'
        for column in columns
    )


def _array(kind: str, cells: Sequence[Any]) -> np.ndarray[Any, Any]:
    match kind:
        case "int":
            values = numbers(cells)
            return np.ma.masked_array(values, values == NULL)
        case "time":
            return numbers(cells).view("M8[ns]")
        case "float":
            known = floats(cells)
            return np.ma.masked_array(known, np.isnan(known))
        case "bool":
            answers = truths(cells)
            return np.ma.masked_array(answers > 0, answers < 0)
        case "dict":
            return objects(cells, lambda value: json.dumps(shown_inside(value)))
        case "category" | "str":
            return objects(cells, visible)
        case _:
            return objects(cells, shown_inside)
