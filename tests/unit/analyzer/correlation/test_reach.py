"""A KDC out of reach: which answers of KDCs speak against it, and which do not."""

from __future__ import annotations

from typing import Any

import pytest
from support.correlated import CLIENT, KDC, SECOND, asked, joined, kerberos, ntlm, reason_of

from analyzer.surroundings.model import ConnectionAttempt, KdcExchange

WEB = "HTTP/web.lab.example"
OTHER_KDC = "10.0.0.9"


def syn(at: float = 97, how: str = "no-answer") -> ConnectionAttempt:
    """A connection to the KDC that came to nothing, in frames 20 and 21."""
    return ConnectionAttempt(CLIENT, KDC, 88, "tcp", (20, 21), int(at * SECOND), how)


def silent(at: float, sname: str = WEB, **facts: Any) -> KdcExchange:
    """A request for the service that no KDC answers."""
    usual = {"server": OTHER_KDC, "frame_request": 22, "frame_reply": None}
    return asked(at, sname, **usual | facts)


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


def test_a_scheme_of_ntlm_alone_is_no_want_of_a_kdc() -> None:
    """It is chosen before any ticket is asked for."""
    reason = reason_of(ntlm(scheme="NTLM"), kdc=[silent(96), silent(97.5)])
    assert (reason.code, reason.confidence) == ("kdc_unreachable", "possible")


def logon(at: float, **facts: Any) -> KdcExchange:
    """A first ticket that no KDC gives."""
    return silent(at, "krbtgt/LAB.EXAMPLE", exchange="AS", cname="alice", **facts)


def test_who_goes_on_at_once_had_an_answer() -> None:
    """It is not in the capture, as over UDP nothing shows; who waits for one goes on later."""
    assert told(silent(96), silent(97.5)) == ("kdc_unreachable", "likely")
    reason = reason_of(ntlm(), kdc=[silent(96), silent(99.9)])
    assert (reason.code, reason.confidence) == ("kdc_unreachable", "possible")
    assert "no answer from 10.0.0.9, though the client went on at once" in reason.detail
    first = silent(99.9, frame_request=19)
    assert told(first, attempts=[syn(99.95)]) == ("kdc_unreachable", "possible")
    assert told(first, attempts=[syn(99.95, "reset")]) == ("kdc_unreachable", "likely")
    both = ConnectionAttempt(CLIENT, KDC, 88, "tcp", (20, 21, 30), int(99.8 * SECOND), "reset")
    assert told(silent(99.9), attempts=[both]) == ("kdc_unreachable", "likely")
    assert told(silent(99.95), attempts=[syn(99.9, "reset")]) == ("kdc_unreachable", "possible")


def test_an_error_that_comes_before_the_last_fragment() -> None:
    """It is about the first one; of another KDC, or long before, it refuses nothing."""
    fragments = silent(99.9)
    for server, at, sure in (
        (OTHER_KDC, 99.8, "likely"),
        (KDC, 99.8, "possible"),
        (OTHER_KDC, 98, "possible"),
    ):
        how = "ICMP port unreachable"
        error = ConnectionAttempt(CLIENT, server, 88, "udp", (20,), int(at * SECOND), how)
        assert told(fragments, attempts=[error]) == ("kdc_unreachable", sure)


def test_the_first_token_is_where_it_went_on() -> None:
    """Not where the server's hint or the client's greeting was, before the KDC was asked."""
    hinted = ntlm(offer_ns=103 * SECOND, ended_ns=104 * SECOND)
    asked_since = [silent(101), silent(101.5)]
    assert reason_of(hinted, kdc=asked_since).confidence == "likely"
    hinted = ntlm(offer_ns=102 * SECOND, ended_ns=104 * SECOND)
    assert reason_of(hinted, kdc=asked_since).confidence == "possible"


def test_a_lost_answer_is_one() -> None:
    """Of this request or of another one after those in vain."""
    lost = silent(97, reply_lost=True)
    assert told(lost)[0] == "ntlm_only_client"
    assert told(silent(82), silent(90), lost)[0] == "ntlm_only_client"
    late = silent(97)
    late.frame_request = 40
    assert told(silent(82, reply_lost=True), silent(90), late) == ("kdc_unreachable", "likely")


def test_a_ticket_that_comes_from_the_answer() -> None:
    """Over UDP a later request that presents it, or a service that is shown it, proves the answer."""
    first, then = logon(90), silent(97, ticket_used_sname="krbtgt/LAB.EXAMPLE", frame_request=24)
    reason = reason_of(ntlm(user="alice"), kdc=[first])
    assert (reason.code, reason.confidence) == ("kdc_unreachable", "likely")
    assert reason_of(ntlm(user="alice"), kdc=[first, then]).evidence == (24,)
    then.ticket_used_names = ("alice",)  # its own answer is in the capture
    assert reason_of(ntlm(user="alice"), kdc=[first, then]).evidence == (22, 24)
    referred = silent(97, ticket_used_sname="krbtgt/B", realm="B", frame_request=24)
    assert reason_of(ntlm(), kdc=[silent(90), referred]).evidence == (24,)
    *_, row = joined(kerberos(95, 50), ntlm(), kdc=[silent(90)])
    assert row.reason is not None
    assert row.reason.code != "kdc_unreachable"


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
