"""`df.negoscope`: pictures and ladders of frames, also of those that were written and read back.

Importing this module registers the accessor with pandas; what draws is imported when something is drawn.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from analyzer.report.pictures import Picture


@pd.api.extensions.register_dataframe_accessor("negoscope")
class NegoscopeAccessor:
    """Pictures of a `negotiations` frame, or of a part of one; ladders of `tokens` frames too.

    Each method returns a `Picture`, which shows itself in a notebook and has `svg`, `headings` and `rows`.
    All raise `UsageError` for frames that lack the columns.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def timeline(self) -> Picture:
        """When negotiations began (UTC) and how they ended."""
        return self._plot("timeline")

    def shares(self, by: str = "carrier") -> Picture:
        """Which mechanisms ran, for each value of the column `by`: `carrier`, `client`, `server`."""
        return self._plot("shares", by)

    def reasons(self) -> Picture:
        """Why negotiations failed, fell back or are incomplete."""
        return self._plot("reasons")

    def flow(self) -> Picture:
        """What was offered, selected, used, and how it ended."""
        return self._plot("flow")

    def matrix(self, rows: str = "client", columns: str = "mechanism") -> Picture:
        """How many negotiations have which pair of values of two columns."""
        return self._plot("matrix", rows, columns)

    def ladder(self, negotiation_id: int, tokens: pd.DataFrame | None = None) -> Picture:
        """Draw one negotiation: each token of it, where this or `tokens` is a frame of tokens.

        Of a `negotiations` frame alone only a sketch can be drawn: what its row tells. All that a capture
        shows is drawn by `Analysis.negotiation`.
        """
        from analyzer.notebook.plots.ladders import of_tokens, sketch  # noqa: PLC0415

        given = self._frame if tokens is None else tokens
        draw = of_tokens if "token_type" in given.columns else sketch
        return draw(given, negotiation_id)

    def _plot(self, name: str, *options: Any) -> Picture:
        drawn: Picture = getattr(import_module("analyzer.notebook.plots"), name)(
            self._frame, *options
        )
        return drawn
