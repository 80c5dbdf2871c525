"""`diff()`: what changed between two sides, as a pandas frame."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING

from analyzer.analysis import Analysis, read

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.tables.collect import Columns

Side = Analysis | str | PathLike[str]


def diff(before: Side, after: Side) -> pd.DataFrame:
    """Compare two sides client by client and service by service.

    A side is an `Analysis`, a capture, a directory of captures, or an export of the table `negotiations` as
    Parquet or JSON Lines. Returns a frame with the columns of the table `changes` (docs/tables.md), one row
    per difference, empty where nothing changed. Raises `UsageError` and `CaptureError` as `read` does.
    """
    from analyzer.changes.compare import compare  # noqa: PLC0415 - only where it is wanted
    from analyzer.tables.frame import to_frame  # noqa: PLC0415
    from analyzer.tables.schema import CHANGES  # noqa: PLC0415

    changes = compare(_columns(before), _columns(after))
    return to_frame(
        CHANGES, {name: [getattr(change, name) for change in changes] for name in CHANGES.names}
    )


def _columns(side: Side) -> Columns:
    if isinstance(side, Analysis):
        return side.tables.columns["negotiations"]
    from analyzer.changes.source import exported  # noqa: PLC0415

    columns = exported(fspath(side))
    if columns is None:
        return read(side, tables=["negotiations"]).tables.columns["negotiations"]
    return columns
