"""Say why a negotiation failed, is weak or is incomplete, from its own steps alone.

Order of evidence: NTSTATUS inside a KRB-ERROR, the KRB-ERROR's code, the carrier's code with its
sub-code, the carrier's generic code, the pattern of the exchange. `certain` means one message states it.
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
from analyzer.negotiation.reasons import (
    AD_SUB_CODE_REASONS,
    HTTP_REASONS,
    KRB_ERROR_REASONS,
    LDAP_REASONS,
    LIKELY_NT_STATUS,
    NT_STATUS_REASONS,
    REASONS,
)
from dissectors.codes.nt_status import nt_status_name
from dissectors.status import Status
from dissectors.tokens.model import KrbError, NtlmAuthenticate, NtlmChallenge


def explain(negotiation: Negotiation) -> Reason | None:
    """Return the strongest reason the exchange shows, or None where there is nothing to explain."""
    if negotiation.outcome == "success":
        return _weakness(negotiation) or _refused_afterwards(negotiation) or _fallback(negotiation)
    return (
        _kerberos_error(negotiation)
        or _carrier_refusal(negotiation)
        or _gss_refusal(negotiation)
        or _pattern(negotiation)
    )


def _reason(
    code: str, confidence: str, steps: list[Step] | tuple[int, ...], detail: str | None = None
) -> Reason:
    sentence = REASONS[code].sentence
    frames = tuple(step if isinstance(step, int) else step.frame for step in steps)
    text = f"{sentence} ({detail})" if detail else sentence
    return Reason(code, text, tuple(dict.fromkeys(frames)), confidence)


# -- failures that a message states ----------------------------------------------------------------------


def _kerberos_error(negotiation: Negotiation) -> Reason | None:
    for step, token in reversed(mechanism_tokens(negotiation.steps)):
        if not isinstance(token, KrbError) or token.error_code is None:
            continue
        if negotiation.mechanism == "ntlm":
            return None  # an earlier optimistic token; the later NTLM verdict is what counts
        name = token.error or str(token.error_code)
        if token.nt_status in NT_STATUS_REASONS:
            code = NT_STATUS_REASONS[token.nt_status]
            return _reason(code, "certain", [step], f"{name}, {nt_status_name(token.nt_status)}")
        code = KRB_ERROR_REASONS.get(token.error_code, "kdc_error")
        return _reason(code, "certain", [step], f"{name}: {token.e_text}" if token.e_text else name)
    return None


def _carrier_refusal(negotiation: Negotiation) -> Reason | None:
    status = negotiation.status
    step = next((s for s in reversed(negotiation.steps) if s.status is status), None)
    if status is None or step is None or negotiation.carrier_state != CarrierState.FAILED:
        return None
    code, confidence = _status_reason(negotiation, status)
    return _reason(code, confidence, [step], _status_words(status))


def _status_reason(negotiation: Negotiation, status: Status) -> tuple[str, str]:
    """Reason code and confidence of a refusing status."""
    if status.layer == "ntstatus":
        code = NT_STATUS_REASONS.get(status.code, "unspecified_failure")
        if status.code == 0xC00000BB and negotiation.mechanism == "ntlm":
            code = "ntlm_blocked"  # MS-NLMP 3.2.5.1.2: the answer of a server that blocks NTLM
        return code, "likely" if status.code in LIKELY_NT_STATUS else "certain"
    if status.layer == "ldap":
        if status.sub_code is not None and status.sub_code in AD_SUB_CODE_REASONS:
            code = AD_SUB_CODE_REASONS[status.sub_code]
            return code, "likely" if code == "bad_credentials" else "certain"
        code = LDAP_REASONS.get(status.code, "unspecified_failure")
        return code, "likely" if status.code in {49, 53, 80} else "certain"
    if status.layer == "http":
        if status.code in {401, 407} and not _credentials_sent(negotiation):
            return "mechanism_refused", "likely"
        if status.code in {401, 407} and negotiation.mechanism is None:
            return "malformed_token", "likely"  # none of its tokens could be read
        if status.code in {401, 407} and negotiation.mechanism == "kerberos":
            return "kerberos_refused", "likely"  # no word why, and no password was asked
        return HTTP_REASONS.get(status.code, "unspecified_failure"), "likely"
    return "unspecified_failure", "certain"


def _credentials_sent(negotiation: Negotiation) -> bool:
    """An NTLM first message alone proves nothing about a password; everything else does."""
    if negotiation.mechanism != "ntlm":
        return True
    return any(isinstance(t, NtlmAuthenticate) for _, t in mechanism_tokens(negotiation.steps))


def _status_words(status: Status) -> str:
    words = (
        status.name if status.name != str(status.code) else f"{status.layer.upper()} {status.code}"
    )
    if status.sub_code is not None:
        words += f", data {status.sub_code:x}"
    return words


def _gss_refusal(negotiation: Negotiation) -> Reason | None:
    if negotiation.state != State.REJECTED:
        return None
    step = next(s for s in negotiation.steps if s.state_after == State.REJECTED)
    if negotiation.selected_mech is None and step.role == ACCEPTOR and negotiation.legs <= 2:
        return _reason("no_common_mechanism", "likely", [step], "negState reject")
    if step.role != ACCEPTOR:
        return _reason("integrity_failure", "likely", [step], "the initiator rejects")
    return _reason("unspecified_failure", "certain", [step], "negState reject")


# -- what only the pattern shows ---------------------------------------------------------------------------


def _pattern(negotiation: Negotiation) -> Reason | None:
    last = negotiation.steps[-1]
    closed = negotiation.carrier_state == CarrierState.CLOSED
    if closed and negotiation.outcome == "failure":
        return _reason("connection_closed", "possible", [last])
    if negotiation.outcome == "failure":
        return None
    if negotiation.completeness in {"truncated", "gap", "encrypted"}:
        frames = tuple(
            noticed.frame
            for noticed in negotiation.anomalies
            if noticed.frame is not None and noticed.anomaly.code in {"gap", "snaplen", "encrypted"}
        )
        code = negotiation.completeness
        return _reason(code, "certain", frames or (last.frame,))
    codes = {noticed.anomaly.code for noticed in negotiation.anomalies}
    if "one-direction" in codes:
        return _reason("one_direction", "certain", [last])
    if negotiation.completeness == "started-before-capture":
        return _reason("capture_started_late", "certain", [negotiation.steps[0]])
    if negotiation.completeness == "cut-off":
        return _reason("capture_ended_early", "certain", [last])
    if negotiation.exchange is None:
        return _reason("no_credentials", "possible", negotiation.steps)
    status = last.status
    if status is not None and status.layer == "http" and status.code >= FIRST_SERVER_ERROR:
        return _reason("server_error", "possible", [last], _status_words(status))
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
        if later.kind == "after" and later.status is not None and later.status.code == 0xC0000022:
            return _reason("access_denied", "certain", [step], str(later.context.get("event", "")))
    return None


def _fallback(negotiation: Negotiation) -> Reason | None:
    """Kerberos came first in this very exchange, NTLM was taken."""
    if negotiation.fallback_kind != "in-negotiation" or negotiation.mechanism != "ntlm":
        return None
    tokens = mechanism_tokens(negotiation.steps)
    for step, token in tokens:
        if isinstance(token, KrbError):
            return _reason("kerberos_refused", "certain", [step], token.error)
    answer = next((step for step, token in tokens if isinstance(token, NtlmChallenge)), None)
    chosen = next(
        (s for s in negotiation.steps if s.role == ACCEPTOR and s.message.kind == "response"),
        answer,
    )
    return _reason("ntlm_selected_by_server", "likely", [chosen] if chosen else [])
