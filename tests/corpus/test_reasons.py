"""The closed list of reasons held against the project's own captures: each code has a capture that shows it.

That the rows are what the program says is the promise of test_captures.py; here they are read as they stand.
"""

import json
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from analyzer.negotiation.reasons import REASONS

CAPTURES = Path(__file__).resolve().parents[2] / "captures"
OUTCOMES = {
    "failure": {"failure", "success", "incomplete"},
    "fallback": {"success", "failure"},
    "weak": {"success"},
    "incomplete": {"incomplete"},
}
"""Kind of reason -> outcomes of the rows that may have it."""


def rows_by_reason() -> dict[str | None, list[dict]]:
    """Expected rows of all cases by their reason."""
    found = defaultdict(list)
    for path in sorted(CAPTURES.glob("*/*/expected.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            found[row["reason"]].append(row)
    return found


ROWS = rows_by_reason()


@pytest.mark.parametrize("code", REASONS)
def test_every_reason_has_a_capture(code: str) -> None:
    """A code that no capture shows as a row's reason is a claim that nobody has seen come true."""
    assert ROWS[code], (
        f"no capture whose row has the reason {code}: make one (captures/record/README.md)"
    )


BY_HAND_ALONE = {
    "logon_type_not_granted",
    "smartcard_required",
    "duplicate_spn",
    "mutual_auth_failed",
}
"""Reasons that no lab of free software gives; `why_by_hand` of their cases says what was tried."""


def test_every_other_reason_was_recorded() -> None:
    """Real programs have said what negoscope says of them; only these few were put into their mouths."""
    recorded = {
        row["reason"]
        for path in sorted(CAPTURES.glob("*/*/expected.jsonl"))
        if "made" not in tomllib.loads((path.parent / "case.toml").read_text())
        for row in map(json.loads, path.read_text().splitlines())
    }
    assert set(REASONS) - recorded == BY_HAND_ALONE


def test_every_reason_of_a_capture_is_in_the_list() -> None:
    """The list is closed."""
    assert {code for code, rows in ROWS.items() if rows and code is not None} <= set(REASONS)


@pytest.mark.parametrize("code", REASONS)
def test_the_kind_of_a_reason_fits_the_outcomes(code: str) -> None:
    """What a capture lacks explains no success, and a weak success is one."""
    assert {row["outcome"] for row in ROWS[code]} <= OUTCOMES[REASONS[code].kind]


@pytest.mark.parametrize(
    "kind", ["in-negotiation", "same-connection", "new-connection", "other-carrier"]
)
def test_every_kind_of_fallback_has_a_capture(kind: str) -> None:
    """A row says over what its client went on; where NTLM was let in, that Kerberos had been tried."""
    rows = [row for found in ROWS.values() for row in found if row["fallback_kind"] == kind]
    assert rows, f"no capture with a fallback of the kind {kind}"
    codes = {row["reason"] for row in rows if row["outcome"] == "success"}
    assert codes <= {"kerberos_refused", "ntlm_selected_by_server"}


@pytest.mark.parametrize("outcome", ["failure", "incomplete"])
def test_no_failure_is_left_unexplained(outcome: str) -> None:
    """Only a success may be without a reason."""
    assert outcome not in {row["outcome"] for row in ROWS[None]}
