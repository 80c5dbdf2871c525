"""What an analysis says apart from where in the capture it stands, and which captures there are to read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from analyzer.analysis import read
from analyzer.capture.inputs import Input
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture
from analyzer.errors import CaptureError

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / ".." / "shared"
SWEEP = bool(os.environ.get("NEGOSCOPE_SWEEP"))
"""Read everything there is, with everything that can be done to it; minutes instead of seconds."""

REFUSED = {
    "NTLMRawUnHide__capture.cap": "a Microsoft Network Monitor 2 capture, which is not supported"
}
"""Files among the captures of others that our own engine refuses, and what it says of them."""

PLACE = (
    "capture", "stream_id", "community_id", "started", "ended", "duration_ms", "first_frame",
    "last_frame", "frames", "reason_detail", "evidence", "kdc_frames", "version_frame", "protection_frame",
    "client_seq", "server_seq",
)  # fmt: skip
"""Columns of negotiations that say where and when, or speak of frames."""
TOKEN = ("negotiation_id", "carrier", "role", "token_type", "inner_type", "sha256")
ENDS = ("client", "client_port", "server", "server_port")
BY_ADDRESS = (
    "names",
    "server_name",
    "reason",
    "confidence",
    "fallback_reason",
    "fallback_confidence",
)
"""Columns that may rest on addresses inside messages: in DNS answers, names, tickets."""
GAPS = {
    "gap",
    "cut-off",
    "snaplen",
    "one-direction",
    "started-before-capture",
    "desync",
    "incomplete-fragments",
    "unmatched-response",
    "token-out-of-order",
}
"""Anomalies that say, or show, that something is not there."""

NOT_OF_THE_STREAM = {"unclaimed-token", "capture-cut", "capture-damaged"}
"""Anomalies of single segments or of the file: another transport has others."""
PER_SEGMENT = {"inconsistent-overlap"}
"""Anomalies whose number depends on how often something was sent; that there are some does not."""

Row = dict[str, Any]


class Facts(NamedTuple):
    """What one capture was found to hold."""

    negotiations: list[Row]
    tokens: list[list[Any]]
    anomalies: list[str]
    missing: bool  # something is said to be missing


def captures() -> list[Path]:
    """The project's own captures; in a sweep also all others."""
    found = sorted((ROOT / "captures").rglob("capture.pcapng"))
    if SWEEP:
        for folder in ("lab-sample/captures", "corpus/files"):
            found += filter(_is_capture, sorted((SHARED / folder).glob("*.*cap*")))
    return found


def _is_capture(path: Path) -> bool:
    try:
        next(open_capture(Input(str(path)), CaptureAccount()), None)
    except CaptureError:
        return False
    return True


@contextmanager
def unless_refused(path: Path) -> Iterator[None]:
    """What is done with a capture inside; for one of `REFUSED` it has to fail, with what is said of it."""
    told = ""
    try:
        yield
    except CaptureError as error:
        told = str(error)
    said = REFUSED.get(path.name)
    assert not told if said is None else said in told, told


def capture_name(path: Path) -> str:
    """A short name of a capture, for test ids."""
    return (
        f"{path.parent.parent.name}/{path.parent.name}"
        if path.name == "capture.pcapng"
        else path.name
    )


def facts_of(path: Path) -> Facts:
    """Read a capture; connections in order of their ports, negotiations named by place in their own."""
    tables = read(path).tables
    rows = rows_of(tables.columns["negotiations"])
    tokens = rows_of(tables.columns["tokens"])
    names = name_by_place(rows)
    for token in tokens:
        token["negotiation_id"] = names.get(token["negotiation_id"])
    tokens.sort(key=lambda token: sorted((token["src_port"], token["dst_port"])))
    capture = rows_of(tables.columns["captures"])[0]
    codes = tables.columns["anomalies"]["code"]
    anomalies = sorted(code for code in codes if code not in NOT_OF_THE_STREAM | PER_SEGMENT)
    anomalies += sorted(PER_SEGMENT & set(codes))
    missing = bool(GAPS & set(anomalies)) or capture["tcp_bytes_missing"] > 0
    return Facts(
        [{name: value for name, value in row.items() if name not in PLACE} for row in rows],
        [[token[name] for name in TOKEN] for token in tokens],
        anomalies,
        missing or capture["truncated_packets"] > 0,
    )


def name_by_place(rows: list[Row]) -> dict[int, tuple[int, int, int]]:
    """Sort negotiations by the ports of their connections, and name them by those and their place there.

    Numbers become names, also where a row names another one; returned are the names by number.
    """
    names: dict[int, tuple[int, int, int]] = {}
    rows.sort(key=_order)
    for row in rows:
        before = [name for name in names.values() if name[:2] == _ports(row)]
        names[row["negotiation_id"]] = (*_ports(row), len(before))
    for row in rows:
        for name in ("negotiation_id", "retry_of", "fallback_from"):
            row[name] = names.get(row[name])
    return names


def _order(row: Row) -> tuple[Any, ...]:
    return (*_ports(row), row["first_frame"], row["exchange"] or "")


def _ports(row: Row) -> tuple[int, int]:
    return row["client_port"], row["server_port"]


def rows_of(columns: dict[str, list[Any]]) -> list[Row]:
    """Columns as rows."""
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
