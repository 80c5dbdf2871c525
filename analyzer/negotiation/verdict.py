"""Read the facts of a finished negotiation from its steps, each kind where it belongs, and its outcome.

Every function looks at the steps only, so the order in which captures deliver packets does not matter
any more. Nothing is claimed that no step shows.

Spec: RFC 4178 3.2 and 5, MS-NLMP 3.2.5.1.2.
"""

from __future__ import annotations

from analyzer.negotiation.kept import keep_facts
from analyzer.negotiation.mechanism import (
    describe_identity,
    describe_mechanism,
    mechanism_tokens,
)
from analyzer.negotiation.mic import mic_needed
from analyzer.negotiation.model import (
    ACCEPTOR,
    UNKNOWN,
    CarrierState,
    Negotiation,
    State,
)
from analyzer.negotiation.offer import describe_spnego, is_plain_logon, started_late
from analyzer.negotiation.protection import describe_protection
from dissectors.tokens.model import (
    KrbError,
    NegTokenResp,
)


def conclude(negotiation: Negotiation) -> None:
    """Fill the columns of a negotiation whose last step has been taken."""
    tokens = mechanism_tokens(negotiation.steps)
    _describe_frames(negotiation)
    _describe_carrier(negotiation)
    describe_spnego(negotiation)
    describe_mechanism(negotiation, tokens)
    describe_identity(negotiation, tokens)
    keep_facts(negotiation, tokens)
    _describe_outcome(negotiation)
    describe_protection(negotiation, tokens)
    negotiation.mic_needed = mic_needed(negotiation, tokens)


def _describe_frames(negotiation: Negotiation) -> None:
    steps = negotiation.steps
    said = [step for step in steps if step.message.kind != "after"] or steps
    negotiation.frames = tuple(sorted({step.frame for step in said}))
    times = [step.ts_ns for step in said]
    negotiation.started_ns, negotiation.ended_ns = min(times), max(times)


def _describe_carrier(negotiation: Negotiation) -> None:
    exchange = negotiation.exchange
    if exchange is None:
        hint = negotiation.steps[-1].message
        negotiation.carrier_version = hint.context.get("carrier_version")
        negotiation.server_name = hint.context.get("server_name")
    else:
        negotiation.carrier_version = exchange.carrier_version
        negotiation.scheme = exchange.scheme
        negotiation.server_name = exchange.server_name
    legs = len([step for step in negotiation.steps if step.is_leg])
    negotiation.legs = legs or (1 if is_plain_logon(negotiation) else 0)


def _describe_outcome(negotiation: Negotiation) -> None:
    state, carrier = negotiation.state, negotiation.carrier_state
    gss = {State.ACCEPTED: "success", State.REJECTED: "failure"}.get(state)
    said = {CarrierState.SUCCEEDED: "success", CarrierState.FAILED: "failure"}.get(carrier)
    if said is None and (gss == "failure" or (gss and negotiation.carrier == UNKNOWN)):
        negotiation.outcome, negotiation.outcome_source = gss, "gss"
    elif said is None:
        refused = carrier == CarrierState.CLOSED
        negotiation.outcome = "failure" if refused else "incomplete"
        negotiation.outcome_source = "carrier" if refused else None
    elif gss is None:
        negotiation.outcome, negotiation.outcome_source = said, "carrier"
    else:
        negotiation.outcome = said
        negotiation.outcome_source = "both" if gss == said else "conflict"
    for step in negotiation.steps:
        if step.status is not None and step.message.kind == "response":
            negotiation.status = step.status
        token = step.token
        if isinstance(token, NegTokenResp) and step.role == ACCEPTOR and token.neg_state:
            negotiation.gss_status = token.neg_state
        error = token.inner if isinstance(token, NegTokenResp) else token
        if isinstance(error, KrbError) and error.error:
            negotiation.gss_status = error.error  # says more than the negState beside it
    negotiation.completeness = _completeness(negotiation)


def _completeness(negotiation: Negotiation) -> str:
    codes = {noticed.anomaly.code for noticed in negotiation.anomalies}
    if "snaplen" in codes:
        return "truncated"
    if "gap" in codes:
        return "gap"
    undecided = negotiation.outcome == "incomplete"
    if undecided and "encrypted" in codes:
        return "encrypted"
    if started_late(negotiation):
        return "started-before-capture"
    if undecided and negotiation.answer_lost:
        return "gap"
    if undecided and ("one-direction" in codes or not negotiation.abandoned):
        return "cut-off"
    return "complete"
