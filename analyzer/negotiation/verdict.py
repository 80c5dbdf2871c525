"""Read the facts of a finished negotiation from its steps, each kind where it belongs, and its outcome.

Every function looks at the steps only, so the order in which captures deliver packets does not matter
any more. Nothing is claimed that no step shows.

Spec: RFC 4178 3.2 and 5, MS-NLMP 3.2.5.1.2.
"""

from __future__ import annotations

from analyzer.negotiation.kept import keep_facts
from analyzer.negotiation.mechanism import describe_identity, describe_mechanism
from analyzer.negotiation.mic import mic_needed
from analyzer.negotiation.model import UNKNOWN, CarrierState, Negotiation, State
from analyzer.negotiation.offer import (
    begins_late,
    begins_protected,
    describe_spnego,
    is_plain_logon,
)
from analyzer.negotiation.protection import describe_protection
from analyzer.negotiation.seen import Seen
from analyzer.negotiation.site import site_of

_GSS_OUTCOMES = {State.ACCEPTED: "success", State.REJECTED: "failure"}
_CARRIER_OUTCOMES = {CarrierState.SUCCEEDED: "success", CarrierState.FAILED: "failure"}
NONE: frozenset[str] = frozenset()


def conclude(negotiation: Negotiation) -> None:
    """Fill the columns of a negotiation whose last step has been taken."""
    seen = Seen(negotiation.steps)
    tokens = seen.tokens
    negotiation.frames = tuple(sorted(set(seen.frames)))
    negotiation.started_ns, negotiation.ended_ns = min(seen.times), max(seen.times)
    _describe_carrier(negotiation, seen)
    describe_spnego(negotiation, seen)
    describe_mechanism(negotiation, tokens)
    describe_identity(negotiation, tokens)
    keep_facts(negotiation, seen)
    _describe_outcome(negotiation, seen)
    describe_protection(negotiation, tokens)
    negotiation.mic_needed = mic_needed(negotiation, tokens)


def _describe_carrier(negotiation: Negotiation, seen: Seen) -> None:
    exchange = negotiation.exchange
    if exchange is None:
        hint = negotiation.steps[-1].message
        negotiation.carrier_version = hint.context.get("carrier_version")
        negotiation.server_name = hint.context.get("server_name")
    else:
        negotiation.carrier_version = exchange.carrier_version
        if exchange.carrier_version is not None:
            negotiation.version_frame = exchange.version_frame
        negotiation.exchange_key = exchange.key or None
        negotiation.scheme = exchange.scheme
        name, facts = exchange.server_name, exchange.context
        negotiation.server_name = name
        negotiation.site = site_of(negotiation.carrier, name, facts, negotiation.stream)
    negotiation.legs = seen.legs or (1 if is_plain_logon(negotiation) else 0)


def _describe_outcome(negotiation: Negotiation, seen: Seen) -> None:
    carrier = negotiation.carrier_state
    gss = _GSS_OUTCOMES.get(negotiation.state)
    said = _CARRIER_OUTCOMES.get(carrier)
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
    negotiation.status, negotiation.gss_status = seen.status, seen.gss_status
    negotiation.completeness = _completeness(negotiation, seen)


def _completeness(negotiation: Negotiation, seen: Seen) -> str:
    noted = negotiation.anomalies
    codes = {noticed.anomaly.code for noticed in noted} if noted else NONE
    if "snaplen" in codes:
        return "truncated"
    if "gap" in codes or negotiation.hint_apart:
        return "gap"
    undecided = negotiation.outcome == "incomplete"
    if undecided and "encrypted" in codes:
        return "encrypted"
    negotiation.first_lost = begins_late(seen.first, negotiation.wrapper) or begins_protected(
        seen.tokens
    )
    if negotiation.first_lost:
        if not negotiation.syn_seen:
            return "started-before-capture"
        if negotiation.bytes_lost or "one-direction" in codes:
            return "gap"
    elif undecided and negotiation.answer_lost:
        return "gap"
    elif undecided and negotiation.answer_unknown and "one-direction" not in codes:
        if negotiation.bytes_lost:
            return "gap"
        if not negotiation.syn_seen:
            return "started-before-capture"
    if undecided and ("one-direction" in codes or not negotiation.abandoned):
        return "cut-off"
    return "complete"
