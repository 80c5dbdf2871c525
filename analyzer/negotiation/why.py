"""Say why a negotiation failed, is weak or is incomplete, from its own steps alone.

What its client did besides is added by `analyzer.correlation`. `certain` means that one message states
it and there is no other reading.
"""

from __future__ import annotations

from analyzer.negotiation.http_verdict import FIRST_SERVER_ERROR
from analyzer.negotiation.mechanism import mechanism_tokens
from analyzer.negotiation.model import (
    ACCEPTOR,
    CarrierState,
    Negotiation,
    Reason,
    State,
    Step,
)
from analyzer.negotiation.reasons import REASONS
from analyzer.negotiation.refusal import (
    Cause,
    kerberos_cause,
    reject_cause,
    status_cause,
    status_words,
)
from dissectors.tokens.model import KrbError, NtlmAuthenticate

ACCESS_DENIED = 0xC0000022


def explain(negotiation: Negotiation) -> Reason | None:
    """Return the strongest reason the exchange shows, or None where there is nothing to explain."""
    if negotiation.outcome == "success":
        return _weakness(negotiation) or _refused_afterwards(negotiation)
    return (
        _kerberos_error(negotiation)
        or _carrier_refusal(negotiation)
        or _gss_refusal(negotiation)
        or _pattern(negotiation)
    )


def make_reason(
    code: str, confidence: str, frames: tuple[int, ...], detail: str | None = None
) -> Reason:
    """A reason with its sentence; `detail` stands behind it in brackets."""
    sentence = REASONS[code].sentence
    text = f"{sentence} ({detail})" if detail else sentence
    return Reason(code, text, tuple(dict.fromkeys(frames)), confidence)


def _reason(
    code: str, confidence: str, steps: list[Step] | tuple[int, ...], detail: str | None = None
) -> Reason:
    frames = tuple(step if isinstance(step, int) else step.frame for step in steps)
    return make_reason(code, confidence, frames, detail)


def _caused(cause: Cause, step: Step) -> Reason:
    return _reason(cause.code, cause.confidence, [step], cause.words)


# -- failures that a message states ----------------------------------------------------------------------


def _kerberos_error(negotiation: Negotiation) -> Reason | None:
    if negotiation.mechanism == "ntlm":
        return (
            None  # an error belongs to an earlier optimistic token; NTLM's verdict is what counts
        )
    for step, token in reversed(mechanism_tokens(negotiation.steps)):
        if isinstance(token, KrbError) and token.error_code is not None:
            return _caused(kerberos_cause(token), step)
    return None


def _carrier_refusal(negotiation: Negotiation) -> Reason | None:
    status = negotiation.status
    step = next((s for s in reversed(negotiation.steps) if s.status is status), None)
    if status is None or step is None or negotiation.carrier_state != CarrierState.FAILED:
        return None
    cause = status_cause(negotiation, mechanism_tokens(negotiation.steps), status, step)
    reason = _caused(cause, step)
    rejected = _gss_refusal(negotiation) if cause.confidence != "certain" else None
    if rejected is not None and rejected.code == "integrity_failure":
        # both fit: the password may be right and the MIC wrong, or the other way round
        return reason._replace(detail=f"{reason.detail}; or {rejected.detail}")
    return reason


def _gss_refusal(negotiation: Negotiation) -> Reason | None:
    if negotiation.state != State.REJECTED:
        return None
    step = next(s for s in negotiation.steps if s.state_after == State.REJECTED)
    return _caused(reject_cause(negotiation, step), step)


# -- what only the pattern shows ---------------------------------------------------------------------------


def _pattern(negotiation: Negotiation) -> Reason | None:
    last = negotiation.steps[-1]
    closed = negotiation.carrier_state == CarrierState.CLOSED
    if closed and negotiation.outcome == "failure":
        return _reason("connection_closed", "likely", [last])
    if negotiation.outcome == "failure":
        return None
    return _not_all_there(negotiation, last) or _silence(negotiation, last)


