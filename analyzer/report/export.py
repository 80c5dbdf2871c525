"""Tables as JSON Lines and CSV, a chunk of rows at a time.

Text is made column by column: most columns repeat few values, and each is written only once. What a whole
chunk has in common, names and values, is one form that each row's own values are put in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from typing import Any

from analyzer.report.cells import FORMULA_STARTS, csv_cell, iso_time, no_formula
from analyzer.report.json_text import is_plain, json_text, quoted, visible_json
from analyzer.report.remembered import Remembered, picked
from analyzer.tables.collect import Columns
from analyzer.tables.schema import Column
from dissectors.visible import visible

CHUNK = 256
"""Rows whose text is held at once: few, as a name may have 64 KiB, and one rare sign in a text makes each of
its characters take four bytes."""
SECOND = 1_000_000_000
NULL = "null"
ONE_SPELLING = frozenset({"category", "str", "bool", "int"})
"""Kinds of which equal values have equal texts."""

Cells = list[Any]
Writer = Callable[[Cells], list[Any]]
"""Makes the text of each cell of one column, or what `str` makes it of."""


def rows_as_jsonl(columns: Sequence[Column], values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """One JSON object per row, keys exactly the column names."""
    for text in jsonl_text(columns, values, rows):
        yield from text[:-1].split("\n")


def rows_as_csv(columns: Sequence[Column], values: Columns, rows: Sequence[int]) -> Iterator[str]:
    """RFC 4180 lines without their line end, heading first."""
    for text in csv_text(columns, values, rows):
        yield from text[:-1].split("\n")


def jsonl_text(
    columns: Sequence[Column], values: Columns, rows: Sequence[int], turn: int = 0, turns: int = 1
) -> Iterator[str]:
    """The lines of `rows_as_jsonl`, a chunk at a time; with `turns` every so manieth from `turn` on."""
    writers = [
        (f"{json_text(column.name)}:", values[column.name], _json_writer(column.kind))
        for column in columns
    ]
    alike = [column.kind in ONE_SPELLING for column in columns]
    for chosen in _chunks(rows, turn, turns):
        members: list[str] = []  # of the form: names, values that all rows have, `%s` for others
        varying: list[list[Any]] = []
        for (key, cells, write), can_be_same in zip(writers, alike, strict=True):
            part = picked(cells, chosen)
            if (
                part[0] is part[-1]
                and (part[0] is None or can_be_same)
                and part.count(part[0]) == len(part)
            ):
                members.append(f"{key}{write(part[:1])[0]}".replace("%", "%%"))
            else:
                members.append(f"{key}%s")
                varying.append(write(part))
        form = "{" + ",".join(members) + "}\n"
        each = zip(*varying, strict=True) if varying else [()] * len(chosen)
        yield _visible("".join([form % own for own in each]))


def csv_text(
    columns: Sequence[Column], values: Columns, rows: Sequence[int], turn: int = 0, turns: int = 1
) -> Iterator[str]:
    """The lines of `rows_as_csv`, as `jsonl_text`."""
    writers = [(values[column.name], _csv_writer(column)) for column in columns]
    heading = _csv_lines([[column.name for column in columns]])
    if not len(rows) and not turn:
        yield heading
    for chosen in _chunks(rows, turn, turns):
        texts = [write(picked(cells, chosen)) for cells, write in writers]
        lines = _csv_lines(zip(*texts, strict=True))
        yield heading + lines if chosen[0] == rows[0] else lines


def _chunks(rows: Sequence[int], turn: int, turns: int) -> Iterator[Sequence[int]]:
    for begin in range(turn * CHUNK, len(rows), turns * CHUNK):
        yield rows[begin : begin + CHUNK]


def _visible(lines: str) -> str:
    """As `visible_json`, which leaves the lines' ends."""
    return lines if is_plain(lines) else "\n".join(map(visible_json, lines.split("\n")))


def _csv_lines(rows: Any) -> str:
    """No cell holds a line's end: what is not visible has been escaped."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def _json_writer(kind: str) -> Writer:
    """Writes values; not every unsafe character is escaped yet."""
    match kind:
        case "int" | "float":  # mostly another one in every row
            return _numbers
        case "time":
            return _times(lambda second: f'"{iso_time(second * SECOND)}"', NULL)
        case "str":
            return lambda cells: [NULL if cell is None else quoted(cell) for cell in cells]
        case "ints":
            return _int_lists
        case "dict":
            return lambda cells: [NULL if cell is None else json_text(cell) for cell in cells]
        case "strs":
            lists = Remembered(json_text)
            return lambda cells: [NULL if cell is None else lists[tuple(cell)] for cell in cells]
        case _:
            known = Remembered(json_text)
            return lambda cells: list(map(known.__getitem__, cells))


def _numbers(cells: Cells) -> list[Any]:
    return [NULL if cell is None else cell for cell in cells] if None in cells else cells


def _times(text_of: Callable[[int], str], none: str) -> Writer:
    """Writes moments: the text of each second once, in which `%` puts the nanoseconds."""
    begun = Remembered(lambda second: text_of(second).replace(".000000000", ".%09d"))
    return lambda cells: [
        none if cell is None else begun[cell // SECOND] % (cell % SECOND) for cell in cells
    ]


def _int_lists(cells: Cells) -> list[str]:
    """All lists of the chunk are written at once, then told apart again."""
    known = [cell for cell in cells if cell is not None]
    written = iter(json_text(known)[2:-2].split("],["))
    return [NULL if cell is None else f"[{next(written)}]" for cell in cells]


def _csv_texts(cells: Cells) -> list[str]:
    """Mostly the whole chunk is safe to print, which is told at once."""
    together = "".join(filter(None, cells))
    if visible(together) != together:
        cells = [None if cell is None else visible(cell) for cell in cells]
    return [
        "" if cell is None else no_formula(cell) if cell.startswith(FORMULA_STARTS) else cell
        for cell in cells
    ]


def _csv_writer(column: Column) -> Writer:
    match column.kind:
        case "strs":
            lists = Remembered(lambda cell: csv_cell(column, list(cell)))
            return lambda cells: ["" if cell is None else lists[tuple(cell)] for cell in cells]
        case "category" | "bool":
            known = Remembered(lambda cell: csv_cell(column, cell))
            return lambda cells: list(map(known.__getitem__, cells))
        case "int" | "float":  # which `csv` writes as `str` does, and None as nothing
            return lambda cells: cells
        case "ints":
            return lambda cells: [
                "" if cell is None else text
                for cell, text in zip(cells, _int_lists(cells), strict=True)
            ]
        case "time":
            return _times(lambda second: csv_cell(column, second * SECOND), "")
        case "str":
            return _csv_texts
        case _:
            return lambda cells: list(map(csv_cell, repeat(column), cells))
