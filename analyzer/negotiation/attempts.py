"""Where one attempt ends and the next begins, and to which of them a server's hint belongs."""

from __future__ import annotations

from dataclasses import replace

from analyzer.negotiation import machine
from analyzer.negotiation.model import INITIATOR, CarrierState, Negotiation, State, Step
from dissectors.tokens.model import (
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmNegotiate,
)

_ONE_AT_A_TIME = frozenset({"http", "http-proxy", "ldap"})
"""Carriers on whose connections a new attempt ends the one before (RFC 4511 4.2.1)."""
_OVER = frozenset({State.ACCEPTED, State.REJECTED})
_DECIDED = frozenset({CarrierState.SUCCEEDED, CarrierState.FAILED})
_FIRST = frozenset({"Init", "first"})


def starts_over(current: Negotiation, step: Step) -> bool:
    """A first token after the end, or after a challenge that was not taken up (MS-NLMP 1.3.1).

    Or a second proof: NTLM has one AUTHENTICATE, so what lies between belongs to two attempts.
    """
    if step.role != INITIATOR or step.token is None:
        return False
    proof = _authenticate(step)
    if proof is not None and any(
        earlier is not None and earlier.raw != proof.raw
        for earlier in map(_authenticate, current.steps)
    ):
        return True
    over = current.state in _OVER or current.carrier_state in _DECIDED
    if not over and not current.challenged:
        return False
    if machine.symbol(INITIATOR, step.token) not in _FIRST:
        return False
    inner = step.token.inner if isinstance(step.token, NegTokenInit) else step.token
    return over or isinstance(inner, NtlmNegotiate)


def _authenticate(step: Step) -> NtlmAuthenticate | None:
    token = step.token
    if isinstance(token, (NegTokenInit, NegTokenResp)):
        token = token.inner
    return token if isinstance(token, NtlmAuthenticate) else None


def superseded(negotiation: Negotiation, others: list[Negotiation], answered: int) -> bool:
    """One of the `others` on its connection took its place, and its carrier knows one at a time.

    `answered` is the frame of the latest answer on the connection.

    A client that waited for no answer has given nothing up: the answer is due until that to a later
    attempt is there (RFC 9112 9.3.2).
    """
    if negotiation.exchange is None or negotiation.carrier not in _ONE_AT_A_TIME:
        return False
    if not others:
        return False  # as on most connections
    last = max(step.frame for step in negotiation.steps)
    awaited = negotiation.steps[-1].role == INITIATOR
    if awaited and answered < last:
        return False  # thousands may wait: none of them need be looked at
    return any(
        other.carrier == negotiation.carrier
        and other.steps[0].frame >= last
        and (not awaited or any(step.message.kind == "response" for step in other.steps))
        for other in reversed(others)
        if other.steps
    )


def pass_on_hint(asked: Negotiation, following: Negotiation) -> bool:
    """An empty bind that only fetched the server's list is no attempt; the list counts for the next.

    Samba's LDAP clients do so. The bind is an operation of its own, so its frames are not those of the
    logon that follows.
    """
    tokens = [step for step in asked.steps if step.token is not None and step.token.raw]
    if len(tokens) != 1 or not isinstance(tokens[0].token, NegTokenInit2):
        return False
    hint = tokens[0]
    if hint.message.kind != "response" or following.carrier != asked.carrier:
        return False
    hint.message = replace(hint.message, kind="hint")
    following.steps.insert(0, hint)
    asked.passed_to = following
    following.anomalies[:0] = [n._replace(negotiation=following) for n in asked.anomalies]
    return True


def leave_out_hint(negotiation: Negotiation) -> None:
    """The frames of a hint that was said for an earlier attempt are not those of this one."""
    hinted = {step.frame for step in negotiation.steps if step.message.kind == "hint"}
    if not hinted:
        return
    kept = tuple(frame for frame in negotiation.frames if frame not in hinted)
    negotiation.frames = kept or negotiation.frames
    negotiation.started_ns = min(s.ts_ns for s in negotiation.steps if s.message.kind != "hint")
