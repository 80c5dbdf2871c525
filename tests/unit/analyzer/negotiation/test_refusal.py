"""Which reason a refusal is: by code, by place, and by what was sent."""

from __future__ import annotations

import pytest

from analyzer.capture.model import Stream
from analyzer.negotiation.model import ACCEPTOR, INITIATOR, Negotiation, SchemeList, State, Step
from analyzer.negotiation.refusal import (
    LARGE_TOKEN,
    LONG_TOKEN,
    kerberos_cause,
    reject_cause,
    status_cause,
)
from dissectors.carriers.base import CLIENT, SERVER, CarrierMessage, Exchange
from dissectors.status import Status
from dissectors.tokens.model import (
    KrbError,
    NegTokenInit,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmNegotiate,
    Token,
)

PROOF = NtlmAuthenticate(raw=b"3", user="alice")


def talk(*tokens: Token | None, schemes: tuple[str, ...] = (), **facts) -> Negotiation:
    """A negotiation over HTTP in which both sides take turns, the client first."""
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 80, 1, 0, "syn")
    exchange = Exchange("http", scheme=facts.get("scheme"))
    made = Negotiation(stream, exchange, "http")
    for at, token in enumerate(tokens):
        side = CLIENT if at % 2 == 0 else SERVER
        role = INITIATOR if side == CLIENT else ACCEPTOR
        kind = "request" if side == CLIENT else "response"
        message = CarrierMessage(kind, side, exchange, at, (at,), at, schemes=schemes)  # type: ignore[arg-type]
        made.steps.append(Step(role, side, at, (at,), at, token, None, message))
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def cause(made: Negotiation, status: Status) -> tuple[str, str]:
    """Code and confidence of a status given in the last step."""
    tokens = [(s, s.token) for s in made.steps if s.token is not None]
    found = status_cause(made, tokens, status, made.steps[-1])
    return found.code, found.confidence


def http(code: int) -> Status:
    return Status("failure", code, str(code), "http")


def ldap(code: int, detail: str | None = None) -> Status:
    return Status("failure", code, "x", "ldap", detail)


def nt(code: int) -> Status:
    return Status("failure", code, "x", "ntstatus")


@pytest.mark.parametrize(
    ("error", "nt_status", "expected"),
    [
        (37, None, ("clock_skew", "certain")),
        (34, None, ("replay", "certain")),
        (18, None, ("account_disabled", "likely")),
        (18, 0xC0000234, ("account_locked", "certain")),
        (60, None, ("kdc_error", "certain")),
    ],
)
def test_kerberos_errors(error: int, nt_status: int | None, expected: tuple[str, str]) -> None:
    """The NTSTATUS inside is more exact; a code with several meanings is only likely."""
    found = kerberos_cause(KrbError(raw=b"", error_code=error, nt_status=nt_status))
    assert (found.code, found.confidence) == expected


@pytest.mark.parametrize(
    ("status", "facts", "expected"),
    [
        (nt(0xC0000418), {"mechanism": "ntlm"}, ("ntlm_blocked", "certain")),
        (nt(0xC00000BB), {"mechanism": "ntlm"}, ("ntlm_blocked", "likely")),
        (nt(0xC00000BB), {"mechanism": "kerberos"}, ("mechanism_refused", "likely")),
        (nt(0xC000035B), {"mechanism": "ntlm"}, ("channel_binding_mismatch", "certain")),
        (nt(0xC000035C), {"mechanism": "kerberos"}, ("ticket_expired", "certain")),
        (nt(0xC000035C), {"mechanism": None}, ("unspecified_failure", "certain")),
        (ldap(8), {"mechanism": "ntlm"}, ("stronger_auth_required", "certain")),
        (ldap(49, "80090302: LdapErr"), {"mechanism": "ntlm"}, ("ntlm_blocked", "likely")),
        (ldap(1), {"scheme": "SCRAM-SHA-256", "legs": 1}, ("mechanism_refused", "likely")),
        (ldap(7), {"scheme": "GSSAPI"}, ("no_common_mechanism", "certain")),
        (http(503), {"mechanism": "ntlm"}, ("server_error", "likely")),
    ],
)
def test_codes_of_carriers(status: Status, facts: dict, expected: tuple[str, str]) -> None:
    """The same code may mean different things to different mechanisms."""
    assert cause(talk(PROOF, None, **facts), status) == expected


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (LARGE_TOKEN + 1, ("token_too_large", "likely")),
        (LONG_TOKEN + 1, ("token_too_large", "possible")),
        (LONG_TOKEN, ("malformed_token", "likely")),
    ],
)
def test_a_long_token_and_bad_request(length: int, expected: tuple[str, str]) -> None:
    """Nothing is wrong with the token but its size."""
    made = talk(NegTokenInit(raw=bytes(length)), None, mechanism="kerberos")
    assert cause(made, http(400)) == expected


def test_ntlm_that_was_taken_off_the_list() -> None:
    """Listed, tried, listed no more: blocked; refused while still listed: the password."""
    listed = SchemeList(1, ("Negotiate", "NTLM"))
    facts = {"scheme": "NTLM", "mechanism": "ntlm", "listed": listed}
    assert cause(talk(PROOF, None, schemes=("Negotiate",), **facts), http(401)) == (
        "ntlm_blocked",
        "likely",
    )
    assert cause(talk(PROOF, None, schemes=("Negotiate", "NTLM"), **facts), http(401)) == (
        "bad_credentials",
        "likely",
    )


def test_a_first_message_proves_no_password() -> None:
    """401 to NTLM's NEGOTIATE refuses the mechanism."""
    made = talk(NtlmNegotiate(raw=b"1"), None, mechanism="ntlm", scheme="NTLM")
    assert cause(made, http(401)) == ("mechanism_refused", "likely")


def reject(*tokens: Token, **facts) -> tuple[str, str]:
    """Code and confidence of the reject that the last token is."""
    made = talk(*tokens, state=State.REJECTED, legs=len(tokens), **facts)
    found = reject_cause(made, made.steps[-1])
    return found.code, found.confidence


def test_where_a_reject_stands() -> None:
    """As the first answer, after a MIC, from the initiator, or anywhere else."""
    no = NegTokenResp(raw=b"n", neg_state="reject")
    offer = NegTokenInit(raw=b"o")
    with_mic = NegTokenResp(raw=b"m", mech_list_mic=b"m", response_token=b"t")
    answer = NegTokenResp(raw=b"a", neg_state="request-mic")
    assert reject(offer, no) == ("no_common_mechanism", "likely")
    apart = {"hinted_mechs": ["kerberos"], "offered_mechs": ["ntlm"]}
    assert reject(offer, no, **apart) == ("no_common_mechanism", "certain")
    assert reject(offer, answer, with_mic, no) == ("integrity_failure", "likely")
    assert reject(offer, answer, no) == ("integrity_failure", "likely")
    plain = NegTokenResp(raw=b"p", response_token=b"t")
    assert reject(offer, answer, plain, no, selected_mech="ntlm") == (
        "unspecified_failure",
        "certain",
    )
