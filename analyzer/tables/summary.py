"""Counts over negotiations: by carrier, mechanism, detail, outcome and reason."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.tables.collect import Columns

SUMMARY_KEYS = ("carrier", "mechanism", "mechanism_detail", "outcome", "reason")


def summary_counts(negotiations: Columns) -> list[tuple[tuple[Any, ...], int]]:
    """(carrier, mechanism, mechanism_detail, outcome, reason) and how many, most frequent first."""
    cells = zip(*(negotiations[key] for key in SUMMARY_KEYS), strict=True)
    counted = Counter(cells)
    return sorted(counted.items(), key=lambda item: (-item[1], [str(key or "") for key in item[0]]))


def summary_frame(negotiations: Columns) -> pd.DataFrame:
    """The same as a pandas frame with a `count` column."""
    import pandas as pd  # noqa: PLC0415 - the text summary does without pandas

    from analyzer.tables.arrays import shown  # noqa: PLC0415

    counts = summary_counts(negotiations)
    made: dict[str, Any] = {
        key: pd.Series(shown([keys[place] for keys, _ in counts]), dtype="str")
        for place, key in enumerate(SUMMARY_KEYS)
    }
    made["count"] = pd.Series([count for _, count in counts], dtype="int64")
    return pd.DataFrame(made)
