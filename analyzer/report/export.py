"""Tables as JSON Lines and CSV, row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from analyzer.report.cells import csv_cell, json_value
from analyzer.report.json_text import json_text
from analyzer.tables.collect import Columns
from analyzer.tables.schema import Column


def rows_as_jsonl(columns: Sequence[Column], values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """One JSON object per row, keys exactly the column names."""
    for row in rows:
        yield json_text(
            {column.name: json_value(column, values[column.name][row]) for column in columns}
        )


def rows_as_csv(columns: Sequence[Column], values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """RFC 4180 lines without their line end, heading first."""
    yield _csv_line([column.name for column in columns])
    for row in rows:
        yield _csv_line([csv_cell(column, values[column.name][row]) for column in columns])


def _csv_line(cells: list[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()
