"""Pictures of frames of `negotiations`: as small SVGs, or as Altair charts where that is installed.

>>> import negoscope as ng
>>> from analyzer.notebook import plots
>>> n = ng.read("captures/smb/mixed/capture.pcapng").negotiations
>>> plots.reasons(n).headings
('reason', 'success', 'failure', 'incomplete', 'means')
>>> plots.matrix(n, "client", "outcome").rows[0]
('10.99.0.20', 7, 3)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import UsageError
from analyzer.notebook.plain import plain_columns
from analyzer.report import pictures
from analyzer.report.pictures import Picture

if TYPE_CHECKING:
    import pandas as pd


def timeline(negotiations: pd.DataFrame) -> Picture:
    """When negotiations began (UTC) and how they ended."""
    made = pictures.timeline(plain_columns(negotiations, ("started", "outcome")))
    if made is None:
        raise UsageError("no negotiation in this frame has a time")
    return made


def shares(negotiations: pd.DataFrame, by: str = "carrier") -> Picture:
    """Which mechanisms ran, for each value of the column `by`: `carrier`, `client`, `server`."""
    return pictures.shares(plain_columns(negotiations, (by, "mechanism")), by)


def reasons(negotiations: pd.DataFrame) -> Picture:
    """Why negotiations failed, fell back or are incomplete."""
    return pictures.reasons(plain_columns(negotiations, ("reason", "outcome")))


def flow(negotiations: pd.DataFrame) -> Picture:
    """What was offered, selected, used, and how it ended."""
    return pictures.flow(plain_columns(negotiations, pictures.FLOW_COLUMNS))


def matrix(negotiations: pd.DataFrame, rows: str = "client", columns: str = "mechanism") -> Picture:
    """How many negotiations have which pair of values of two columns."""
    return pictures.matrix(plain_columns(negotiations, (rows, columns)), rows, columns)
