"""Rows as JSON Lines: one object per row, every kind of cell."""

import json
import tracemalloc

from analyzer.report.export import CHUNK, jsonl_text, rows_as_jsonl
from analyzer.tables.schema import Column

COLUMNS = [
    Column("n", "int", ""),
    Column("ms", "float", ""),
    Column("who", "str", ""),
    Column("kind", "category", ""),
    Column("ok", "bool", ""),
    Column("at", "time", ""),
    Column("names", "strs", ""),
    Column("frames", "ints", ""),
    Column("facts", "dict", ""),
]
ROW = (7, 1.5, 'a"b\u202e', "http", True, 1_500_000_000, ["x", "y"], [1, 2], {"k": 1})


def written(*rows):
    values = {
        column.name: list(cells)
        for column, cells in zip(COLUMNS, zip(*rows, strict=True), strict=True)
    }
    return list(rows_as_jsonl(COLUMNS, values, range(len(rows))))


def test_every_kind_of_cell():
    """Lists and dicts stay such, times are ISO 8601, what is unknown is null, nothing invisible is raw."""
    full, empty = written(ROW, (None,) * len(COLUMNS))
    assert full.isascii()
    assert json.loads(full) == {
        "n": 7,
        "ms": 1.5,
        "who": 'a"b\u202e',
        "kind": "http",
        "ok": True,
        "at": "1970-01-01T00:00:01.500000000Z",
        "names": ["x", "y"],
        "frames": [1, 2],
        "facts": {"k": 1},
    }
    assert json.loads(empty) == dict.fromkeys(column.name for column in COLUMNS)


def test_chosen_rows_in_their_order():
    """Rows come as asked for, over the borders of chunks."""
    values = {"n": list(range(3 * CHUNK))}
    rows = [5, *range(2 * CHUNK), 1]
    lines = rows_as_jsonl(COLUMNS[:1], values, rows)
    assert [json.loads(line)["n"] for line in lines] == rows


def test_long_names_are_few_at_a_time():
    """A thousand rows with names as long as tokens may make them do not stand in memory a second time."""
    columns = [Column("who", "str", "")]
    name = "n" * 20_000 + "\u30ab"
    values = {"who": [name] * 2048}
    tracemalloc.start()
    length = sum(map(len, jsonl_text(columns, values, range(2048))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length > 40_000_000
    assert peak < 2 * length  # as two bytes a character it would be all of it once
