"""Which reason an NTSTATUS is, as SMB says it.

Spec: MS-ERREF 2.3, MS-NLMP 3.2.5.1.2, MS-SMB2 3.3.5.5 and 3.3.5.2.9.
"""

from __future__ import annotations

from analyzer.negotiation.invalid_parameter import sound_token_refused
from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import Negotiation, Step
from analyzer.negotiation.reasons import LIKELY_NT_STATUS, NT_STATUS_REASONS
from analyzer.negotiation.refused_token import no_password, token_not_seen
from dissectors.status import Status

NOT_SUPPORTED = 0xC00000BB
INVALID_PARAMETER = 0xC000000D
NOT_ACCEPTED = 0xC00000D0
OF_BINDING = frozenset({NOT_ACCEPTED, INVALID_PARAMETER, NOT_SUPPORTED})
"""What a server says of a session that may not be bound: by dialect, signing or user (MS-SMB2 3.3.5.5)."""
SESSION_EXPIRED = 0xC000035C
SESSION_DELETED = 0xC0000203


def nt_status_refusal(
    negotiation: Negotiation, tokens: MechanismTokens, status: Status, step: Step
) -> tuple[str, str]:
    """Code and confidence."""
    code = no_password(negotiation, NT_STATUS_REASONS.get(status.code, "unspecified_failure"))
    sure = "likely" if status.code in LIKELY_NT_STATUS else "certain"
    if status.code == SESSION_DELETED and session_of_another(negotiation):
        whole = negotiation.syn_seen and not negotiation.bytes_lost
        # else it may have been given where the capture has nothing
        return ("protocol_error", "likely") if whole else ("session_expired", "possible")
    unseen = token_not_seen(negotiation, step)
    if status.code == INVALID_PARAMETER and unseen:
        return "unspecified_failure", "certain"
    if status.code in OF_BINDING and _binds(negotiation):
        return "protocol_error", "likely"
    if status.code == NOT_ACCEPTED and unseen:
        return code, "possible"  # it may be a session that was to be bound
    if status.code == NOT_SUPPORTED and negotiation.mechanism == "ntlm":
        code = "ntlm_blocked"  # MS-NLMP 3.2.5.1.2: the answer of a server that blocks NTLM
    elif status.code == INVALID_PARAMETER and (
        negotiation.wrapper == "none" and negotiation.mechanism_detail == "ntlmv2"
    ):
        code = "mechanism_refused"  # without extended security many servers take no NTLMv2
    elif status.code == INVALID_PARAMETER:
        code = sound_token_refused(negotiation, tokens) or code
    elif status.code == SESSION_EXPIRED and negotiation.mechanism != "kerberos":
        return "session_expired", "certain"  # whose ticket it was, an earlier logon knows
    return code, sure


def session_of_another(negotiation: Negotiation) -> bool:
    """The capture does not show that the session, which the server does not know here, was given here.

    A server looks for it among those of the connection alone; it may live on at another one, to which this
    connection was not bound (MS-SMB2 3.3.5.5).
    """
    exchange = negotiation.exchange
    return exchange is not None and bool(exchange.context.get("foreign_session"))


def _binds(negotiation: Negotiation) -> bool:
    """The client wants a second connection for a session, which not every dialect has (MS-SMB2 3.3.5.5)."""
    exchange = negotiation.exchange
    return exchange is not None and bool(exchange.context.get("binding"))
