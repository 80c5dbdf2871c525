"""Which attempt an exchange carries on."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.capture.model import NO_TIME, Stream
from analyzer.surroundings.kdc_chains import link_chains
from analyzer.surroundings.model import KdcExchange

SECOND = 10**9
TGT = "krbtgt/LAB"


def attempt(frame: int | None, seconds: float = 0, **facts: Any) -> KdcExchange:
    """An AS exchange over UDP, answered in the next frame."""
    stream = Stream(0, "udp", "10.0.0.5", 1, "10.0.0.1", 88, 1, 0, "first")
    made = KdcExchange(stream, facts.pop("transport", "udp"), "10.0.0.5", 1, "10.0.0.1", 88)
    made.frame_request = frame
    made.frame_reply = None if facts.pop("unanswered", False) else (frame or 0) + 1
    made.ts_ns = int(seconds * SECOND)
    made.exchange, made.cname, made.realm, made.sname = "AS", "ada", "LAB", TGT
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def links(*attempts: KdcExchange) -> list[int | None]:
    """Frame of the request that each one carries on."""
    link_chains(list(attempts))
    return [each.continues.frame_request if each.continues else None for each in attempts]


def tgs(frame: int, seconds: float = 0, **facts: Any) -> KdcExchange:
    """A TGS exchange."""
    return attempt(frame, seconds, exchange="TGS", **{"sname": "HTTP/web", **facts})


def test_proof_after_it_was_demanded_and_tcp_after_it_was_too_big() -> None:
    """A logon as most are."""
    assert links(
        attempt(1, error_code=25, padata=(149, 150)),
        attempt(3, 9, error_code=52, padata=(2, 149)),
        attempt(5, 9, transport="tcp", padata=(2, 149)),
    ) == [None, 1, 3]


@pytest.mark.parametrize(
    "facts",
    [
        {"padata": (149, 150)},
        {"padata": (2,), "cname": "bob"},
        {"padata": (2,), "sname": "kadmin/changepw"},
        {"padata": (2,), "client": "10.0.0.6"},
        {"padata": (2,), "ts_ns": 301 * SECOND},
        {"padata": (2,), "exchange": "TGS"},
    ],
)
def test_what_does_not_carry_on(facts: dict[str, Any]) -> None:
    """No proof, another user, service, client or exchange, or too late."""
    assert links(attempt(1, error_code=25), attempt(3, **facts)) == [None, None]


def test_too_big_is_asked_again_over_tcp_only() -> None:
    """Another datagram is another attempt."""
    big = {"error_code": 52, "nonce": 1}
    assert links(attempt(1, **big), attempt(3, transport="tcp", nonce=2)) == [None, 1]
    assert links(attempt(1, **big), attempt(3, nonce=2)) == [None, None]


def test_a_lost_answer() -> None:
    """Sent again, to whichever KDC; also where the earlier answer came late."""
    assert links(
        attempt(1, unanswered=True),
        attempt(2, 1, unanswered=True, server="10.0.0.2"),
        attempt(3, 2, transport="tcp"),
    ) == [None, 1, 2]
    assert links(attempt(1, nonce=7), attempt(3, 1, nonce=7)) == [None, 1]
    assert links(attempt(1, nonce=7), attempt(3, 1, nonce=8)) == [None, None]
    assert links(attempt(1, unanswered=True), attempt(3, 61)) == [None, None]


def test_who_brings_the_proof_was_asked_for_it() -> None:
    """So there was an answer, which the capture lacks; sent again as it was, it shows nothing."""
    for padata, lost in (((2,), True), ((128, 150), False), ((), False)):
        first = attempt(1, unanswered=True)
        assert links(first, attempt(3, padata=padata)) == [None, 1]
        assert first.reply_lost is lost
    for facts in ({"padata": (2,)}, {"request_cut": True}):
        first = attempt(1, unanswered=True, **facts)
        links(first, attempt(3, padata=(2,)))
        assert not first.reply_lost


def test_an_attempt_is_carried_on_once() -> None:
    """A second proof is a second try at the password."""
    first = attempt(1, error_code=25)
    tries = [attempt(n, n, error_code=24, padata=(2,)) for n in (3, 5)]
    assert links(first, *tries) == [None, 1, None]


def test_referrals() -> None:
    """The next realm's KDC is asked for the same, or for the client's own realm."""
    assert links(tgs(1, referral="FAR"), tgs(3, realm="far")) == [None, 1]
    assert links(tgs(1, referral="FAR"), tgs(3)) == [None, None]
    assert links(attempt(1, referral="FAR", error_code=68), attempt(3, realm="FAR")) == [None, 1]


def test_the_client_of_a_tgs_request_may_be_unknown() -> None:
    """Only answers name it."""
    assert links(tgs(1, cname=None, unanswered=True), tgs(3)) == [None, 1]
    assert links(tgs(1, cname="bob", unanswered=True), tgs(3)) == [None, None]


def test_without_times_the_order_counts() -> None:
    """Packets may come without a clock."""
    assert links(
        attempt(1, error_code=25, ts_ns=NO_TIME), attempt(3, padata=(2,), ts_ns=NO_TIME)
    ) == [None, 1]


def test_answers_alone_are_no_attempts() -> None:
    """They neither carry on nor are carried on."""
    assert links(attempt(None, error_code=25), attempt(3, padata=(2,))) == [None, None]
