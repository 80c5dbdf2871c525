"""One negotiation of frames as a ladder, where the capture is not at hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError
from analyzer.notebook.plain import plain_columns
from analyzer.report.ladder_svg import ladder_svg
from analyzer.report.legs import Leg
from analyzer.report.pictures import Picture
from analyzer.report.row_legs import SKETCH_COLUMNS, TOKEN_COLUMNS, sketch_legs, token_legs
from dissectors.visible import visible

if TYPE_CHECKING:
    import pandas as pd


def of_tokens(tokens: pd.DataFrame, negotiation_id: int) -> Picture:
    """Draw each token of a negotiation from a frame of `tokens`."""
    rows = _rows_of(tokens, TOKEN_COLUMNS, negotiation_id)
    first = rows[0]
    left, right = _end(first, "src"), _end(first, "dst")
    if first["role"] != "initiator":
        left, right = right, left
    return _picture(f"Negotiation {negotiation_id}", token_legs(rows), left, right)


def sketch(negotiations: pd.DataFrame, negotiation_id: int) -> Picture:
    """Draw what a row of `negotiations` alone tells."""
    row = _rows_of(negotiations, SKETCH_COLUMNS, negotiation_id)[0]
    title = f"Negotiation {negotiation_id}: a sketch from its row"
    return _picture(title, sketch_legs(row), _end(row, "client"), _end(row, "server"))


def _picture(title: str, legs: list[Leg], left: str, right: str) -> Picture:
    rows: list[tuple[Any, ...]] = [
        (leg.frame or "", "server" if leg.side else "client", "; ".join(leg.labels)) for leg in legs
    ]
    return Picture(title, ladder_svg(legs, left, right), ("frame", "from", "says"), rows)


def _rows_of(
    frame: pd.DataFrame, names: tuple[str, ...], negotiation_id: int
) -> list[dict[str, Any]]:
    plain_columns(frame.iloc[:0], names)  # so that another table is refused by its columns
    rows = frame[(frame["negotiation_id"] == negotiation_id).fillna(False)]
    if rows.empty:
        raise UsageError(f"no negotiation {negotiation_id} in this frame")
    columns = plain_columns(rows, names)
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _end(row: Mapping[str, Any], which: str) -> str:
    port = row[f"{which}_port"]
    return visible(f"{row[which]}:{port}" if port else str(row[which]))
