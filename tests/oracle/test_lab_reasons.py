"""Reasons for the lab's negotiations, held against what its configuration and logs say.

What each reason must be follows from the truth's own fields (`status`, `diagnostic`, `used`, `outcome`) and from
the case's name, by the small table `EXPECTED`: the first line that fits counts.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from analyzer.analysis import read

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / ".." / "shared" / "lab-sample"
CARRIERS = {"http", "http-proxy", "smb1", "smb2", "ldap"}
NO_PASSWORD = {"bad_credentials", "wrong_password"}
"""Codes for a wrong password: the second where a KDC in the capture says so."""

pytestmark = pytest.mark.skipif(not LAB.is_dir(), reason="../shared/lab-sample is not there")


class Expected(NamedTuple):
    """Which rows a line is for, and which reasons are right there; None: no reason."""

    case: str  # of the capture's name
    field: str  # of the truth
    value: str  # of that field
    codes: set[str | None]


EXPECTED = [
    # what the capture does not show
    Expected(r"c2s_only", "outcome", "incomplete", {"one_direction"}),
    Expected(r"d_cut", "outcome", "incomplete", {"capture_ended_early"}),
    Expected(r"hard_snap", "outcome", "incomplete", {"truncated"}),
    Expected(r"hard_capdrop", "outcome", "incomplete", {"gap"}),
    # refusals that a code states
    Expected(r"locked", "status", "STATUS_ACCOUNT_LOCKED_OUT", {"account_locked"}),
    Expected(r"", "diagnostic", r".*data 533,.*", {"account_disabled"}),
    Expected(r"", "diagnostic", r".*data 773,.*", {"password_must_change"}),
    Expected(r"smb1_nospnego", "status", "STATUS_INVALID_PARAMETER", {"mechanism_refused"}),
    Expected(r"sicily", "status", "connection closed by server", {"connection_closed"}),
    # refusals that name no cause
    Expected(r"bad|fallback_pyspnego", "outcome", "failure", NO_PASSWORD),
    # the KDC refused the ticket: nothing was sent, or NTLM
    Expected(r"impacket_.*krb5", "outcome", "incomplete", {"kdc_error"}),
    Expected(r"fallback_nospn", "used", "ntlm.*", {"unknown_service"}),
    # successes
    Expected(r"", "used", "anonymous", {"anonymous"}),
    Expected(r"ntlm_scheme_requests", "used", "ntlmv2", {"ntlm_only_server"}),
    Expected(r"rawntlm|lib_in_negotiate", "scheme", "Negotiate", {"application_chose_ntlm"}),
    Expected(r"domain_join", "used", "ntlmv2", {"ntlm_only_client", "application_chose_ntlm"}),
    Expected(r"", "used", r"ntlm.*", {"ntlm_only_client"}),
    Expected(r"", "outcome", "success", {None}),
]


def expected_for(truth: dict[str, Any]) -> set[str | None]:
    """Codes that are right for a line of the truth."""
    for line in EXPECTED:
        said = str(truth.get(line.field) or "")
        if re.search(line.case, truth["capture"]) and re.fullmatch(line.value, said):
            return line.codes
    pytest.fail(f"nothing is declared for {truth}")


@pytest.fixture(scope="module")
def pairs() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Truth and row of every negotiation that both know, by capture and overlapping frames."""
    found = []
    rows: dict[str, list[dict[str, Any]]] = {}
    for line in (LAB / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        if truth["carrier"] not in CARRIERS:
            continue
        name = truth["capture"]
        if name not in rows:
            columns = read(str(LAB / "captures" / name)).tables.columns["negotiations"]
            cells = zip(*columns.values(), strict=True)
            rows[name] = [dict(zip(columns, row, strict=True)) for row in cells]
        first, last = truth["frames"]
        near = [
            row
            for row in rows[name]
            if row["first_frame"] <= last
            and row["last_frame"] >= first
            and row["client"] == truth["client"].rpartition(":")[0].strip("[]")
        ]
        assert near, truth
        found.append((truth, min(near, key=lambda row: abs(row["last_frame"] - last))))
    return found


def test_the_reasons_are_right(pairs) -> None:
    """At least 95 % of those that failed, fell back or are incomplete; all that are certain."""
    wrong, judged = [], 0
    for truth, row in pairs:
        codes = expected_for(truth)
        judged += codes != {None}
        if row["reason"] not in codes:
            wrong.append(
                (truth["capture"], truth["frames"], row["reason"], row["confidence"], codes)
            )
    assert judged > 45
    assert [entry for entry in wrong if entry[3] == "certain"] == []
    assert len(wrong) <= 0.05 * judged, wrong


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
