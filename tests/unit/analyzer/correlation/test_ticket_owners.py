"""Whose ticket a TGS-REQ presents, and what that tells of a request that was refused."""

from __future__ import annotations

import pytest
from support.correlated import CLIENT, asked, ntlm, reason_of

from analyzer.correlation.ticket_owners import tell_owners
from analyzer.surroundings.model import ANONYMOUS, KdcExchange


def logon(
    user: str | None, ticket_id: bytes | None, at: float = 50, *, as_asked: str | None = None
) -> KdcExchange:
    """An AS exchange that gave a ticket-granting ticket."""
    facts = {"exchange": "AS", "ticket_id": ticket_id, "ticket_cname": user}
    return asked(at, "krbtgt/LAB.EXAMPLE", cname=as_asked or user, **facts)


def test_the_owner_is_whom_the_ticket_was_issued_to() -> None:
    """By the ticket alone; the order of the exchanges does not matter."""
    request = asked(99, "HTTP/web.lab.example", 7, ticket_used_id=b"alice's")
    tell_owners([request, logon("bob", b"bob's"), logon("alice", b"alice's")])
    assert request.ticket_used_names == ("alice",)
    assert request.asker == "alice"
    assert request.cname is None


def test_what_an_exchange_says_itself_comes_first() -> None:
    """A service that acts for a user presents its own ticket and gets one in the user's name."""
    request = asked(99, "HTTP/web.lab.example", ticket_used_id=b"web's", cname="alice")
    tell_owners([logon("web$", b"web's"), request])
    assert (request.ticket_used_names, request.asker) == (("web$",), "alice")


def test_a_user_whom_fast_hides() -> None:
    """The ticket presented still tells; where it came under the same veil, nobody does."""
    first = asked(90, "krbtgt/LAB.EXAMPLE", ticket_used_id=b"x", ticket_id=b"y")
    second = asked(99, "HTTP/web.lab.example", ticket_used_id=b"y")
    for hidden in (first, second):
        hidden.cname = hidden.ticket_cname = ANONYMOUS
    tell_owners([logon("alice", b"x"), first, second])
    assert (first.asker, second.asker) == ("alice", None)


def test_a_user_who_asked_by_another_name() -> None:
    """The KDC's name counts; which of them NTLM shows is not known, so that nothing is ruled out."""
    request = asked(99, "HTTP/web.lab.example", 7, ticket_used_id=b"x")
    owner = logon("asmith", b"x", as_asked="alice.smith@lab.example")
    tell_owners([owner, request])
    assert request.ticket_used_names == ("asmith", "alice.smith@lab.example")
    assert request.asker is None
    for user in ("asmith", "alice.smith@lab.example"):
        assert reason_of(ntlm(user=user), kdc=[owner, request]).code == "unknown_service"
    tell_owners([logon("alice", b"x", as_asked="alice@lab.example"), request])
    assert request.asker == "alice"


@pytest.mark.parametrize("used", [None, b"older"])
def test_a_ticket_from_before_the_capture(used: bytes | None) -> None:
    """Nobody is named then."""
    request = asked(99, "HTTP/web.lab.example", 7, ticket_used_id=used)
    tell_owners([logon("alice", b"alice's"), logon("bob", None), request])
    assert request.asker is None


def test_a_ticket_of_several_owners_has_none() -> None:
    """Made-up ciphers; the same name in capitals is the same owner, and a reply without one is no other."""
    request = asked(99, "HTTP/web.lab.example", 7, ticket_used_id=b"x")
    same = [logon("alice", b"x"), logon("ALICE", b"x"), logon(None, b"x")]
    tell_owners([*same, request])
    assert request.asker == "alice"
    tell_owners([*same, logon("bob", b"x"), logon("alice", b"x"), request])
    assert request.asker is None


def test_a_refusal_of_another_user_on_the_same_host() -> None:
    """Two people work at one machine: the refusal explains the logon of the one who asked."""
    tickets = [logon("alice", b"alice's"), logon("bob", b"bob's")]

    def refusal(used: bytes) -> KdcExchange:
        return asked(99, "HTTP/web.lab.example", 7, ticket_used_id=used)

    mine, other = refusal(b"alice's"), refusal(b"bob's")
    assert mine.client == other.client == CLIENT
    row = ntlm(user="alice")
    assert reason_of(row, kdc=[*tickets, mine]).code == "unknown_service"
    assert row.kdc is mine
    assert reason_of(ntlm(user="alice"), kdc=[*tickets, other]).code == "ntlm_only_client"


def test_a_refusal_of_the_same_user_at_another_address() -> None:
    """Behind address translation the owner of the ticket tells that it may be the same client."""
    facts = {"client": "192.0.2.1", "ticket_used_id": b"alice's"}
    refusal = asked(99, "HTTP/web.lab.example", 7, **facts)
    owner = logon("alice", b"alice's")
    reason = reason_of(ntlm(user="alice"), kdc=[owner, refusal])
    assert (reason.code, reason.confidence) == ("unknown_service", "possible")
    assert reason_of(ntlm(user="alice"), kdc=[refusal]).code == "ntlm_only_client"
