"""The reason that each of the lab's negotiations must have, by what its configuration and logs say.

It follows from the truth's own fields (`status`, `diagnostic`, `used`, `outcome`) and from the case's name, by
the small table `EXPECTED`: the first line that fits counts.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, NamedTuple

from support.facts import SHARED, rows_of

from analyzer.analysis import read
from analyzer.negotiation.reasons import REASONS

LAB = SHARED / "lab-sample"
CARRIERS = {"http", "http-proxy", "smb1", "smb2", "ldap"}
NO_PASSWORD = {"bad_credentials", "wrong_password"}
"""Codes for a wrong password: the second where a KDC in the capture says so."""

Row = dict[str, Any]


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
    raise LookupError(f"nothing is declared for {truth}")


class Pair(NamedTuple):
    """A negotiation as the lab knows it, and as it was read."""

    truth: Row
    row: Row

    @property
    def codes(self) -> set[str | None]:
        """Reasons that are right."""
        return expected_for(self.truth)

    @property
    def to_explain(self) -> bool:
        """It failed, is incomplete, or ended in something weak: there is a reason to give."""
        return self.codes != {None}

    @property
    def fell_back(self) -> bool:
        """One of those codes says why it was NTLM."""
        return any(code is not None and REASONS[code].kind == "fallback" for code in self.codes)

    @property
    def right(self) -> bool:
        """The reason given is one of those."""
        return self.row["reason"] in self.codes


def truths() -> list[Row]:
    """Lines of the lab's truth."""
    text = (LAB / "truth.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@cache
def judged_pairs() -> list[Pair]:
    """Truth and row of every negotiation that both know, by capture and overlapping frames."""
    found = []
    rows: dict[str, list[Row]] = {}
    for truth in truths():
        if truth["carrier"] not in CARRIERS:
            continue
        name = truth["capture"]
        if name not in rows:
            rows[name] = rows_of(read(LAB / "captures" / name).tables.columns["negotiations"])
        first, last = truth["frames"]
        near = [
            row
            for row in rows[name]
            if row["first_frame"] <= last
            and row["last_frame"] >= first
            and row["client"] == truth["client"].rpartition(":")[0].strip("[]")
        ]
        if not near:
            raise LookupError(f"no row for {truth}")
        found.append(Pair(truth, min(near, key=lambda row: abs(row["last_frame"] - last))))
    return found
