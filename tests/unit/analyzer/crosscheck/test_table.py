"""Differences as rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import negoscope as ng
from analyzer.crosscheck.difference import CELL, Difference
from analyzer.crosscheck.table import DIFFERENCES, difference_columns, plain

ROOT = Path(__file__).resolve().parents[4]


def test_values_are_safe_to_show() -> None:
    """Bytes by length and digest, no control characters, None stays."""
    assert plain(None) is None
    assert plain(b"secret") == "6 bytes, sha256 2bb80d537b1da3e3"
    assert plain(["a", "b\x1b"]) == "a, b\\x1b"
    assert plain({"MsvAvFlags": 2}) == "MsvAvFlags=2"
    assert plain("\u202eevil") == "\\u202eevil"
    assert plain(0) == "0"


def test_a_row_has_all_columns() -> None:
    """An unexplained one has neither class nor reason."""
    columns = difference_columns([("x", [Difference(CELL, "neg_state", "reject", None, 7)])])
    assert list(columns) == DIFFERENCES.names
    row = {name: values[0] for name, values in columns.items()}
    assert row["frame"] == 7
    assert (row["ours"], row["theirs"], row["class"], row["why"]) == ("reject", None, None, None)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_from_python() -> None:
    """A frame of all differences, each with its class."""
    frame = ng.crosscheck(ROOT / "captures" / "smb" / "anonymous" / "capture.pcapng")
    assert list(frame.columns) == DIFFERENCES.names
    assert set(frame["class"]) >= {"tshark-null-string"}
    assert frame["class"].notna().all()
