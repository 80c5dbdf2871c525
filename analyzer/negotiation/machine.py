"""The two coupled machines of a negotiation, with every legal transition as data.

The token-driven machine follows what initiator and acceptor say in tokens, the carrier-driven one what
the carrier says in status codes. Refusals often exist only in the carrier, acceptance often in both;
`verdict` reads the outcome from the pair. The diagram in docs/negotiation.md is drawn from `TRANSITIONS`.

Spec: RFC 4178 3-4 and 5, MS-SPNG 3.1.5, MS-NLMP 1.3, RFC 4120 3.2, RFC 4121 4.1.
"""

from __future__ import annotations

from analyzer.negotiation.model import ACCEPTOR, INITIATOR, CarrierState, State
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbError,
    KrbTgtRep,
    KrbTgtReq,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    Token,
)

I, A = INITIATOR, ACCEPTOR  # noqa: E741 - as in the specification's diagrams
S = State

TRANSITIONS: dict[str, dict[tuple[str, str], str]] = {
    S.START: {
        (A, "Init2"): S.HINTED,
        (I, "Init"): S.OFFERED,
        (I, "first"): S.OFFERED,
        # what a capture that started late may show first
        (I, "next"): S.ANSWERED,
        (A, "challenge"): S.ANSWERED,
        (A, "answer"): S.ACCEPTED,
        (A, "error"): S.REJECTED,
        (A, "accept-completed"): S.ACCEPTED,
        (A, "accept-incomplete"): S.ANSWERED,
        (A, "request-mic"): S.MIC_REQUESTED,
        (A, "reject"): S.REJECTED,
        (A, "no-state"): S.ANSWERED,
        (I, "Resp"): S.ANSWERED,
        (I, "Resp-mic"): S.ANSWERED,
        (I, "Resp-reject"): S.REJECTED,
        (I, "answer"): S.ACCEPTED,  # third leg of DCE style
        (I, "error"): S.REJECTED,
    },
    S.HINTED: {
        (A, "Init2"): S.HINTED,  # SMB's multi-protocol negotiate hints twice
        (I, "Init"): S.OFFERED,
        (I, "first"): S.OFFERED,
    },
    S.OFFERED: {
        (A, "accept-completed"): S.ACCEPTED,
        (A, "accept-incomplete"): S.ANSWERED,
        (A, "request-mic"): S.MIC_REQUESTED,
        (A, "reject"): S.REJECTED,
        (A, "no-state"): S.ANSWERED,
        (A, "challenge"): S.ANSWERED,
        (A, "answer"): S.ACCEPTED,  # AP-REP without SPNEGO: the acceptor is content
        (A, "error"): S.REJECTED,
        (I, "Init"): S.OFFERED,  # the same exchange starts over
        (I, "first"): S.OFFERED,
        (I, "next"): S.ANSWERED,  # the acceptor's leg is not in the capture
        (I, "Resp"): S.ANSWERED,
        (I, "Resp-mic"): S.ANSWERED,
    },
    S.ANSWERED: {
        (I, "Resp"): S.ANSWERED,
        (I, "Resp-mic"): S.ANSWERED,
        (I, "Resp-reject"): S.REJECTED,
        (I, "next"): S.ANSWERED,
        (I, "first"): S.ANSWERED,  # raw first token of the mechanism that was selected
        (I, "Init"): S.OFFERED,  # skew retry, or the client starts over
        (A, "accept-incomplete"): S.ANSWERED,
        (A, "accept-completed"): S.ACCEPTED,
        (A, "request-mic"): S.MIC_REQUESTED,
        (A, "reject"): S.REJECTED,
        (A, "no-state"): S.ANSWERED,
        (A, "challenge"): S.ANSWERED,
        (A, "answer"): S.ACCEPTED,
        (A, "error"): S.REJECTED,
    },
    S.MIC_REQUESTED: {
        (I, "Resp"): S.MIC_REQUESTED,
        (I, "Resp-mic"): S.MIC_REQUESTED,
        (I, "Resp-reject"): S.REJECTED,
        (I, "next"): S.MIC_REQUESTED,
        (I, "first"): S.MIC_REQUESTED,
        (A, "accept-incomplete"): S.MIC_REQUESTED,
        (A, "request-mic"): S.MIC_REQUESTED,
        (A, "no-state"): S.MIC_REQUESTED,
        (A, "challenge"): S.MIC_REQUESTED,
        (A, "accept-completed"): S.ACCEPTED,
        (A, "reject"): S.REJECTED,
        (A, "error"): S.REJECTED,
    },
    S.ACCEPTED: {
        (I, "Resp-mic"): S.ACCEPTED,  # late MIC leg
        (A, "accept-completed"): S.ACCEPTED,
        (I, "Resp"): S.ACCEPTED,
        (I, "answer"): S.ACCEPTED,  # third leg of DCE style
        # the acceptor's last token proves nothing to the initiator
        (I, "Resp-reject"): S.REJECTED,
        (I, "error"): S.REJECTED,
    },
    S.REJECTED: {},
}
"""state -> (role, token symbol of `symbol`) -> next state; what is absent is `token-out-of-order`."""

