"""Rows that wait until their order and the numbers of their negotiations are known, in little room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from analyzer.negotiation.model import Negotiation
from analyzer.tables.packed import Cells
from analyzer.tables.rows import Row
from analyzer.tables.schema import Table

ROWS_AT_ONCE = 1024
"""Rows that are held besides the columns."""


class WaitingRows:
    """Columns that grow by rows, each of which may belong to a negotiation."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns: list[Any] = []  # `Cells`, once there are many rows
        self._latest: list[Row] = []
        self._owners: list[Negotiation | None] = []

    def __len__(self) -> int:
        return len(self._owners)

    def add(self, row: Row, owner: Negotiation | None) -> int:
        """Append a row; return its place."""
        self._latest.append(row)
        self._owners.append(owner)
        if len(self._latest) >= ROWS_AT_ONCE:
            self._packed()
        return len(self._owners) - 1

    def give(self, place: int, owner: Negotiation) -> None:
        """Tell to which negotiation a row belongs."""
        self._owners[place] = owner

    def join(self, others: WaitingRows, number_of: Callable[[int], int] | None) -> None:
        """Append the rows of another process; `number_of` gives streams their numbers."""
        both = zip(self._packed(), others._packed(), self._table.names, strict=True)
        for mine, theirs, name in both:
            renumbered = number_of is not None and name == "stream_id"
            mine.extend(map(number_of, theirs) if renumbered and number_of else theirs)
        self._owners += others._owners

    def columns(self, order_by: Sequence[str]) -> Iterator[tuple[str, list[Any]]]:
        """Names and cells, rows in order of some columns; what was handed out is not kept."""
        if not self._owners:
            return
        few = not self._columns
        waiting = list(zip(*self._latest, strict=True)) if few else self._packed()
        owners = self._owners
        self._columns, self._latest, self._owners = [], [], []
        names = self._table.names
        ranked = list(zip(*(waiting[names.index(name)] for name in order_by), strict=True))
        order = sorted(range(len(owners)), key=ranked.__getitem__)
        del ranked
        waiting.reverse()
        for name in names:
            cells: Sequence[Any] = list(waiting.pop())
            if name == "negotiation_id":
                cells = list(map(_number, owners))
            yield name, list(map(cells.__getitem__, order))

    def _packed(self) -> list[Any]:
        """All columns, as `Cells`, with all rows in them."""
        if not self._columns:
            self._columns = [Cells(column.kind) for column in self._table.columns]
        rows, self._latest = self._latest, []
        if rows:
            for column, cells in zip(self._columns, zip(*rows, strict=True), strict=True):
                column.extend(cells)
        return self._columns


def _number(owner: Negotiation | None) -> int | None:
    """Its number; None also for one that a fault of ours kept from being told."""
    return None if owner is None else (owner.passed_to or owner).negotiation_id or None
