"""Why NTLM: which rule tells it, what the offer shows, and what a list of NTLM alone does not prove."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from support.finding_rows import CAPTURE, Row, found, logon

from analyzer.analysis import read
from analyzer.audit.rules.ntlm_choice import (
    BY_THE_OFFER,
    KERBEROS_FAILED,
    NTLM_CHOSEN,
    TOLD_OF_THE_SERVER,
)
from analyzer.correlation.kdc_reasons import WHY_NTLM
from analyzer.negotiation.reasons.fallbacks import FALLBACK_REASONS

ROOT = Path(__file__).resolve().parents[4]
RULES = ("NGS-NTLM-010", "NGS-NTLM-011", "NGS-NTLM-012")
ONLY_NTLM, BOTH = ["ntlm"], ["negoex", "ms-kerberos", "ntlm"]


def first(number: int = 1, kind: str = "NegTokenInit", **cells: Any) -> Row:
    """The client's first message of a negotiation."""
    cells = {"capture": CAPTURE, "negotiation_id": number, "token_type": kind, "frame": 10} | cells
    return {"anomalies": 0} | cells


def test_every_reason_for_ntlm_is_one_rules_business() -> None:
    """Each in one set: those that a KDC says, and those of the negotiation itself."""
    sets = (KERBEROS_FAILED, NTLM_CHOSEN, BY_THE_OFFER, TOLD_OF_THE_SERVER)
    assert all(one.isdisjoint(other) for one, other in combinations(sets, 2))
    assert frozenset().union(*sets) == {*FALLBACK_REASONS, *WHY_NTLM, "kdc_error"}


@pytest.mark.parametrize("why_ntlm", sorted(BY_THE_OFFER))
@pytest.mark.parametrize(
    ("cells", "token", "rule_id"),
    [
        ({"offered_mechs": ONLY_NTLM}, first(), "NGS-NTLM-012"),
        ({"wrapper": "raw-ntlm"}, first(kind="NTLM_NEGOTIATE"), "NGS-NTLM-012"),
        ({"wrapper": "none", "carrier": "smb1"}, None, "NGS-NTLM-012"),
        ({"offered_mechs": BOTH}, first(), "NGS-NTLM-011"),
        ({"offered_mechs": None}, None, None),
        ({"offered_mechs": None}, first(kind="NegTokenResp"), None),
        ({"wrapper": "raw-ntlm"}, first(kind="NTLM_AUTHENTICATE"), None),
        ({"offered_mechs": ONLY_NTLM}, first(anomalies=1), None),  # the rest of the list is cut
        ({"offered_mechs": BOTH}, first(anomalies=1), "NGS-NTLM-011"),
    ],
)
def test_the_offer_tells_whether_kerberos_was_in_it(
    why_ntlm: str, cells: Row, token: Row | None, rule_id: str | None
) -> None:
    """Whatever the reason; an offer that is not in the capture, or not all of it, tells nothing."""
    row = logon(fallback_reason=why_ntlm, fallback_confidence="likely", **cells)
    tokens = [] if token is None else [token]
    cut = [{"capture": CAPTURE, "frame": 10, "code": "truncated"}]
    told = {each: found(each, negotiations=[row], tokens=tokens, anomalies=cut) for each in RULES}
    assert [each for each, made in told.items() if made] == ([] if rule_id is None else [rule_id])
    if rule_id == "NGS-NTLM-011":
        (finding,) = told[rule_id]
        assert finding.confidence == "possible"
        assert finding.why.endswith(
            "over " + row["carrier"] + ", though it offered Kerberos as well"
        )


@pytest.mark.parametrize("carrier", ["http", "ldap", "smb"])
def test_a_late_start_shows_no_offer(carrier: str) -> None:
    """A capture that begins behind the client's first message does not show what stood in it."""
    analysis = read(ROOT / "captures" / carrier / "mid_stream" / "capture.pcapng")
    assert analysis.audit(",".join(RULES)).findings == []
    assert len(analysis.audit("NGS-NTLM-015").findings) == 1


def test_a_user_whom_the_kdc_does_not_know_failed_at_kerberos() -> None:
    """Whoever asks the KDC wanted a ticket."""
    row = logon(
        fallback_reason="unknown_user", fallback_confidence="likely", offered_mechs=ONLY_NTLM
    )
    (finding,) = found("NGS-NTLM-010", negotiations=[row], tokens=[first()])
    assert finding.confidence == "likely"


