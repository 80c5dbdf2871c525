"""One event that two tables or two messages show is one hit."""

from __future__ import annotations

import pytest
from support.finding_rows import CAPTURE, SECOND, Row, found, logon

SKEW = {"reason": "clock_skew", "confidence": "certain"}


def by_kdc(transport: str, *numbers: int) -> Row:
    """A KDC's refusal for the clock, in frames 1 and 2."""
    row = {"capture": CAPTURE, "ts": SECOND, "client": "10.0.0.20", "server": "10.0.0.1"}
    row |= {"exchange": "TGS", "error": "KRB_AP_ERR_SKEW", "transport": transport}
    return row | {"frame_request": 1, "frame_reply": 2, "negotiation_ids": list(numbers)}


@pytest.mark.parametrize(
    ("logons", "kdc", "who"),
    [
        # let in by NTLM, since the KDC gave no ticket: the server refused nothing
        ([logon(1, **SKEW, evidence=[1, 2], kdc_frames=[1, 2])], [by_kdc("udp", 1)], ["the KDC"]),
        ([logon(1, **SKEW, evidence=[12], outcome="failure")], [], ["10.0.0.2"]),
        (
            [logon(1, **SKEW, evidence=[12], outcome="failure")],
            [by_kdc("iakerb", 1)],
            ["10.0.0.2"],
        ),
        ([logon(1)], [by_kdc("iakerb", 1)], ["a KDC behind 10.0.0.1"]),
        (
            [logon(1, **SKEW, evidence=[2], outcome="failure")],
            [by_kdc("iakerb", 1)],
            ["a KDC behind 10.0.0.1"],
        ),
        (
            [logon(1, **SKEW, evidence=[12], outcome="failure")],
            [by_kdc("udp", 1)],
            ["10.0.0.2", "the KDC"],
        ),
    ],
)
def test_a_refusal_for_the_clock(logons: list[Row], kdc: list[Row], who: list[str]) -> None:
    """By whom it came; a server that let the client in is not called one that refused it."""
    (finding,) = found("NGS-CLOCK-002", negotiations=logons, kdc=kdc)
    assert finding.count == len(who)
    assert finding.why.startswith(who[0])


def test_basic_for_several_realms_is_offered_once() -> None:
    """Two challenges of one scheme in one answer are one list."""
    place = {"capture": CAPTURE, "stream_id": 1, "ts": 8, "by": "server", "carrier": "http"}
    place |= {"client": "10.0.0.20", "server": "10.0.0.2", "mech": "Basic"}
    offers = [place | {"rank": rank, "frame": frame} for rank, frame in ((1, 8), (2, 8), (1, 9))]
    (finding,) = found("NGS-HTTP-002", offers=offers)
    assert finding.count == 2


def test_an_answer_that_is_sent_again_is_relayed_once() -> None:
    """HTTP clients repeat their last token with the next request."""
    rows = [
        logon(1, client="10.0.0.20", server="10.0.0.66"),
        logon(2, client="10.0.0.66", server="10.0.0.1", carrier="ldap"),
    ]
    sent = [
        {
            "capture": CAPTURE,
            "negotiation_id": number,
            "inner_type": "NTLM_AUTHENTICATE",
            "ntlm_response_id": "aa",
            "frame": at,
            "ts": at * SECOND,
            "anomalies": 0,
        }
        for at, number in enumerate((1, 2, 1, 2), 20)
    ]
    (finding,) = found("NGS-RELAY-002", negotiations=rows, tokens=sent)
    assert finding.count == 1
