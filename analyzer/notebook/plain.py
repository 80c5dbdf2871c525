"""Columns of pandas frames as the plain values that pictures are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.tables.collect import Columns


def plain_columns(frame: pd.DataFrame, names: Iterable[str]) -> Columns:
    """Return the named columns as lists: nulls as None, times as nanoseconds, arrays as lists.

    Frames that were written to Parquet and read back will do. Raises `UsageError` if a column is missing.
    """
    wanted = list(dict.fromkeys(names))
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise UsageError(f"this frame has no column {', '.join(missing)}: it is of another table")
    return {name: _plain(frame[name]) for name in wanted}


def _plain(column: pd.Series[Any]) -> list[Any]:
    if column.dtype.kind == "M":
        times = column.dt.as_unit("ns").astype("int64").tolist()
        return [None if null else at for at, null in zip(times, column.isna(), strict=True)]
    cells = column.astype(object).where(column.notna(), None).tolist()
    return [cell.tolist() if hasattr(cell, "tolist") else cell for cell in cells]
