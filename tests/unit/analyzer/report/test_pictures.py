"""Pictures tell the numbers of the tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.report import pictures
from analyzer.report.charts.flow import NONE
from analyzer.report.pictures import BARS, MECHANISMS
from analyzer.tables.schema import NEGOTIATIONS

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


@pytest.fixture(scope="module")
def rows():
    return read(CAPTURES / "smb").columns("negotiations")


def test_shares_count_every_negotiation(rows):
    picture = pictures.shares(rows, "client")
    assert sum(sum(row[1:]) for row in picture.rows) == len(rows["client"])
    assert dict(
        zip(
            picture.headings[1:],
            map(sum, zip(*(row[1:] for row in picture.rows), strict=True)),
            strict=True,
        )
    ) == dict(Counter(NONE if cell is None else cell for cell in rows["mechanism"]))


def test_reasons_count_those_that_have_one(rows):
    picture = pictures.reasons(rows)
    assert sum(sum(row[1:4]) for row in picture.rows) == sum(
        cell is not None for cell in rows["reason"]
    )
    for name, *_, sentence in picture.rows:
        assert sentence or name.endswith("others)"), name


def test_the_timeline_has_all_outcomes(rows):
    picture = pictures.timeline(rows)
    assert picture is not None
    counts = Counter(rows["outcome"])
    found = {
        name: sum(row[at] for row in picture.rows) for at, name in enumerate(picture.headings) if at
    }
    assert found == {name: counts[name] for name in found}
    assert pictures.timeline({"started": [None], "outcome": ["failure"]}) is None


def test_the_flow_is_the_tables(rows):
    picture = pictures.flow(rows)
    assert sum(row[-1] for row in picture.rows) == len(rows["outcome"])


def test_the_matrix_is_that_of_two_columns(rows):
    picture = pictures.matrix(rows, "client", "outcome")
    pairs = Counter(zip(rows["client"], rows["outcome"], strict=True))
    for row in picture.rows:
        for outcome, count in zip(picture.headings[1:], row[1:], strict=True):
            assert count == pairs[row[0], outcome]


def test_much_is_counted_together():
    """A thousand clients and mechanisms of a hostile capture make no endless picture."""
    many = {"client": [f"c{n}" for n in range(1_000)], "mechanism": [f"m{n}" for n in range(1_000)]}
    shares = pictures.shares(many, "client")
    assert (len(shares.rows), len(shares.headings)) == (BARS + 1, MECHANISMS + 2)
    assert sum(sum(row[1:]) for row in shares.rows) == 1_000
    matrix = pictures.matrix(many, "client", "mechanism")
    assert "960 more of client" in matrix.title
    assert len(matrix.svg) < 200_000


def test_nothing_makes_no_fault():
    """Empty tables too."""
    empty: dict[str, list[object]] = {name: [] for name in NEGOTIATIONS.names}
    for picture in (
        pictures.shares(empty),
        pictures.reasons(empty),
        pictures.flow(empty),
        pictures.matrix(empty),
    ):
        assert picture.rows == []
        assert picture.svg in picture.html()
    assert pictures.timeline(empty) is None


def test_a_page_escapes_the_numbers():
    evil = {"client": ["<img src=x>"], "mechanism": ["</script>"]}
    page = pictures.matrix(evil, "client", "mechanism").html()
    assert "<img" not in page
    assert "</script" not in page
    assert "&lt;img" in page
