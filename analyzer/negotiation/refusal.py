"""Which reason a refusal is: a KRB-ERROR, a carrier's status, or a bare negState reject.

Order of evidence: NTSTATUS inside a KRB-ERROR, the KRB-ERROR's code, the carrier's code with its
sub-code, the carrier's generic code.

Spec: RFC 4120 5.9.1, MS-KILE 2.2.1, MS-ERREF 2.3, RFC 4511 4.1.9, RFC 9110 15.5, MS-NLMP 3.2.5.1.2.
"""

from __future__ import annotations

from analyzer.negotiation.cause import UNSAID, UNSEEN, Cause
from analyzer.negotiation.firewall import firewall_cause
from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import Negotiation, Step
from analyzer.negotiation.reasons import (
    KRB_ERROR_REASONS,
    LIKELY_KRB_ERRORS,
    LIKELY_NT_STATUS,
    NT_STATUS_REASONS,
    POLICY_REASONS,
)
from analyzer.negotiation.refusal_http import http_refusal
from analyzer.negotiation.refusal_ldap import (
    BAD_PARAMETER,
    SAYS_NOT_WHAT,
    by_unknown_number,
    ldap_refusal,
    own_words,
)
from analyzer.negotiation.refusal_smb import (
    INVALID_PARAMETER,
    SESSION_DELETED,
    nt_status_refusal,
    session_of_another,
)
from analyzer.negotiation.refused_token import (
    lost_token,
    only_an_offer,
    proof_not_seen,
    token_not_seen,
    unread_proof,
    unreadable,
    without_challenge,
)
from dissectors.codes.nt_status import nt_status_name
from dissectors.status import Status
from dissectors.tokens.model import KrbError

OF_THE_TOKEN = frozenset({"malformed_token", "protocol_error"})
"""What blames the client's token, of which the capture must have all for that."""
ONLY_REFUSED = frozenset({"bad_credentials", "kerberos_refused"})
ASKS_FOR_MORE = ONLY_REFUSED | {"protocol_error"}
"""What LDAP's codes come to that say of a token nothing but that it was not taken."""
SHOWN_BY_TOKEN = frozenset({"malformed_token", "kerberos_refused"})
"""What a general code comes to by nothing but the token that it answers."""
MAY_BE_ANOTHER = frozenset(
    {"bad_credentials", "mechanism_refused", "ntlm_blocked", "session_expired", "ticket_expired"}
)
"""What a general code mostly means, but not to every token."""


def kerberos_cause(token: KrbError) -> Cause:
    """What a KRB-ERROR states; its NTSTATUS is more exact than its code."""
    name = token.error or str(token.error_code)
    code = KRB_ERROR_REASONS.get(token.error_code or 0, "kdc_error")
    sure = "likely" if token.error_code in LIKELY_KRB_ERRORS else "certain"
    if token.nt_status in NT_STATUS_REASONS:
        words = f"{name}, {nt_status_name(token.nt_status)}"
        exact = NT_STATUS_REASONS[token.nt_status]
        if token.nt_status not in LIKELY_NT_STATUS:
            sure = "certain"
        elif exact != code:
            sure = "likely"
        return Cause(exact, sure, words)
    return Cause(code, sure, f"{name}: {token.e_text}" if token.e_text else name)


def status_cause(
    negotiation: Negotiation, tokens: MechanismTokens, status: Status, step: Step
) -> Cause:
    """What a refusing status of the carrier, given in `step`, means for this negotiation."""
    if status.layer == "ntstatus":
        code, sure = nt_status_refusal(negotiation, tokens, status, step)
    elif status.layer == "ldap":
        code, sure = ldap_refusal(negotiation, tokens, status, step)
    elif status.layer == "http":
        code, sure = http_refusal(negotiation, tokens, status, step)
    else:
        code, sure = "unspecified_failure", "certain"
    words = status_words(status)
    if status.layer == "ldap" and code in SAYS_NOT_WHAT:
        words += own_words(status)
    unseen = token_not_seen(negotiation, step)
    if code == "selective_authentication":
        cause = firewall_cause(negotiation, words)
        unnamed = negotiation.domain is None and lost_token(negotiation) is not None
        return _less_sure(cause) if unseen or unnamed else cause
    policy_error = step.message.context.get("policy_error")
    if policy_error in POLICY_REASONS:
        words += f", with error {policy_error} of the password policy"
    if code == step.lost:
        return Cause(code, sure, f"{words}; {UNSAID}")
    if status.code == SESSION_DELETED and session_of_another(negotiation):
        given = "not given on this connection" if code == "protocol_error" else "given unseen"
        words += f"; the session was {given}"
    if unseen:
        return _without_token(Cause(code, sure, words), status)
    unread = unread_proof(negotiation, tokens) if code == "kerberos_refused" else None
    if unread is not None:
        return Cause(unread, "certain", f"{words}; the client's last token is not all there")
    unread = lost_token(negotiation) if code in OF_THE_TOKEN and _bad_parameter(status) else None
    if unread is not None:
        return Cause(unread, "certain", f"{words}; the client's last token is not all there")
    if code in ASKS_FOR_MORE and status.layer == "ldap" and only_an_offer(negotiation):
        words += "; the client had sent an offer and no token of a mechanism"
        return Cause("no_common_mechanism", "likely", words)
    general = ASKS_FOR_MORE if status.layer == "ldap" else ONLY_REFUSED
    if code in general and unreadable(negotiation):
        words += "; nobody could read the client's last token"
        return Cause("malformed_token", "likely", words)
    if code == "bad_credentials" and without_challenge(negotiation):
        words += "; its connection had no challenge that the AUTHENTICATE could answer"
        return Cause("protocol_error", "likely", words)
    if code == "bad_credentials" and proof_not_seen(negotiation, tokens):
        sure = "possible"  # it may have been a ticket
    if code == "bad_credentials" and by_unknown_number(status):
        sure = "possible"  # another number than that of a wrong name or password stands beside it
    return Cause(code, sure, words)


def _without_token(cause: Cause, status: Status) -> Cause:
    """What is left of it where the token that was refused is not in the capture."""
    general = cause.confidence == "likely"
    if general and cause.code in SHOWN_BY_TOKEN:
        sure = "likely" if status.layer == "http" else "certain"  # 400 may be about the request
        return Cause("unspecified_failure", sure, f"{cause.words}; {UNSEEN}")
    if general and cause.code in MAY_BE_ANOTHER:
        return _less_sure(cause)
    if cause.code == "unspecified_failure":
        return cause._replace(words=f"{cause.words}; {UNSEEN}")
    return cause


def _less_sure(cause: Cause) -> Cause:
    return cause._replace(confidence="possible", words=f"{cause.words}; {UNSEEN}")


def _bad_parameter(status: Status) -> bool:
    """The server could not make sense of something, as NTSTATUS or a number in LDAP's text says."""
    return status.code == INVALID_PARAMETER or status.sub_code == BAD_PARAMETER


def status_words(status: Status) -> str:
    """The status as people write it: `STATUS_LOGON_FAILURE`, `HTTP 401`, `invalidCredentials, data 52e`."""
    words = (
        status.name if status.name != str(status.code) else f"{status.layer.upper()} {status.code}"
    )
    if status.sub_code is not None:
        words += f", {_number_words(status.sub_code, status.detail or '')}"
    return words


def _number_words(number: int, text: str) -> str:
    """Active Directory's number as its text has it: `data 52e`, or eight digits in front, `80090308`."""
    in_front = f"{number:08X}"
    behind = f"data {number:x}"
    if behind not in text.lower() and text.upper().startswith(in_front):
        return in_front
    return behind
