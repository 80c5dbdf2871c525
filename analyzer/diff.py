"""`diff()`: what changed between two sides, as a pandas frame."""

from __future__ import annotations

from os import PathLike, fspath
from typing import TYPE_CHECKING

from analyzer.analysis import Analysis, read

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.changes.source import Side

Given = Analysis | str | PathLike[str]


def diff(before: Given, after: Given) -> pd.DataFrame:
    """Compare two sides client by client and service by service.

    A side is an `Analysis`, a capture, a directory of captures, or an export of the table `negotiations` as
    Parquet or JSON Lines; KDC exchanges are compared where both sides have them (an export's directory holds
    the table `kdc` too). Returns a frame with the columns of the table `changes` (docs/tables.md), one row
    per difference, empty where nothing changed. Raises `UsageError` and `CaptureError` as `read` does.
    """
    from analyzer.changes.compare import compare  # noqa: PLC0415 - only where it is wanted
    from analyzer.tables.frame import to_frame  # noqa: PLC0415
    from analyzer.tables.schema import CHANGES  # noqa: PLC0415

    changes = compare(_side(before), _side(after))
    return to_frame(
        CHANGES, {name: [getattr(change, name) for change in changes] for name in CHANGES.names}
    )


def _side(given: Given) -> Side:
    from analyzer.changes.source import exported, side_of  # noqa: PLC0415

    if not isinstance(given, Analysis):
        side = exported(fspath(given))
        if side is not None:
            return side
        given = read(given, tables=["negotiations", "kdc"])
    return side_of(given.columns)
