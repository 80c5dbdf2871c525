"""Access denied in answer to a mechListMIC: servers say so of policy, and of a MIC that does not match.

SMB servers deny a session by rules of their own once the logon is done, so there policy is named first; what
LDAP servers demand they say in other words, so there the MIC is.

Spec: RFC 4178 5, MS-SMB2 3.3.5.5.3, MS-ERREF 2.2 and 2.3.
"""

from __future__ import annotations

from analyzer.negotiation.model import Negotiation, Reason, Step
from analyzer.negotiation.reasons import REASONS
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
    if not mic_before(negotiation, step):
        return None
    if reason.code == "policy_denied":
        other = f"{REASONS['integrity_failure'].sentence} (the client's mechListMIC)"
        sure = "possible" if status.code == DENIED else reason.confidence
        return reason._replace(detail=f"{reason.detail}; or {other}", confidence=sure)
    if reason.code == "integrity_failure" and status.sub_code == DENIED_BY_NUMBER:
        return reason._replace(detail=f"{reason.detail}; or {REASONS['policy_denied'].sentence}")
    return None
