"""Columns to pandas frames, with the dtypes of the schema also when there is no row.

The only module that decides dtypes: `category` for repeated text, nullable `Int64` and `boolean`,
`datetime64[ns, UTC]` for times, `str` for free text, object for lists and dicts. Frames get printed in
terminals and notebooks, so their text is made visible here; JSON rows keep it as it was sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analyzer.tables.schema import Column, Table
from dissectors.visible import visible

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns


def to_frame(table: Table, columns: Columns) -> pd.DataFrame:
    """Make the frame of a table; one pandas column per schema column, same order."""
    series = {column.name: _series(column, columns[column.name]) for column in table.columns}
    return pd.DataFrame(series)


def _series(column: Column, values: list[Any]) -> pd.Series[Any]:
    match column.kind:
        case "category":
            return pd.Series(pd.Categorical(pd.Series(shown(values), dtype="str")))
        case "str":
            return pd.Series(shown(values), dtype="str")
        case "int":
            return pd.Series(values, dtype="Int64")
        case "float":
            return pd.Series(values, dtype="float64")
        case "bool":
            return pd.Series(values, dtype="boolean")
        case "time":
            stamps = pd.array([pd.NaT.value if v is None else v for v in values], dtype="int64")
            return pd.Series(pd.to_datetime(stamps.to_numpy(), unit="ns", utc=True))
        case _:
            return pd.Series([_shown_inside(value) for value in values], dtype="object")


def shown(values: list[Any]) -> list[Any]:
    """Text that is safe to print; None stays."""
    return [None if value is None else visible(value) for value in values]


def _shown_inside(value: Any) -> Any:
    if isinstance(value, list):
        return [visible(item) if isinstance(item, str) else item for item in value]
    if isinstance(value, dict):
        return {
            visible(key): visible(item) if isinstance(item, str) else item
            for key, item in value.items()
        }
    return value
