"""A KDC out of reach: which answers of KDCs speak against it, and which do not."""

from __future__ import annotations

from typing import Any

import pytest
from support.correlated import CLIENT, KDC, SECOND, asked, ntlm, reason_of

from analyzer.surroundings.model import ConnectionAttempt, KdcExchange

WEB = "HTTP/web.lab.example"
OTHER_KDC = "10.0.0.9"


def syn(at: float = 97, how: str = "no-answer") -> ConnectionAttempt:
    """A connection to the KDC that came to nothing, in frames 20 and 21."""
    return ConnectionAttempt(CLIENT, KDC, 88, "tcp", (20, 21), int(at * SECOND), how)


def silent(at: float, **facts: Any) -> KdcExchange:
    """A request for the service that no KDC answers."""
    return asked(at, WEB, server=OTHER_KDC, frame_request=22, **{"frame_reply": None, **facts})


def told(*kdc: KdcExchange, **more: Any) -> tuple[str, str]:
    """Code and confidence."""
    reason = reason_of(ntlm(), kdc=list(kdc), **more)
    return reason.code, reason.confidence


LOGON = {"exchange": "AS", "cname": "alice"}


@pytest.mark.parametrize("how", ["no-answer", "reset", "ICMP administratively prohibited"])
def test_udp_works_and_tcp_is_blocked(how: str) -> None:
    """The KDC says "over TCP", which is no answer; TCP is where it ends."""
    steps = [
        asked(96.1, "krbtgt/LAB.EXAMPLE", 25, **LOGON),
        asked(96.2, "krbtgt/LAB.EXAMPLE", 52, **LOGON),
    ]
    assert told(*steps, attempts=[syn(how=how)]) == ("kdc_unreachable", "likely")
    again = asked(98, "krbtgt/LAB.EXAMPLE", 52, frame_request=30, frame_reply=31, **LOGON)
    assert told(*steps, again, attempts=[syn(how=how)]) == ("kdc_unreachable", "likely")


def test_an_answer_before_the_silence() -> None:
    """It answered a while ago, and then no more."""
    before = asked(80, "krbtgt/LAB.EXAMPLE", **LOGON)
    assert told(before, silent(82), silent(90)) == ("kdc_unreachable", "likely")
    after = asked(95, "cifs/fs1.lab.example", frame_request=30, frame_reply=31)
    assert told(before, silent(82), silent(90), after)[0] == "ntlm_only_client"


@pytest.mark.parametrize("code", [85, 86])
def test_an_acceptor_that_found_no_kdc(code: int) -> None:
    """IAKERB's acceptor says that it reached none: no KDC has answered, and that may be why."""
    told_so = asked(95, "krbtgt/LAB", code, **LOGON, frame_request=30, frame_reply=31)
    assert told(told_so) == ("kdc_unreachable", "likely")
    other = asked(95, "cifs/x", code, frame_request=30, frame_reply=31, cname="bob")
    assert told(silent(82), silent(90), other) == ("kdc_unreachable", "likely")


def test_an_answer_between_two_requests_in_vain() -> None:
    """What came after it counts, and is the evidence; what came before does not."""
    between = asked(85, "cifs/fs1.lab.example", frame_request=30, frame_reply=31)
    late = silent(90)
    late.frame_request = 40
    reason = reason_of(ntlm(), kdc=[silent(82), between, late])
    assert (reason.code, reason.evidence) == ("kdc_unreachable", (40,))


def test_a_slow_answer_to_an_earlier_request() -> None:
    """The time of the answer counts, not that of its question."""
    slow = asked(81, "cifs/fs1.lab.example", frame_request=18, frame_reply=31)
    slow.reply_ts_ns = 95 * SECOND
    assert told(silent(82), silent(90), slow)[0] == "ntlm_only_client"


def test_a_kdc_of_another_realm() -> None:
    """It is not the one that is silent; of a connection the realm is not known."""
    other = asked(95, "HTTP/www.other.example", frame_request=30, frame_reply=31)
    other.realm = "OTHER.EXAMPLE"
    assert told(silent(82), silent(90), other) == ("kdc_unreachable", "likely")
    assert told(other, attempts=[syn(82)])[0] == "ntlm_only_client"


def test_another_kdc_that_answers_the_same() -> None:
    """As clients do: one KDC after the other."""
    granted = asked(96, WEB, frame_request=30, frame_reply=31)
    assert told(silent(95), granted)[0] == "application_chose_ntlm"


def test_a_proxy_that_turns_the_client_away() -> None:
    """It did answer, and what it answered is said; any 2xx may have been a KDC's answer."""
    turned = silent(95, transport="kkdcp", server_port=443, proxy_status=503, frame_reply=23)
    reason = reason_of(ntlm(), kdc=[turned])
    assert (reason.code, reason.confidence) == ("kdc_unreachable", "likely")
    assert reason.evidence == (22, 23)
    assert f"({OTHER_KDC} port 443, a KDC's proxy: HTTP 503)" in reason.detail
    assert "no answer" not in reason.detail
    unread = silent(95, transport="kkdcp", proxy_status=200, frame_reply=23)
    assert told(unread)[0] == "ntlm_only_client"
