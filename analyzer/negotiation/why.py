"""Say why a negotiation failed, is weak or is incomplete, from its own steps alone.

What its client did besides is added by `analyzer.correlation`. `certain` means that one message states
it and there is no other reading.
"""

from __future__ import annotations

from analyzer.capture.model import NO_TIME
from analyzer.negotiation.cause import Cause
from analyzer.negotiation.denied_mic import BESIDE_A_MIC, with_the_other
from analyzer.negotiation.http_verdict import FIRST_SERVER_ERROR
from analyzer.negotiation.mechanism import mechanism_tokens
from analyzer.negotiation.model import (
    ACCEPTOR,
    INITIATOR,
    CarrierState,
    Negotiation,
    Reason,
    State,
    Step,
)
from analyzer.negotiation.reasons import REASONS, is_kdc_refusal
from analyzer.negotiation.refusal import kerberos_cause, status_cause, status_words
from analyzer.negotiation.refusal_smb import SESSION_EXPIRED
from analyzer.negotiation.site import ORIGIN
from analyzer.negotiation.spnego_reject import only_the_list, reject_cause
from dissectors.status import Status
from dissectors.tokens.model import IakerbMessage, KrbError, KrbKdcReq, NtlmAuthenticate

ACCESS_DENIED = 0xC0000022
TAKEN_BACK = frozenset({ACCESS_DENIED, SESSION_EXPIRED})
"""Status codes behind a success that need a word."""
SPOKEN = frozenset({"request", "response"})
"""Kinds of messages that are legs."""
PROXY_CHALLENGE = 407
HTTP_CHALLENGES = frozenset({401, PROXY_CHALLENGE})
AT_ONCE_NS = 1_000_000_000
"""Behind an answer a server closes within this time whatever the client does; later it may have waited."""
UNHEARD = "or the other direction was not captured: none of its packets was seen"
ANSWER_UNKNOWN = "what was answered to it cannot be told from other answers"
REFUSED_AT_ONCE = ("mechanism_refused", "no_common_mechanism")
"""Of a first token, what the carrier's status makes, and negState reject, which says more exactly why."""
BY_PASSWORD = frozenset({2, 138})
"""PA-ENC-TIMESTAMP and PA-ENCRYPTED-CHALLENGE: made with the key of the password (RFC 4120 5.2.7.2)."""


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
    return Reason(code, text, tuple(sorted(set(frames))), confidence)


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
        by_kdc = isinstance(token, IakerbMessage)
        error = token.inner if by_kdc else token
        if not isinstance(error, KrbError) or error.error_code is None:
            continue
        cut = step.lost is not None
        if by_kdc and not is_kdc_refusal(error.error_code, error.crealm, cut=cut):
            continue
        if (by_kdc or negotiation.outcome == "incomplete") and _went_on(negotiation, step):
            return None  # the client mended what the error was about; its new token has no verdict
        return _caused(
            _kdc_cause(negotiation, step, error) if by_kdc else kerberos_cause(error), step
        )
    return None


def _kdc_cause(negotiation: Negotiation, step: Step, error: KrbError) -> Cause:
    """What a KDC says to the client through the acceptor (draft-ietf-kitten-iakerb 3)."""
    cause = kerberos_cause(error)
    if error.sname:
        cause = cause._replace(words=f"{cause.words} for {error.sname}")
    before = [] if step.request_missing else negotiation.steps[: negotiation.steps.index(step)]
    asked = next((t.inner for _, t in reversed(mechanism_tokens(before)) if t.inner), None)
    if cause.code == "wrong_password" and isinstance(asked, KrbKdcReq):
        by_password = not BY_PASSWORD.isdisjoint(asked.padata_types)
        cause = cause._replace(confidence="certain" if by_password else "likely")
    return cause


def _went_on(negotiation: Negotiation, step: Step) -> bool:
    """The client sent another token after `step`."""
    later = negotiation.steps[negotiation.steps.index(step) + 1 :]
    return any(s.role == INITIATOR and s.is_leg for s in later)


def _carrier_refusal(negotiation: Negotiation) -> Reason | None:
    status = negotiation.status
    step = next((s for s in reversed(negotiation.steps) if s.status is status), None)
    if status is None or step is None or negotiation.carrier_state != CarrierState.FAILED:
        return None
    if _refused_before(negotiation, step):
        return _gss_refusal(negotiation)
    cause = status_cause(negotiation, mechanism_tokens(negotiation.steps), status, step)
    reason = _caused(cause, step)
    if cause.code in BESIDE_A_MIC:
        denied = with_the_other(negotiation, status, step, reason)
        if denied is not None:
            return denied
    rejected = _gss_refusal(negotiation) if cause.confidence != "certain" else None
    if rejected is None:
        return reason
    refused = _rejecting(negotiation)
    by_mic = rejected.code == "integrity_failure"
    if (cause.code, rejected.code) == REFUSED_AT_ONCE or (
        by_mic and only_the_list(negotiation, refused)
    ):
        words = f"{reject_cause(negotiation, refused).words}, {cause.words}"
        at = negotiation.steps.index(refused)
        shown = [*negotiation.steps[max(at - 1, 0) : at + 1], step]
        return _reason(rejected.code, rejected.confidence, shown, words)
    # both fit: the password may be right and the MIC wrong, or the other way round
    return reason._replace(detail=f"{reason.detail}; or {rejected.detail}") if by_mic else reason


