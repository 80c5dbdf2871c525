"""Programs that make tables, to be measured from outside.

    python -m benchmarks.frames all CAPTURE        every table of a capture as a pandas frame
    python -m benchmarks.frames one CAPTURE        the negotiations alone
    python -m benchmarks.frames many CAPTURE N     N negotiations as a frame
    python -m benchmarks.frames parquet FOLDER     how many rows each exported table has

`many` repeats the rows of a capture, with objects of their own for what is not repeated in real ones; the
seconds that it prints are those of columns and frame alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from time import process_time
from typing import Any

import benchmarks  # noqa: F401 - finds the project
from analyzer.analysis import Analysis, begin, read
from analyzer.tables.schema import TABLES

AT_ONCE = 10_000


def all_frames(capture: Path) -> dict[str, Any]:
    """Make every frame; their lengths."""
    analysis = read(capture)
    return {name: len(analysis.frame(name)) for name in TABLES}


def _own(kind: str) -> Callable[[Any, int], Any]:
    """How a cell of a kind becomes an object of its own in the row of that number."""
    match kind:
        case "str":
            return lambda text, nth: f"{text[:-7]}{nth:07d}"
        case "strs" | "ints":
            return lambda values, _: list(values)
        case "dict":
            return lambda values, _: dict(values)
        case "int" | "time" | "float":
            return lambda value, nth: value + nth
    return lambda value, _: value


def _rows(columns: dict[str, list[Any]]) -> Iterator[list[Any]]:
    """Rows like those of a capture, without end."""
    own = [_own(column.kind) for column in TABLES["negotiations"].columns]
    some = list(zip(*columns.values(), strict=True))
    for nth in count():
        row = some[nth % len(some)]
        yield [
            None if cell is None else make(cell, nth) for make, cell in zip(own, row, strict=True)
        ]


def many_rows(capture: Path, wanted: int) -> dict[str, Any]:
    """Make a frame of many negotiations."""
    some = read(capture, tables=["negotiations"]).columns("negotiations")
    rows = _rows({name: list(cells) for name, cells in some.items()})
    analysis: Analysis = begin(tables=["negotiations"])
    columns = 0.0
    for begun in range(0, wanted, AT_ONCE):
        block = list(islice(rows, min(AT_ONCE, wanted - begun)))
        since = process_time()
        analysis.tables.extend("negotiations", block)
        columns += process_time() - since
    since = process_time()
    made = len(analysis.frame("negotiations"))
    return {"rows": made, "columns_s": columns, "frame_s": process_time() - since}


def parquet_rows(folder: Path) -> dict[str, Any]:
    """Count the rows of exported tables, by what the files say of themselves."""
    import duckdb  # noqa: PLC0415 - only here

    files = {path.stem: str(path) for path in sorted(folder.glob("*.parquet"))}
    count = "SELECT sum(num_rows) FROM parquet_file_metadata(?)"
    return {
        name: int(duckdb.execute(count, [path]).fetchall()[0][0]) for name, path in files.items()
    }


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["all", capture]:
            made = all_frames(Path(capture))
        case ["one", capture]:
            made = {"negotiations": len(read(capture).negotiations)}
        case ["many", capture, number]:
            made = many_rows(Path(capture), int(number))
        case ["parquet", folder]:
            made = parquet_rows(Path(folder))
        case _:
            raise SystemExit(__doc__)
    print(json.dumps(made))
