"""Why a negotiation failed, is weak, ended in NTLM or is incomplete: the closed list of reasons.

`docs/reasons.md` is generated from `REASONS`. `codes` tells which reason a code on the wire is; the
decisions are in `analyzer.negotiation.why` (what a negotiation shows by itself) and in
`analyzer.correlation` (what else its client did).
"""

from analyzer.negotiation.reasons.accounts import ACCOUNT_REASONS
from analyzer.negotiation.reasons.codes import (
    AD_SUB_CODE_REASONS,
    HTTP_REASONS,
    KRB_ERROR_REASONS,
    LDAP_REASONS,
    LIKELY_AD_SUB_CODES,
    LIKELY_KRB_ERRORS,
    LIKELY_LDAP,
    LIKELY_NT_STATUS,
    NT_STATUS_REASONS,
    POLICY_REASONS,
    TOLD_BY_TEXT,
    is_kdc_refusal,
    is_kdc_step,
)
from analyzer.negotiation.reasons.entry import ALSO, ReasonCode
from analyzer.negotiation.reasons.exchange import EXCHANGE_REASONS
from analyzer.negotiation.reasons.fallbacks import FALLBACK_REASONS
from analyzer.negotiation.reasons.incomplete import INCOMPLETE_REASONS, WEAK_REASONS
from analyzer.negotiation.reasons.kerberos import KERBEROS_REASONS

__all__ = [
    "AD_SUB_CODE_REASONS",
    "ALSO",
    "HTTP_REASONS",
    "KRB_ERROR_REASONS",
    "LDAP_REASONS",
    "LIKELY_AD_SUB_CODES",
    "LIKELY_KRB_ERRORS",
    "LIKELY_LDAP",
    "LIKELY_NT_STATUS",
    "NT_STATUS_REASONS",
    "POLICY_REASONS",
    "REASONS",
    "TOLD_BY_TEXT",
    "ReasonCode",
    "is_kdc_refusal",
    "is_kdc_step",
]

REASONS: dict[str, ReasonCode] = {
    **ACCOUNT_REASONS,
    **KERBEROS_REASONS,
    **EXCHANGE_REASONS,
    **FALLBACK_REASONS,
    **WEAK_REASONS,
    **INCOMPLETE_REASONS,
}
"""Code -> entry, by family."""