def _refused_before(negotiation: Negotiation, step: Step) -> bool:
    """The acceptor's reject came earlier than the status of `step`, which repeats it to one who went on."""
    if negotiation.state != State.REJECTED:
        return False
    refused = _rejecting(negotiation)
    between = negotiation.steps[
        negotiation.steps.index(refused) + 1 : negotiation.steps.index(step)
    ]
    return refused.role == ACCEPTOR and any(s.role != ACCEPTOR and s.is_leg for s in between)


def _gss_refusal(negotiation: Negotiation) -> Reason | None:
    if negotiation.state != State.REJECTED:
        return None
    step = _rejecting(negotiation)
    return _caused(reject_cause(negotiation, step), step)


def _rejecting(negotiation: Negotiation) -> Step:
    """The step whose token rejects; the negotiation is in the state that it led to."""
    return next(s for s in negotiation.steps if s.state_after == State.REJECTED)


# -- what only the pattern shows ---------------------------------------------------------------------------


def _pattern(negotiation: Negotiation) -> Reason | None:
    last = negotiation.steps[-1]
    closed = negotiation.carrier_state == CarrierState.CLOSED
    if closed and negotiation.outcome == "failure":
        return _reason("connection_closed", "likely", _end(negotiation), "instead of answering")
    if negotiation.outcome == "failure":
        return None
    return _not_all_there(negotiation, last) or _silence(negotiation)


def _not_all_there(negotiation: Negotiation, last: Step) -> Reason | None:
    """The capture lacks what would tell."""
    codes = {noticed.anomaly.code for noticed in negotiation.anomalies}
    first = [negotiation.steps[0]]
    if negotiation.completeness in {"truncated", "gap", "encrypted"}:
        frames = tuple(
            noticed.frame
            for noticed in negotiation.anomalies
            if noticed.frame is not None and noticed.anomaly.code in {"gap", "snaplen", "encrypted"}
        )
        if frames or "one-direction" not in codes:
            there = first if negotiation.first_lost else [last]
            if negotiation.answer_unknown and not frames:
                return _reason(negotiation.completeness, "likely", there, ANSWER_UNKNOWN)
            return _reason(negotiation.completeness, "certain", frames or there)
    if negotiation.one_sided in {"certain", "likely"}:
        return _reason("one_direction", negotiation.one_sided, [last])
    if negotiation.first_lost and not negotiation.syn_seen:
        return _reason("capture_started_late", "certain", first)
    if negotiation.completeness == "started-before-capture":
        return _reason("capture_started_late", "likely", [last], ANSWER_UNKNOWN)
    if negotiation.completeness == "cut-off":
        if negotiation.one_sided:
            return _reason("capture_ended_early", "likely", [last], UNHEARD)
        return _reason("capture_ended_early", "certain", [last], _odd_begin(negotiation))
    return None


def _odd_begin(negotiation: Negotiation) -> str:
    """What to say of a negotiation that begins in the middle where the capture holds its connection whole."""
    if not negotiation.first_lost:
        return ""
    return "its first message is a later one's, though the connection's SYN was seen"


def _silence(negotiation: Negotiation) -> Reason:
    """All is there, and somebody did not go on."""
    if negotiation.exchange is None:
        return _reason("no_credentials", "possible", negotiation.steps)
    said = _said(negotiation)
    answer = said[-1] if said and said[-1].role == ACCEPTOR else None
    if answer is not None and answer.status is not None and answer.status.layer == "http":
        passed_by = _passed_by(negotiation, answer, answer.status)
        if passed_by is not None:
            return passed_by
    left = _left_behind_answer(negotiation)
    if left is not None:
        return left
    begin = _odd_begin(negotiation)
    code = "no_answer" if answer is None else "client_gave_up"
    return _reason(code, "possible", _end(negotiation), begin)


def _passed_by(negotiation: Negotiation, answer: Step, status: Status) -> Reason | None:
    """The last answer is no leg of this logon: the server failed, or did something else."""
    words = status_words(status)
    if status.code >= FIRST_SERVER_ERROR:
        return _reason("server_error", "possible", [answer], words)
    if status.code == PROXY_CHALLENGE and negotiation.carrier == ORIGIN:
        words = f"a proxy asked for credentials of its own, {words}"
        return _reason("client_gave_up", "possible", _end(negotiation), words)
    if status.code not in HTTP_CHALLENGES:
        return _reason("logon_not_taken_up", "likely", [answer], words)
    return None


