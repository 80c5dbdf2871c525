"""Counts of negotiations by two of their columns: clients by mechanisms, servers by reasons."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError
from analyzer.tables.schema import NEGOTIATIONS
from dissectors.visible import visible

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.tables.collect import Columns

UNKNOWN = "(none)"
"""Heading of the negotiations whose cell is null."""

ALL = "(all)"
"""Heading of the sums."""

OUTCOMES = ("success", "failure", "incomplete")
VALUES = ("count", "outcome")


def matrix_frame(
    negotiations: Columns, rows: str, columns: str, *, values: str, margins: bool
) -> pd.DataFrame:
    """Make the frame; most frequent rows and columns first. `UsageError` for names that are none."""
    import pandas as pd  # noqa: PLC0415 - only frames need it

    for name in (rows, columns):
        _known(name)
    if values not in VALUES:
        raise UsageError(f"no values {values!r}; there are {', '.join(VALUES)}")
    split = values == "outcome"
    names = (rows, columns, *(("outcome",) if split else ()))
    counts = Counter(
        zip(*(map(_label, negotiations[name]) for name in names), strict=True),
    )
    down = _most(counts, 0)
    across: list[tuple[str, ...]] = [(label,) for label in _most(counts, 1)]
    shown: list[str] | None = None
    if split:
        seen = {key[2] for key in counts}
        shown = [outcome for outcome in OUTCOMES if outcome in seen]
        across = [(*head, outcome) for head in across for outcome in shown]
    cells = {head: [counts[label, *head] for label in down] for head in across}
    if margins:
        _add_sums(cells, len(down), outcomes=shown)
        down.append(ALL)
    heads = list(cells)
    made = pd.DataFrame(
        {place: pd.Series(column, dtype="int64") for place, column in enumerate(cells.values())}
    )
    made.index = pd.Index(down, name=rows, dtype="object")
    made.columns = (
        pd.MultiIndex.from_tuples(heads, names=[columns, "outcome"])
        if split
        else pd.Index([head[0] for head in heads], name=columns, dtype="object")
    )
    return made


def _known(name: str) -> None:
    if name in NEGOTIATIONS.names:
        return
    near = get_close_matches(str(name), NEGOTIATIONS.names, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else "; docs/tables.md lists them"
    raise UsageError(f"negotiations has no column {name!r}{hint}")


def _label(value: Any) -> str:
    """A cell as a heading: text that is safe to print, lists in their order."""
    match value:
        case None:
            return UNKNOWN
        case list():
            return visible(" > ".join(map(str, value))) or UNKNOWN
        case bool():
            return "yes" if value else "no"
        case _:
            return visible(str(value))


def _most(counts: Counter[tuple[str, ...]], place: int) -> list[str]:
    """Labels of one side, most frequent first; the nulls last."""
    sums: Counter[str] = Counter()
    for key, count in counts.items():
        sums[key[place]] += count
    return sorted(sums, key=lambda label: (label == UNKNOWN, -sums[label], label))


def _add_sums(
    cells: dict[tuple[str, ...], list[int]], height: int, outcomes: list[str] | None
) -> None:
    """Sums of each column below it, and of each row beside it."""
    beside: dict[tuple[str, ...], list[int]] = {}
    for rest in [()] if outcomes is None else [(outcome,) for outcome in outcomes]:
        parts = [column for head, column in cells.items() if head[1:] == rest]
        beside[(ALL, *rest)] = [sum(part[row] for part in parts) for row in range(height)]
    cells.update(beside)
    for column in cells.values():
        column.append(sum(column))