@pytest.mark.parametrize(
    ("why_ntlm", "rule_id"),
    [
        ("unknown_service", "NGS-NTLM-010"),
        ("application_chose_ntlm", "NGS-NTLM-011"),
        ("ntlm_only_client", "NGS-NTLM-012"),
    ],
)
def test_why_ntlm_counts_beside_another_reason(why_ntlm: str, rule_id: str) -> None:
    """A guest's logon was by NTLM too; then the row's evidence is of the other reason."""
    guest = {"reason": "guest_access", "confidence": "certain", "evidence": [99]}
    why = {"fallback_reason": why_ntlm, "fallback_confidence": "possible"}
    (finding,) = found(rule_id, negotiations=[logon(**guest, **why)], tokens=[first()])
    assert finding.confidence == "possible"
    assert list(finding.places[CAPTURE].evidence) == [10, 11, 12]
    alone = {"reason": why_ntlm, "confidence": "likely", "evidence": [7]} | why
    (finding,) = found(rule_id, negotiations=[logon(**alone)], tokens=[first()])
    assert list(finding.places[CAPTURE].evidence) == [7]
    assert found(rule_id, negotiations=[logon(**guest)], tokens=[first()]) == []
    refused = logon(**guest, **why, outcome="failure")
    assert found(rule_id, negotiations=[refused], tokens=[first()]) == []


@pytest.mark.parametrize(
    ("why_ntlm", "rule_id", "sure"),
    [
        ("ntlm_only_client", "NGS-NTLM-012", "likely"),
        ("target_is_local_host", "NGS-NTLM-012", "certain"),
        ("clock_skew", "NGS-NTLM-010", "certain"),
    ],
)
def test_that_no_ticket_was_asked_for_is_never_certain(
    why_ntlm: str, rule_id: str, sure: str
) -> None:
    """What the client offered is; what it did before, the offer does not state."""
    row = logon(fallback_reason=why_ntlm, fallback_confidence="certain")
    (finding,) = found(rule_id, negotiations=[row], tokens=[first()])
    assert finding.confidence == sure


# -- a list of NTLM alone, of a server that took Kerberos --------------------------------------------------

LISTED = {
    "capture": CAPTURE,
    "stream_id": 1,
    "frame": 8,
    "ts": 8,
    "by": "server",
    "carrier": "http",
}
LISTED |= {"client": "10.0.0.20", "server": "10.0.0.2", "rank": 1, "mech": "NTLM"}
SITE = {"server_name": "web.nego.test"}


@pytest.mark.parametrize(
    ("taken", "kerberos", "sure", "words"),
    [
        (SITE, SITE, "possible", "it took Kerberos from 10.0.0.21 there"),
        (SITE, {"server_name": "WEB.nego.test."}, "possible", "there"),
        (SITE, {"server_name": None}, "possible", "there"),
        ({"server_name": None}, SITE, "possible", "there"),
        (None, SITE, "possible", "there"),
        (SITE, {"server_name": "other.nego.test"}, "likely", "10.0.0.2 on port 80 took"),
        (SITE, SITE | {"server_port": 8080}, "likely", "10.0.0.2 on port 8080 took"),
        (SITE, {"carrier": "smb2", "server_port": 445}, "likely", "from 10.0.0.21 over smb2"),
        (SITE, SITE | {"server": "fd00::2"}, "likely", "fd00::2 on port 80 took"),
        (None, SITE | {"carrier": "ldap"}, "likely", "over ldap"),
        (SITE, {"server": "10.0.0.3", "server_name": "other.nego.test"}, "certain", None),
        (SITE, SITE | {"outcome": "failure"}, "certain", None),
        (SITE, SITE | {"capture": "another.pcapng"}, "certain", None),
    ],
)
def test_a_list_of_ntlm_alone_is_not_all_of_a_server(
    taken: Row | None, kerberos: Row, sure: str, words: str | None
) -> None:
    """Another page, port or name took Kerberos: then only the list itself is certain."""
    other = logon(2, client="10.0.0.21", mechanism="kerberos", last_frame=22) | kerberos
    rows = [other] if taken is None else [logon(1, **taken), other]
    offer = LISTED | {"negotiation_id": None if taken is None else 1}
    (finding,) = found("NGS-NTLM-013", negotiations=rows, offers=[offer])
    assert finding.confidence == sure
    (place,) = finding.places.values()
    if words is None:
        assert finding.why.endswith("nothing but NTLM")
        assert list(place.evidence) == [8]
    else:
        assert "nothing but NTLM, though " in finding.why
        assert words in finding.why
        assert list(place.evidence) == [8, 22]
        assert 2 in place.negotiation_ids
