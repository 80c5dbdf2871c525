"""Differences as a table: one row each, its class and why; never a secret.

What is not a plain value (responses, tickets, any bytes) is told by its length and digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from analyzer.capture.inputs import expand, with_distinct_names
from analyzer.crosscheck.check import Checked, check_capture
from analyzer.crosscheck.declared import DECLARED
from analyzer.crosscheck.difference import Difference
from analyzer.decode_as import Given
from analyzer.tables.schema import Column, Table
from dissectors.visible import visible

if TYPE_CHECKING:
    import pandas as pd

C = Column

DIFFERENCES = Table(
    "differences",
    "one disagreement with tshark",
    (
        C("capture", "category", "base name of the capture"),
        C("frame", "int", "frame that completes the token"),
        C("stream_id", "int", "Wireshark's tcp.stream or udp.stream"),
        C("token_index", "int", "place within its frame, from 0; null if we have no such token"),
        C("kind", "category", "row (a token only one side has), cell, value, bytes, position"),
        C("column", "str", "column of the tokens table, or path of the field"),
        C("ours", "str", "our value; null if we have none"),
        C("theirs", "str", "tshark's value; null if it shows none"),
        C("class", "category", "declared class of docs/fidelity.md; null if unexplained"),
        C("why", "str", "what the bytes say"),
    ),
)


def difference_row(capture: str, difference: Difference) -> list[Any]:
    """Cells of one row."""
    ours = difference.our_token
    declared = difference.declared
    return [
        capture,
        difference.frame,
        difference.stream_id,
        ours.row["token_index"] if ours is not None else None,
        difference.kind,
        visible(difference.column),
        plain(difference.ours),
        plain(difference.theirs),
        declared,
        DECLARED[declared].why if declared is not None else None,
    ]


def plain(value: Any) -> str | None:
    """A value as text that is safe to show; bytes by length and digest."""
    match value:
        case None:
            return None
        case bytes():
            return f"{len(value)} bytes, sha256 {hashlib.sha256(value).hexdigest()[:16]}"
        case list():
            return visible(", ".join(map(str, value)))
        case dict():
            return visible(", ".join(f"{name}={item}" for name, item in value.items()))
    return visible(str(value))


def difference_columns(results: Iterable[tuple[str, Iterable[Difference]]]) -> dict[str, list[Any]]:
    """Columns of the differences of several captures."""
    rows = [difference_row(name, each) for name, found in results for each in found]
    return {name: [row[at] for row in rows] for at, name in enumerate(DIFFERENCES.names)}


def crosscheck(
    captures: str | PathLike[str] | Iterable[str | PathLike[str]], *, decode_as: Given = None
) -> pd.DataFrame:
    """Hold our reading of captures against tshark's; one row per difference, declared ones too.

    Rows of class null are unexplained. `decode_as`: rules as for `read`, for both sides. Needs Wireshark's
    tshark, 3.6 or later. Raises `UsageError` if there is none, it refuses a rule or a path does not exist,
    `CaptureError` if an input is no capture.
    """
    from analyzer.tables.frame import to_frame  # noqa: PLC0415 - pandas only on demand

    given = [captures] if isinstance(captures, (str, PathLike)) else captures
    sources = with_distinct_names(expand([fspath(path) for path in given]))
    checked: list[Checked] = [check_capture(source, decode_as) for source in sources]
    found = difference_columns((each.capture, each.differences) for each in checked)
    return to_frame(DIFFERENCES, found)
