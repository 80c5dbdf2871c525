"""Tables as JSON Lines and CSV, a chunk of rows at a time.

JSON is made column by column: most columns repeat few values, and each is written only once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.report.cells import csv_cell, json_value
from analyzer.report.json_text import json_text
from analyzer.tables.collect import Columns
from analyzer.tables.schema import Column

CHUNK = 1024
"""Rows whose text is held at once."""


def rows_as_jsonl(columns: Sequence[Column], values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """One JSON object per row, keys exactly the column names."""
    for begin in range(0, len(rows), CHUNK):
        chosen = rows[begin : begin + CHUNK]
        texts = [_members(column, values[column.name], chosen) for column in columns]
        for members in zip(*texts, strict=True):
            yield "{" + ",".join(members) + "}"


def _members(column: Column, values: list[Any], rows: Sequence[int]) -> list[str]:
    """`"name":value` for each row."""
    key = json_text(column.name) + ":"
    null = key + "null"
    chosen = [values[row] for row in rows]
    match column.kind:
        case "int" | "float":  # mostly another one in every row
            return [null if value is None else f"{key}{value}" for value in chosen]
        case "ints":
            return [
                null if value is None else f"{key}[{','.join(map(str, value))}]" for value in chosen
            ]
        case "strs":
            known = [None if value is None else tuple(value) for value in chosen]
        case "dict":
            return [key + json_text(value) for value in chosen]
        case _:
            known = chosen
    written = {value: key + json_text(json_value(column, value)) for value in set(known)}
    return [written[value] for value in known]


def rows_as_csv(columns: Sequence[Column], values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """RFC 4180 lines without their line end, heading first."""
    yield _csv_line([column.name for column in columns])
    for row in rows:
        yield _csv_line([csv_cell(column, values[column.name][row]) for column in columns])


def _csv_line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()
