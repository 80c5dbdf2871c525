"""Nothing invisible passes the border to people."""

from __future__ import annotations

import json

import pytest

from analyzer.report.cells import csv_cell, iso_time, json_value, text_cell
from analyzer.report.json_text import json_text
from analyzer.tables.schema import Column
from dissectors.visible import visible

HOSTILE = [
    ("\x1b[2J", "\\x1b[2J"),
    ("a\x00b", "a\\x00b"),
    ("\x7f\x9b", "\\x7f\\x9b"),
    ("\u202etxt.exe", "\\u202etxt.exe"),
    ("zero\u200bwidth", "zero\\u200bwidth"),
    ("\ud800", "\\ud800"),
    ("\ufeffBOM", "\\ufeffBOM"),
    ("tag\U000e0041", "tag\\U000e0041"),
    ("line\u2028end\n", "line\\u2028end\\x0a"),
]


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_text_shows_escapes(text: str, shown: str) -> None:
    """Every unsafe character stands as an escape that people can read."""
    assert visible(text) == shown


def test_ordinary_text_is_left_alone() -> None:
    """Names in any script stay as they are."""
    for text in ("jürgen", "日本語", "O'Brien \\ DOMAIN", "Ω"):
        assert visible(text) == text


@pytest.mark.parametrize(("text", "_"), HOSTILE)
def test_json_holds_no_raw_control_and_loses_nothing(text: str, _: str) -> None:
    """JSON escapes what text escapes, and reads back to the same."""
    made = json_text({"name": text})
    assert visible(made) == made
    assert json.loads(made) == {"name": text}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_csv_never_starts_a_formula(start: str) -> None:
    """A spreadsheet must not run what a client has sent."""
    cell = csv_cell(Column("user", "str", ""), start + "cmd|' /C calc'!A0")
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert csv_cell(Column("port", "int", ""), -5) == "-5"


def test_times_are_iso_with_nanoseconds() -> None:
    """Nanoseconds survive; times no calendar holds stay numbers."""
    assert iso_time(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456789Z"
    assert iso_time(-1) == "1969-12-31T23:59:59.999999999Z"
    assert iso_time(2**62).startswith("2116-")
    assert json_value(Column("started", "time", ""), None) is None


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("strs", ["a", "b\x1b"], "a, b\\x1b"),
        ("dict", {"k\u202e": 1}, "k\\u202e=1"),
        ("bool", True, "yes"),
        ("float", 1.23456, "1.235"),
        ("int", 0, "0"),
        ("str", None, ""),
    ],
)
def test_cells_as_text(kind: str, value: object, shown: str) -> None:
    """Each kind has one way to look."""
    assert text_cell(Column("c", kind, ""), value) == shown
