"""Rows that wait for their order and their negotiations' numbers."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest

from analyzer.tables import waiting_rows
from analyzer.tables.schema import Column, Table
from analyzer.tables.waiting_rows import WaitingRows

TABLE = Table(
    "t",
    "a row",
    (
        Column("negotiation_id", "int", ""),
        Column("stream_id", "int", ""),
        Column("frame", "int", ""),
        Column("text", "str", ""),
    ),
)


def numbered(number: int, passed_to: Any = None) -> Any:
    """A negotiation, as far as rows ask."""
    return SimpleNamespace(negotiation_id=number, passed_to=passed_to)


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_they_come_out_in_order_with_their_numbers(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Owners may be told late, and may have passed their token on; nothing is kept."""
    monkeypatch.setattr(waiting_rows, "ROWS_AT_ONCE", at_once)
    rows = WaitingRows(TABLE)
    first, second = numbered(0), numbered(0)
    assert rows.add([None, 7, 30, "c"], numbered(0, second)) == 0
    place = rows.add([None, 7, 10, "a"], None)
    rows.add([None, 7, 20, "b"], first)
    rows.add([None, 7, 40, "d"], None)
    rows.give(place, first)
    first.negotiation_id, second.negotiation_id = 1, 2
    assert len(rows) == 4
    assert dict(rows.columns(("frame", "stream_id"))) == {
        "negotiation_id": [1, 1, 2, None],
        "stream_id": [7, 7, 7, 7],
        "frame": [10, 20, 30, 40],
        "text": ["a", "b", "c", "d"],
    }
    assert len(rows) == 0
    assert dict(rows.columns(("frame",))) == {}


def test_those_of_another_process_join() -> None:
    """Their streams get their numbers; their negotiations came with them."""
    mine, theirs = WaitingRows(TABLE), WaitingRows(TABLE)
    mine.add([None, 0, 5, "mine"], None)
    theirs.add([None, 900, 3, "theirs"], None)
    mine.join(pickle.loads(pickle.dumps(theirs)), {900: 1}.__getitem__)
    made = dict(mine.columns(("frame", "stream_id")))
    assert made["stream_id"] == [1, 0]
    assert made["text"] == ["theirs", "mine"]
