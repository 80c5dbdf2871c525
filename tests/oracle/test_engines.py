"""The engines held against each other: the same tables of the project's own captures, whoever reads them."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, read

ROOT = Path(__file__).resolve().parents[2]
CASES = {
    path.parent.relative_to(ROOT / "captures").as_posix(): path
    for path in sorted((ROOT / "captures").glob("*/*/capture.pcapng"))
}
EXCEPTIONS = tomllib.loads(
    Path(__file__).with_name("engine_exceptions.toml").read_text(encoding="utf-8")
).get("exception", [])
TABLES = ("negotiations", "tokens", "offers", "anomalies", "captures")
OF_THE_RUN = {"seconds", "engine"}
"""Columns of `captures` that tell of the reading, not of the capture."""


@pytest.fixture(autouse=True)
def _wireshark() -> None:
    if shutil.which("tshark") is None:
        if os.environ.get("CI") or os.environ.get("NEGOSCOPE_REQUIRE_TSHARK"):
            pytest.fail("tshark is not installed")
        pytest.skip("tshark is not installed")


def rows(analysis: Analysis, table: str) -> list[dict[str, Any]]:
    """A table as dictionaries."""
    columns = analysis.tables.columns[table]
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def differences(name: str) -> set[tuple[str, str]]:
    """Table and column of all that differs; `row` where the numbers of rows do."""
    native = read(str(CASES[name]))
    wireshark = read(str(CASES[name]), engine="tshark")
    found = set()
    for table in TABLES:
        ours, theirs = rows(native, table), rows(wireshark, table)
        if len(ours) != len(theirs):
            found.add((table, "row"))
        for our, their in zip(ours, theirs, strict=False):
            found |= {(table, key) for key in our if our[key] != their[key]}
    return {(table, column) for table, column in found if column not in OF_THE_RUN}


@pytest.mark.parametrize("name", CASES)
def test_wireshark_gives_the_same_tables(name: str) -> None:
    """Every cell of every table is the same, but for what is declared; what is declared does differ."""
    declared = {(e["table"], e["column"]) for e in EXCEPTIONS if e["capture"] == name}
    assert differences(name) == declared


def test_exceptions_are_explained_and_name_captures() -> None:
    """A declaration says why, and is about a capture that is there."""
    for exception in EXCEPTIONS:
        assert set(exception) == {"capture", "table", "column", "why"}
        assert exception["capture"] in CASES
        assert exception["table"] in TABLES
        assert len(exception["why"]) > 20
