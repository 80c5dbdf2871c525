"""Which reason an HTTP status is.

Spec: RFC 9110 15.5, RFC 6585 5, MS-NTHT 2.
"""

from __future__ import annotations

from analyzer.negotiation.http_verdict import FIRST_SERVER_ERROR
from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import INITIATOR, Negotiation, Step
from analyzer.negotiation.reasons import HTTP_REASONS
from analyzer.negotiation.refused_token import all_sent_seen, token_not_seen
from dissectors.status import Status
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApReq,
    KrbAsReq,
    KrbTgsReq,
    NtlmAuthenticate,
    Token,
)

FIELDS_TOO_LARGE = 431
LARGE_TOKEN = 6_000
"""Bytes of a token whose header reaches common limits of servers (8 KiB) as base64."""
LONG_TOKEN = 2_000
"""Bytes of a token that only a server with a low limit refuses for its size."""
NO_PROOFS = frozenset({128, 149, 150, 165, 167})
"""padata of a bare AS-REQ: what it asks for and supports (MS-KILE 2.2, RFC 6806 11, RFC 8070 2)."""


def http_refusal(
    negotiation: Negotiation, tokens: MechanismTokens, status: Status, step: Step
) -> tuple[str, str]:
    """Code and confidence."""
    size = _largest_token(negotiation)
    if status.code == FIELDS_TOO_LARGE:  # all fields together: it need not be the token's
        small = 0 < size <= LONG_TOKEN
        return "token_too_large", "possible" if small else "likely"
    if status.code in {400, 413} and size > LONG_TOKEN:
        return "token_too_large", "likely" if size > LARGE_TOKEN else "possible"
    if status.code >= FIRST_SERVER_ERROR:
        return "server_error", "likely"
    if status.code not in {401, 407}:
        return HTTP_REASONS.get(status.code, "unspecified_failure"), "likely"
    if step.lost:
        return step.lost, "certain"  # a token that says why may have stood there
    if _scheme_withdrawn(negotiation, step):
        return "ntlm_blocked", "likely"
    if token_not_seen(negotiation, step):
        return "unspecified_failure", "certain"
    if not _credentials_sent(negotiation, tokens):
        if not all_sent_seen(negotiation):
            return "unspecified_failure", "certain"  # they may be what the capture lacks
        return "mechanism_refused", "likely"
    if negotiation.mechanism is None:
        return "malformed_token", "likely"  # none of its tokens could be read
    if negotiation.mechanism == "kerberos":
        return "kerberos_refused", "likely"  # no word why, and no password was asked
    return "bad_credentials", "likely"


def _scheme_withdrawn(negotiation: Negotiation, step: Step) -> bool:
    """NTLM was on the server's list, was tried, and is there no more."""
    listed, now = negotiation.listed, step.message.schemes
    return (
        negotiation.scheme == "NTLM"
        and listed is not None
        and "NTLM" in listed.names
        and bool(now)
        and "NTLM" not in now
    )


def _largest_token(negotiation: Negotiation) -> int:
    """Bytes of the longest token of the client that nothing is wrong with."""
    sent = (s.token for s in negotiation.steps if s.role == INITIATOR and s.token is not None)
    return max((len(token.raw) for token in sent if not token.findings), default=0)


def _credentials_sent(negotiation: Negotiation, tokens: MechanismTokens) -> bool:
    """A first message of NTLM or IAKERB alone proves nothing about a password; everything else does."""
    if negotiation.mechanism == "iakerb":
        return any(_proves(token) for _, token in tokens)
    if negotiation.mechanism != "ntlm":
        return True
    return any(isinstance(token, NtlmAuthenticate) for _, token in tokens)


def _proves(token: Token) -> bool:
    """IAKERB's ticket, or a message for the KDC that is no bare first question (RFC 4120 5.2.7)."""
    if not isinstance(token, IakerbMessage):
        return isinstance(token, KrbApReq)
    asked = token.inner
    if isinstance(asked, KrbAsReq):
        return not set(asked.padata_types) <= NO_PROOFS
    return isinstance(asked, KrbTgsReq)
