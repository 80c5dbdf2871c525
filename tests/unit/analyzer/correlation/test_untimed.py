"""Captures whose packets carry no time: what is just before, and what is long ago, nothing tells apart."""

from __future__ import annotations

from typing import Any

import pytest
from support.correlated import CLIENT, KDC, SERVER, asked, ntlm, reason_of, refused

from analyzer.capture.model import NO_TIME
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import ConnectionAttempt, KdcExchange

FAR = 100_000
"""A frame long after those of the KDC, 10 and 11."""


def untimed(**facts: Any) -> Negotiation:
    """An NTLM logon without times."""
    made = ntlm(100, FAR, **facts)
    made.started_ns = made.ended_ns = NO_TIME
    return made


def said(sname: str, error: int | None = None, **facts: Any) -> KdcExchange:
    """What a KDC says, without times."""
    return asked(0, sname, error, ts_ns=NO_TIME, reply_ts_ns=NO_TIME, **facts)


def first_ticket(error: int | None = 24, **facts: Any) -> KdcExchange:
    """Ada's password is refused by a KDC."""
    return said("krbtgt/LAB.EXAMPLE", error, exchange="AS", cname="ada", **facts)


def test_a_refusal_at_an_unknown_time() -> None:
    """It may be older than any client keeps it in mind: possible, and the detail says why."""
    reason = reason_of(untimed(), kdc=[said("HTTP/web.lab.example", 7)])
    assert (reason.code, reason.confidence) == ("unknown_service", "possible")
    assert "how long before, the capture does not tell" in reason.detail
    reason = reason_of(untimed(user="ada"), kdc=[first_ticket()])
    assert (reason.code, reason.confidence) == ("kdc_error", "possible")


def test_a_first_ticket_granted_since() -> None:
    """The order of the frames tells that it was later."""
    for frame, code in ((20, "ntlm_only_client"), (5, "kdc_error")):
        granted = first_ticket(None, frame_request=frame, frame_reply=frame)
        assert reason_of(untimed(user="ada"), kdc=[granted, first_ticket()]).code == code


@pytest.mark.parametrize("client", [CLIENT, "fd77::20"])
@pytest.mark.parametrize(
    ("frame", "code"),
    [(20, "application_chose_ntlm"), (5, "unknown_service"), (FAR + 9, "unknown_service")],
)
def test_a_ticket_granted_since(frame: int, code: str, client: str) -> None:
    """So it does of a ticket for the service; one from before was another user's, or is over."""
    web = "HTTP/web.lab.example"
    granted = said(web, client=client, cname="ada", frame_request=frame, frame_reply=frame)
    refusal = said(web, 7, cname="ada")
    found = reason_of(untimed(user="ada"), kdc=[granted, refusal]).code
    if client != CLIENT and code == "application_chose_ntlm":
        code = "ntlm_only_client"  # by its own address the client had none
    assert found == code


def test_a_password_that_was_wrong_at_an_unknown_time() -> None:
    """It may have been another; what a KDC tells the server in the midst of the logon is about this one."""
    assert reason_of(refused(untimed(user="ada")), kdc=[first_ticket()]).code == "bad_credentials"
    for frame, code in ((FAR + 1, "wrong_password"), (FAR + 9, "bad_credentials")):
        answer = first_ticket(client=SERVER, frame_request=frame, frame_reply=frame)
        assert reason_of(refused(untimed(user="ada")), kdc=[answer]).code == code


def test_a_kdc_that_was_out_of_reach_at_an_unknown_time() -> None:
    """Within reach again, for all that is known."""
    attempt = ConnectionAttempt(CLIENT, KDC, 88, "tcp", (20, 21), NO_TIME, "reset")
    reason = reason_of(untimed(), attempts=[attempt])
    assert (reason.code, reason.confidence) == ("kdc_unreachable", "possible")
