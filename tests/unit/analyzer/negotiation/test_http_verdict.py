"""HTTP statuses mean what the tokens beside them allow."""

from __future__ import annotations

import pytest

from analyzer.negotiation.http_verdict import http_verdict
from analyzer.negotiation.model import INITIATOR, State, Step
from dissectors.carriers.base import CLIENT, CarrierMessage, Exchange
from dissectors.status import Status
from dissectors.tokens.model import (
    KrbApReq,
    NegTokenInit,
    NtlmAuthenticate,
    NtlmNegotiate,
    OpaqueToken,
    Token,
)

AP_REQ = NegTokenInit(raw=b"i", inner=KrbApReq(raw=b"q"))
FIRST = NegTokenInit(raw=b"i", inner=NtlmNegotiate(raw=b"1"))
LAST = NtlmAuthenticate(raw=b"3")


def asked(token: Token | None, mechanism: str | None = None) -> Step:
    """The client's leg."""
    message = CarrierMessage("request", CLIENT, Exchange("http", mechanism=mechanism), 1, (1,), 1)
    return Step(INITIATOR, CLIENT, 1, (1,), 1, token, None, message)


def answer(code: int, verdict: str) -> Status:
    """The server's status, with what the carrier makes of it."""
    return Status(verdict, code, str(code), "http")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "token", "verdict"),
    [
        (200, AP_REQ, "success"),
        (403, AP_REQ, "success"),
        (302, LAST, "success"),
        (400, AP_REQ, "failure"),
        (431, LAST, "failure"),
        (500, AP_REQ, "continue"),
        (503, LAST, "continue"),
        (421, AP_REQ, "continue"),
        (425, AP_REQ, "continue"),
        (426, AP_REQ, "continue"),
        (200, FIRST, "continue"),
        (200, OpaqueToken(raw=b"?"), "continue"),
        (200, None, "continue"),
    ],
)
def test_a_status_that_is_no_401(code: int, token: Token | None, verdict: str) -> None:
    """It accepts only what could have been complete, and only if the request was worked on."""
    assert http_verdict(answer(code, "success"), State.OFFERED, [asked(token)]) == verdict


def test_a_logon_without_gss_is_one_message() -> None:
    """Basic and Digest are decided by any other status."""
    assert http_verdict(answer(200, "success"), State.START, [asked(None, "basic")]) == "success"


def test_the_acceptors_word_settles_it() -> None:
    """accept-completed beside a server error is still an accepted logon."""
    assert http_verdict(answer(500, "success"), State.ACCEPTED, [asked(AP_REQ)]) == "success"


@pytest.mark.parametrize(
    ("state", "verdict"),
    [(State.ANSWERED, "continue"), (State.REJECTED, "failure"), (State.ACCEPTED, "failure")],
)
def test_401_with_a_token(state: str, verdict: str) -> None:
    """It goes on, unless the token has ended it: then 401 refuses."""
    assert http_verdict(answer(401, "continue"), state, [asked(AP_REQ)]) == verdict


@pytest.mark.parametrize("code", [400, 413, 500])
def test_a_client_known_to_the_server_is_let_in(code: int) -> None:
    """Persistent-Auth says so, whatever was wrong with the request itself."""
    assert (
        http_verdict(answer(code, "success"), State.OFFERED, [asked(LAST)], let_in=True)
        == "success"
    )


def test_a_challenge_outweighs_persistent_auth() -> None:
    """401 refuses."""
    refused = answer(401, "failure")
    assert http_verdict(refused, State.OFFERED, [asked(LAST)], let_in=True) == "failure"