def _left_behind_answer(negotiation: Negotiation) -> Reason | None:
    """The connection ended behind the server's own answer, which the server had bound to it.

    Who wanted that is told by what either side said of the connection (RFC 9112 9.3); else by who closed it.
    """
    if negotiation.wrapper == "none":
        return None  # such a logon goes on over another connection as well
    spoke: Step | None = None
    for step in negotiation.steps:
        said = step.message.context
        if said.get("event") == "closed":
            if spoke is None or spoke.role != ACCEPTOR:
                return None
            context = spoke.message.context
            wanted, said_last = context.get("last_by"), context.get("last_said")
            if wanted == "client":
                words = f"its own request ended the connection ({said_last})"
                return _reason("client_gave_up", "possible", [spoke, step], words)
            if wanted == "server":
                words = f"its own answer ended it ({said_last})"
                return _reason("connection_closed", "likely", [spoke, step], words)
            if said.get("by") != "server":
                return None
            times = spoke.ts_ns, step.ts_ns
            if NO_TIME not in times and step.ts_ns - spoke.ts_ns <= AT_ONCE_NS:
                words = "behind its own answer, before the client went on"
                return _reason("connection_closed", "likely", [spoke, step], words)
            words = "after its own answer, with which the client had not gone on"
            return _reason("connection_closed", "possible", [spoke, step], words)
        if step.message.kind in SPOKEN:
            spoke = step
    return None


def _end(negotiation: Negotiation) -> list[Step]:
    """The last message that was said, and what came in place of the next one."""
    return [*_said(negotiation)[-1:], negotiation.steps[-1]]


def _said(negotiation: Negotiation) -> list[Step]:
    """The legs, with a token or without."""
    return [step for step in negotiation.steps if step.message.kind in SPOKEN]


# -- successes that need a word --------------------------------------------------------------------------


def _weakness(negotiation: Negotiation) -> Reason | None:
    for step in negotiation.steps:
        said = step.message.context
        if not said:
            continue
        if said.get("guest"):
            return _reason("guest_access", "certain", [step])
        if said.get("null"):
            return _reason("anonymous", "certain", [step], "null session")
    bind = _nobodys_bind(negotiation)
    if bind is not None:
        return bind
    if negotiation.mechanism == "ntlm" and negotiation.mechanism_detail == "anonymous":
        step = next(
            (s for s, t in mechanism_tokens(negotiation.steps) if isinstance(t, NtlmAuthenticate)),
            negotiation.steps[-1],
        )
        return _reason("anonymous", "certain", [step], "empty NTLM credentials")
    return None


def _nobodys_bind(negotiation: Negotiation) -> Reason | None:
    """An LDAP bind that proves nobody: what it asks for, and that it was granted."""
    exchange = negotiation.exchange
    if exchange is None:
        return None
    if exchange.context.get("unauthenticated"):
        code, words = "unauthenticated_bind", None
    elif exchange.mechanism == "anonymous":
        code, words = "anonymous", "SASL ANONYMOUS"
    elif exchange.context.get("anonymous"):
        code, words = "anonymous", "empty bind"
    else:
        return None
    said = _said(negotiation)
    return _reason(code, "certain", [*said[:1], *said[-1:]], words)


def _refused_afterwards(negotiation: Negotiation) -> Reason | None:
    status = negotiation.status
    if status is not None and status.layer == "http" and status.code == 403:
        step = next(s for s in reversed(negotiation.steps) if s.status is status)
        let_in = negotiation.state == State.ACCEPTED or step.message.context.get("let_in")
        sure = "certain" if let_in else "likely"  # else nothing shows that the token was taken
        return _reason("access_denied", sure, [step], "HTTP 403")
    for step in negotiation.steps:
        later = step.message
        if later.kind == "after" and later.status is not None and later.status.code in TAKEN_BACK:
            event = str(later.context.get("event", ""))
            if later.status.code == ACCESS_DENIED and _unsigned_where_required(negotiation):
                return _reason("stronger_auth_required", "likely", [step], event)
            if later.status.code == ACCESS_DENIED:
                words = (
                    f"{event}, {status_words(later.status)}"
                    if event
                    else status_words(later.status)
                )
                # without its proof in the capture it may be nobody's session
                sure = "certain" if negotiation.mechanism_detail else "likely"
                return _reason("access_denied", sure, [step], words)
            if later.status.code == SESSION_EXPIRED:
                words = ", ".join(filter(None, (event, status_words(later.status))))
                return _reason("session_expired", "certain", [step], words)
    return None


def _unsigned_where_required(negotiation: Negotiation) -> bool:
    """The server signs only, the session has not signed or sealed anything."""
    exchange = negotiation.exchange
    if exchange is None or negotiation.mechanism_detail in {None, "anonymous"}:
        return False  # nobody's session signs nothing; None: whose it is was not seen
    used = exchange.signed_messages or exchange.sealed_messages
    return not used and getattr(negotiation, "server_signing", None) == "required"
