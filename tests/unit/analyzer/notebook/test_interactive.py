"""Altair charts hold the numbers of the pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.errors import UsageError
from analyzer.notebook import plots
from analyzer.notebook.plots import interactive

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


@pytest.fixture(scope="module")
def negotiations():
    return read(CAPTURES / "smb" / "mixed").negotiations


@pytest.mark.parametrize("name", ["timeline", "shares", "reasons", "matrix"])
def test_a_chart_has_what_the_picture_has(negotiations, name):
    chart = getattr(interactive, name)(negotiations).to_dict()
    (data,) = chart["datasets"].values()
    numbers = [
        cell
        for row in getattr(plots, name)(negotiations).rows
        for cell in row[1:]
        if isinstance(cell, int)
    ]
    assert [row["negotiations"] for row in data] == numbers


def test_without_altair_one_line_tells_what_to_do(negotiations, monkeypatch):
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(UsageError, match="pip install"):
        interactive.reasons(negotiations)
