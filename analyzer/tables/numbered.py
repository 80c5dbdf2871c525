"""Numbers of negotiations in rows: where they stand, and what becomes of them behind other rows."""

from __future__ import annotations

from typing import Any

NUMBERED: dict[str, tuple[str, ...]] = {
    "negotiations": ("negotiation_id", "retry_of", "fallback_from"),
    "tokens": ("negotiation_id",),
    "offers": ("negotiation_id",),
    "anomalies": ("negotiation_id",),
    "kdc": ("negotiation_ids",),
}
"""Columns that number negotiations; rows that are put behind others get later numbers there."""

TELLING: dict[str, tuple[str, ...]] = {"negotiations": ("reason_detail",)}
"""Columns whose sentences may name other negotiations by number."""


def moved(cells: list[Any], by: int) -> list[Any]:
    """Cells of one of the columns `NUMBERED`, each number greater `by` so many."""
    if not by:
        return cells
    return [
        [number + by for number in cell] if isinstance(cell, list) else cell and cell + by
        for cell in cells
    ]
