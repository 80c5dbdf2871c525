"""Reasons for the lab's negotiations, held against what its configuration and logs say."""

from __future__ import annotations

import pytest
from support.judgement_figures import lab_figures, met
from support.lab_reasons import EXPECTED, LAB, Pair, expected_for, judged_pairs

pytestmark = pytest.mark.skipif(not LAB.is_dir(), reason="../shared/lab-sample is not there")


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """Truth and row of every negotiation that both know."""
    return judged_pairs()


def test_the_reasons_are_right(pairs) -> None:
    """At least 95 % of those that failed, fell back or are incomplete; all that are certain."""
    figures = lab_figures()
    assert figures["to_explain"] > 45
    assert met({"lab": figures, "captures": {}}), figures["wrong_ones"]
    assert figures["right"] == figures["to_explain"] - sum(
        pair.to_explain and not pair.right for pair in pairs
    )


def test_no_reason_without_evidence(pairs) -> None:
    """Each has frames, a confidence and a sentence; evidence frames are frames of the capture."""
    for truth, row in pairs:
        if row["reason"] is not None:
            assert row["evidence"], truth
            assert row["confidence"] in {"certain", "likely", "possible"}
            assert row["reason_detail"]


def test_a_failed_fallback_names_both(pairs) -> None:
    """Why it failed is the reason, why it was NTLM at all stands in the detail, with the KDC's frames."""
    ((_, row),) = [pair for pair in pairs if "fallback_pyspnego" in pair[0]["capture"]]
    assert row["reason"] == "bad_credentials"
    assert "KDC_ERR_S_PRINCIPAL_UNKNOWN for HTTP/nospn.lab.example" in row["reason_detail"]
    assert "frames 42, 45" in row["reason_detail"]


def test_every_line_of_the_table_is_needed(pairs) -> None:
    """A line that fits no row any more is out of date."""
    used = [expected_for(truth) for truth, _ in pairs]
    assert [line for line in EXPECTED if not any(line.codes is codes for codes in used)] == []
