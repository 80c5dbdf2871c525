"""The transition tables: every row is visited, everything else is refused."""

from __future__ import annotations

import itertools

import pytest

from analyzer.negotiation import machine
from analyzer.negotiation.model import ACCEPTOR, INITIATOR, CarrierState, State
from dissectors.tokens.model import (
    KrbApRep,
    KrbApReq,
    KrbError,
    MicToken,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    OpaqueToken,
    WrapToken,
)

STATES = [value for name, value in vars(State).items() if name.isupper()]
ROWS = [
    (state, role, name, after)
    for state, rows in machine.TRANSITIONS.items()
    for (role, name), after in rows.items()
]
SYMBOLS = sorted({name for _, _, name, _ in ROWS})


def test_every_symbol_is_explained() -> None:
    """docs/negotiation.md says what each word on an arrow is, and no other words."""
    assert sorted(machine.MEANINGS) == SYMBOLS


@pytest.mark.parametrize(("state", "role", "name", "after"), ROWS)
def test_every_row_leads_where_the_table_says(state: str, role: str, name: str, after: str) -> None:
    """A legal token moves the machine to a known state."""
    assert machine.advance(state, role, name) == (after, True)
    assert after in STATES


def test_what_is_not_in_the_table_stays_put() -> None:
    """An illegal token changes nothing and is told as illegal."""
    legal = {(state, role, name) for state, role, name, _ in ROWS}
    refused = 0
    for state, role, name in itertools.product(STATES, (INITIATOR, ACCEPTOR), SYMBOLS):
        if (state, role, name) not in legal:
            assert machine.advance(state, role, name) == (state, False)
            refused += 1
    assert refused > 50


def test_every_state_has_rows_and_can_be_reached() -> None:
    """No state hangs in the air."""
    assert set(machine.TRANSITIONS) == set(STATES)
    reached = {after for _, _, _, after in ROWS} | {State.START}
    assert reached == set(STATES)


def test_nothing_follows_a_rejection() -> None:
    """After a reject any token is out of order: a new attempt is a new negotiation."""
    assert machine.TRANSITIONS[State.REJECTED] == {}


@pytest.mark.parametrize(
    "final", [CarrierState.SUCCEEDED, CarrierState.FAILED, CarrierState.CLOSED]
)
def test_a_final_carrier_state_keeps_its_word(final: str) -> None:
    """What the carrier said last about an attempt is never unsaid."""
    for verdict in ("continue", "success", "failure", "closed"):
        assert machine.advance_carrier(final, verdict) == final


def test_carrier_verdicts() -> None:
    """Each verdict has its state."""
    opened = CarrierState.OPEN
    assert machine.advance_carrier(opened, "continue") == CarrierState.CONTINUING
    assert machine.advance_carrier(CarrierState.CONTINUING, "success") == CarrierState.SUCCEEDED
    assert machine.advance_carrier(CarrierState.CONTINUING, "failure") == CarrierState.FAILED
    assert machine.advance_carrier(opened, "closed") == CarrierState.CLOSED


@pytest.mark.parametrize(
    ("role", "token", "name"),
    [
        (ACCEPTOR, NegTokenInit2(raw=b"x"), "Init2"),
        (INITIATOR, NegTokenInit(raw=b"x"), "Init"),
        (ACCEPTOR, NegTokenResp(raw=b"x", neg_state="request-mic"), "request-mic"),
        (ACCEPTOR, NegTokenResp(raw=b"x"), "no-state"),
        (INITIATOR, NegTokenResp(raw=b"x", neg_state="accept-incomplete"), "Resp"),
        (INITIATOR, NegTokenResp(raw=b"x", neg_state="reject"), "Resp-reject"),
        (INITIATOR, NegTokenResp(raw=b"x", mech_list_mic=b"m"), "Resp-mic"),
        (INITIATOR, NegTokenResp(raw=b"x", mech_list_mic=b"m", response_token=b"t"), "Resp"),
        (INITIATOR, NtlmNegotiate(raw=b"x"), "first"),
        (ACCEPTOR, NtlmChallenge(raw=b"x"), "challenge"),
        (INITIATOR, NtlmAuthenticate(raw=b"x"), "next"),
        (INITIATOR, KrbApReq(raw=b"x"), "first"),
        (ACCEPTOR, KrbApRep(raw=b"x"), "answer"),
        (ACCEPTOR, KrbError(raw=b"x"), "error"),
        (INITIATOR, NegoexMessages(raw=b"x"), "first"),
        (ACCEPTOR, NegoexMessages(raw=b"x"), "challenge"),
        (INITIATOR, WrapToken(raw=b"x"), None),
        (ACCEPTOR, MicToken(raw=b"x"), None),
        (INITIATOR, OpaqueToken(raw=b"x"), None),
    ],
)
def test_symbols(role: str, token, name: str | None) -> None:
    """A token is named by what it does, not by its bytes."""
    assert machine.symbol(role, token) == name
