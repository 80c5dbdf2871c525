"""Access denied in answer to a mechListMIC: servers say so of policy, and of a MIC that does not match.

SMB servers deny a session by rules of their own once the logon is done, so there policy is named first; what
LDAP servers demand they say in other words, so there the MIC is.

Spec: RFC 4178 5, MS-SMB2 3.3.5.5.3, MS-ERREF 2.2 and 2.3.
"""

from __future__ import annotations

from analyzer.negotiation.model import Negotiation, Reason, Step
from analyzer.negotiation.offer import is_plain_logon
from analyzer.negotiation.reasons import REASONS
from analyzer.negotiation.refused_token import lost_token, token_not_seen
from analyzer.negotiation.spnego_reject import mic_before
from dissectors.status import Status

BESIDE_A_MIC = frozenset({"policy_denied", "integrity_failure"})
"""Reasons of which each may stand beside the other."""
DENIED = 0xC0000022
DENIED_BY_NUMBER = 5
"""The same as the Win32 code in the text that Active Directory and Samba put into an LDAP answer."""


def with_the_other(
    negotiation: Negotiation, status: Status, step: Step, reason: Reason
) -> Reason | None:
    """`reason`, of the status of `step`, with the other one that fits; None if no other one does."""
    cut = _is_denied(status) and _mic_not_seen(negotiation, step)
    if not cut and not mic_before(negotiation, step):
        return None
    if reason.code == "policy_denied":
        which = "token is not all there" if cut else "mechListMIC"
        other = f"{REASONS['integrity_failure'].sentence} (the client's {which})"
        sure = "possible" if cut or status.code == DENIED else reason.confidence
        return reason._replace(detail=f"{reason.detail}; or {other}", confidence=sure)
    if reason.code == "integrity_failure" and status.sub_code == DENIED_BY_NUMBER:
        return reason._replace(detail=f"{reason.detail}; or {REASONS['policy_denied'].sentence}")
    return None


def _is_denied(status: Status) -> bool:
    return status.code == DENIED or status.sub_code == DENIED_BY_NUMBER


def _mic_not_seen(negotiation: Negotiation, step: Step) -> bool:
    """The token that was refused is not there, or not to its end, where its mechListMIC would be."""
    if is_plain_logon(negotiation) or mic_before(negotiation, step):
        return False
    return token_not_seen(negotiation, step) or lost_token(negotiation) is not None
