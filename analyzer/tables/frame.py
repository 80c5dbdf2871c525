"""Columns to pandas frames, with the dtypes of the schema also when there is no row.

The only module that decides dtypes: `category` for repeated text, nullable `Int64` and `boolean`,
`datetime64[ns, UTC]` for times, `str` for free text, object for lists and dicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analyzer.tables.arrays import (
    codes_and_texts,
    floats,
    numbers,
    objects,
    shown_inside,
    truths,
)
from analyzer.tables.blocks import NULL
from analyzer.tables.gc_pause import gc_paused
from analyzer.tables.schema import Column, Table
from dissectors.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.tables.collect import Columns

assert pd.NaT.value == NULL  # nanoseconds without a value are no time


def to_frame(table: Table, columns: Columns) -> pd.DataFrame:
    """Make the frame of a table; one pandas column per schema column, same order."""
    with gc_paused():
        series = {column.name: _series(column, columns[column.name]) for column in table.columns}
    return pd.DataFrame(series, copy=False)


def _series(column: Column, cells: Sequence[Any]) -> pd.Series[Any]:
    match column.kind:
        case "category":
            codes, texts = codes_and_texts(cells)
            return pd.Series(pd.Categorical.from_codes(codes, pd.Index(texts, dtype="str")))
        case "str":
            return pd.Series(objects(cells, visible), dtype="str", copy=False)
        case "int":
            values = numbers(cells)
            nulls = values == NULL
            values[nulls] = 0  # nobody sees it
            return pd.Series(pd.arrays.IntegerArray(values, nulls))
        case "float":
            return pd.Series(floats(cells), copy=False)
        case "bool":
            answers = truths(cells)
            return pd.Series(pd.arrays.BooleanArray(answers > 0, answers < 0))
        case "time":
            times = pd.Series(numbers(cells).view("M8[ns]"), copy=False)
            return times.dt.tz_localize("UTC")
        case "ints":
            return pd.Series(objects(cells, list), dtype="object", copy=False)
        case _:
            made = objects(cells, shown_inside, shared=True)
            return pd.Series(made, dtype="object", copy=False)