def _not_all_there(negotiation: Negotiation, last: Step) -> Reason | None:
    """The capture lacks what would tell."""
    codes = {noticed.anomaly.code for noticed in negotiation.anomalies}
    if negotiation.completeness in {"truncated", "gap", "encrypted"}:
        frames = tuple(
            noticed.frame
            for noticed in negotiation.anomalies
            if noticed.frame is not None and noticed.anomaly.code in {"gap", "snaplen", "encrypted"}
        )
        return _reason(negotiation.completeness, "certain", frames or (last.frame,))
    if "one-direction" in codes:
        return _reason("one_direction", "certain", [last])
    if negotiation.completeness == "started-before-capture":
        first = [negotiation.steps[0]]
        if negotiation.stream.transport == "tcp" and negotiation.stream.role_source == "syn":
            words = "or its first messages are no ordinary ones: the connection's SYN was seen"
            return _reason("capture_started_late", "possible", first, words)
        return _reason("capture_started_late", "certain", first)
    if negotiation.completeness == "cut-off":
        return _reason("capture_ended_early", "certain", [last])
    return None


def _silence(negotiation: Negotiation, last: Step) -> Reason:
    """All is there, and somebody did not go on."""
    if negotiation.exchange is None:
        return _reason("no_credentials", "possible", negotiation.steps)
    status = last.status
    if status is not None and status.layer == "http" and status.code >= FIRST_SERVER_ERROR:
        return _reason("server_error", "possible", [last], status_words(status))
    if _acceptor_spoke_last(negotiation):
        return _reason("client_gave_up", "possible", [last])
    return _reason("no_answer", "possible", [last])


def _acceptor_spoke_last(negotiation: Negotiation) -> bool:
    spoken = [step for step in negotiation.steps if step.message.kind in {"request", "response"}]
    return bool(spoken) and spoken[-1].role == ACCEPTOR


# -- successes that need a word --------------------------------------------------------------------------


def _weakness(negotiation: Negotiation) -> Reason | None:
    exchange = negotiation.exchange
    for step in negotiation.steps:
        if step.message.context.get("guest"):
            return _reason("guest_access", "certain", [step])
        if step.message.context.get("null"):
            return _reason("anonymous", "certain", [step], "null session")
    if negotiation.mechanism_detail == "anonymous":
        step = next(
            (s for s, t in mechanism_tokens(negotiation.steps) if isinstance(t, NtlmAuthenticate)),
            negotiation.steps[-1],
        )
        return _reason("anonymous", "certain", [step], "empty NTLM credentials")
    if exchange is not None and exchange.context.get("unauthenticated"):
        return _reason("unauthenticated_bind", "certain", negotiation.steps[:1])
    if exchange is not None and exchange.mechanism == "anonymous":
        return _reason("anonymous", "certain", negotiation.steps[:1], "SASL ANONYMOUS")
    if exchange is not None and exchange.context.get("anonymous"):
        return _reason("anonymous", "certain", negotiation.steps[:1], "empty bind")
    return None


def _refused_afterwards(negotiation: Negotiation) -> Reason | None:
    status = negotiation.status
    if status is not None and status.layer == "http" and status.code == 403:
        step = next(s for s in reversed(negotiation.steps) if s.status is status)
        return _reason("access_denied", "certain", [step], "HTTP 403")
    for step in negotiation.steps:
        later = step.message
        if later.kind == "after" and later.status is not None:
            event = str(later.context.get("event", ""))
            if later.status.code == ACCESS_DENIED and _unsigned_where_required(negotiation):
                return _reason("stronger_auth_required", "likely", [step], event)
            if later.status.code == ACCESS_DENIED:
                return _reason("access_denied", "certain", [step], event)
    return None


def _unsigned_where_required(negotiation: Negotiation) -> bool:
    """The server signs only, the session has not signed or sealed anything."""
    exchange = negotiation.exchange
    if exchange is None or negotiation.mechanism_detail == "anonymous":
        return False
    used = exchange.signed_messages or exchange.sealed_messages
    return not used and getattr(negotiation, "server_signing", None) == "required"