CARRIER_TRANSITIONS: dict[str, dict[str, str]] = {
    CarrierState.OPEN: {
        "continue": CarrierState.CONTINUING,
        "success": CarrierState.SUCCEEDED,
        "failure": CarrierState.FAILED,
        "closed": CarrierState.CLOSED,
    },
    CarrierState.CONTINUING: {
        "continue": CarrierState.CONTINUING,
        "success": CarrierState.SUCCEEDED,
        "failure": CarrierState.FAILED,
        "closed": CarrierState.CLOSED,
    },
    CarrierState.SUCCEEDED: {},
    CarrierState.FAILED: {},
    CarrierState.CLOSED: {},
}
"""state -> verdict of the carrier's Status, or `closed` -> next state; final states keep their word."""


MEANINGS: dict[str, str] = {
    "Init2": "NegTokenInit2: the server's list of mechanisms, said before the client's (MS-SPNG 2.2.1)",
    "Init": "NegTokenInit: the client's list of mechanisms, often with a token along (RFC 4178 4.2.1)",
    "Resp": "NegTokenResp of the client: its next token inside SPNEGO (RFC 4178 4.2.2)",
    "Resp-mic": "NegTokenResp of the client with nothing but a mechListMIC (RFC 4178 5)",
    "Resp-reject": "NegTokenResp of the client with negState reject: it refuses the server's last token",
    "accept-completed": "NegTokenResp of the server with this negState: it has accepted",
    "accept-incomplete": "NegTokenResp of the server with this negState: another token is due",
    "request-mic": "NegTokenResp of the server with this negState: another token is due, and mechListMIC",
    "reject": "NegTokenResp of the server with this negState: it has refused",
    "no-state": "NegTokenResp of the server that says no negState",
    "first": "a mechanism's own first token: NTLM NEGOTIATE, AP-REQ, TGT-REQ, IAKERB, NegoEx",
    "next": "NTLM AUTHENTICATE, which answers a challenge",
    "challenge": "a server's token after which another is due: NTLM CHALLENGE, TGT-REP, IAKERB, NegoEx",
    "answer": "AP-REP: of the server the last token, of the client the third leg of DCE style",
    "error": "KRB-ERROR",
}
"""What `symbol` may say of a token, in words for docs/negotiation.md."""

SYMBOLS: dict[type[Token], str] = {
    NegTokenInit2: "Init2",
    NegTokenInit: "Init",
    NtlmNegotiate: "first",
    KrbApReq: "first",
    KrbTgtReq: "first",
    NtlmChallenge: "challenge",
    KrbTgtRep: "challenge",
    NtlmAuthenticate: "next",
    KrbApRep: "answer",
    KrbError: "error",
}
"""Tokens that are named by their type alone."""


def symbol(role: str, token: Token) -> str | None:
    """Name the token by what it does to the machine; None if it is no context token."""
    name = SYMBOLS.get(type(token))
    if name is not None:
        return name
    if isinstance(token, NegTokenResp):
        if role == ACCEPTOR:
            return token.neg_state or "no-state"
        if token.neg_state == "reject":
            return "Resp-reject"
        only_mic = token.mech_list_mic is not None and token.response_token is None
        return "Resp-mic" if only_mic else "Resp"
    if isinstance(token, (IakerbMessage, NegoexMessages)):
        return "first" if role == INITIATOR else "challenge"
    return None


def advance(state: str, role: str, name: str) -> tuple[str, bool]:
    """Next token-driven state, and whether the transition is legal (an illegal one stays put)."""
    following = TRANSITIONS[state].get((role, name))
    if following is None:
        return state, False
    return following, True


def advance_carrier(state: str, verdict: str) -> str:
    """Next carrier-driven state; a final state is never left."""
    return CARRIER_TRANSITIONS[state].get(verdict, state)
