"""Which reason an LDAP resultCode is, with what stands in its diagnosticMessage and controls.

Spec: RFC 4511 4.1.9, MS-ADTS 5.1.1.1.1.
"""

from __future__ import annotations

from analyzer.negotiation.invalid_parameter import sound_token_refused
from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import Negotiation, Step
from analyzer.negotiation.reasons import (
    AD_SUB_CODE_REASONS,
    LDAP_REASONS,
    LIKELY_AD_SUB_CODES,
    LIKELY_LDAP,
    POLICY_REASONS,
    TOLD_BY_TEXT,
)
from analyzer.negotiation.refused_token import no_password, token_not_seen
from analyzer.negotiation.spnego_reject import mic_before
from dissectors.status import Status

STRONGER = 8
SIGNING_DEMANDED = 0x2028
"""Win32 code in AD's diagnosticMessage: the server demands signing, or TLS (MS-ADTS 5.1.1.1.1)."""
PROTECTION_DEMANDED = ("Transport encryption required", "Sign or Seal are required")
"""How Samba's diagnosticMessage says the same; the code alone may ask for another mechanism."""
SAYS_NOTHING = 1
"""`data 0` and `data 1` stand in texts of any cause."""
INAPPROPRIATE = 48
SAYS_NOT_WHAT = frozenset({"policy_denied", "protocol_error", "server_error"})
"""What LDAP's codes come to by which Samba and Cyrus SASL say too that a checksum was wrong."""
ACCESS_DENIED, BAD_PARAMETER = 5, 0x57
"""Win32 codes by which Samba refuses a mechListMIC and NTLM's MIC that do not match."""
MIC_DEMANDED = frozenset({"present", "promised-missing"})
IN_WORDS = {
    "invalid Message Integrity Check": "integrity_failure",  # MIT
    "invalid MIC": "integrity_failure",  # Heimdal
    "Incorrect channel bindings": "channel_binding_mismatch",  # MIT
    "Channel bindings mismatch": "channel_binding_mismatch",  # Cyrus SASL's SCRAM
}
"""What GSS libraries and SASL plugins say of a token, as Cyrus SASL puts it into diagnosticMessage."""
WORDS_LIMIT = 160
"""Letters of a diagnosticMessage that are quoted."""
TOO_WEAK = ("SASL(-15)", "SASL(-16)")
"""How a diagnosticMessage begins that hands on Cyrus SASL's SASL_TOOWEAK or SASL_ENCRYPT: not without TLS."""
UNSUPPORTED_FUNCTION = "80090302"  # SEC_E_UNSUPPORTED_FUNCTION, as AD begins its diagnosticMessage


def ldap_refusal(
    negotiation: Negotiation, tokens: MechanismTokens, status: Status, step: Step
) -> tuple[str, str]:
    """Code and confidence."""
    if status.sub_code == BAD_PARAMETER and token_not_seen(negotiation, step):
        return "unspecified_failure", "certain"
    code, sure = _by_code(negotiation, status, step)
    refused = sound_token_refused(negotiation, tokens)
    if status.sub_code == BAD_PARAMETER and refused == "kerberos_refused":
        return "kerberos_refused", sure  # how Samba's controller refuses a ticket that is over
    if code in SAYS_NOT_WHAT:
        return _wrong_checksum(negotiation, status, step) or (code, sure)
    return code, sure


def _by_code(negotiation: Negotiation, status: Status, step: Step) -> tuple[str, str]:
    policy = POLICY_REASONS.get(step.message.context.get("policy_error", -1))
    if policy is not None:
        return policy, "certain"
    if status.sub_code is not None and status.sub_code in AD_SUB_CODE_REASONS:
        code = no_password(negotiation, AD_SUB_CODE_REASONS[status.sub_code])
        return code, "likely" if status.sub_code in LIKELY_AD_SUB_CODES else "certain"
    if status.code == STRONGER and _names_protection(status):
        return "stronger_auth_required", "certain"
    if status.code == INAPPROPRIATE and (status.detail or "").startswith(TOO_WEAK):
        return "stronger_auth_required", "likely"
    ntlm = negotiation.mechanism == "ntlm"
    if ntlm and (status.detail or "").startswith(UNSUPPORTED_FUNCTION):
        return "ntlm_blocked", "likely"
    if step.lost and status.code in TOLD_BY_TEXT:
        return step.lost, "certain"
    if status.code == 1 and negotiation.legs <= 1 and negotiation.scheme not in {None, "simple"}:
        return (
            "mechanism_refused",
            "likely",
        )  # Active Directory's answer to SASL names unknown to it
    code = no_password(negotiation, LDAP_REASONS.get(status.code, "unspecified_failure"))
    if status.code == 1 and token_not_seen(negotiation, step):
        return code, "possible"  # it may be the answer to a mechanism that the server does not know
    return code, "likely" if status.code in LIKELY_LDAP else "certain"


def _names_protection(status: Status) -> bool:
    text = status.detail or ""
    return status.sub_code == SIGNING_DEMANDED or any(
        words in text for words in PROTECTION_DEMANDED
    )


def _wrong_checksum(negotiation: Negotiation, status: Status, step: Step) -> tuple[str, str] | None:
    """What was refused is a checksum of the client's: words say so, or code and token go together."""
    told = [code for words, code in IN_WORDS.items() if words in (status.detail or "")]
    if told:
        return told[0], "certain"
    # SMB's servers deny sessions by the same word, LDAP's have other words for what they demand
    mic = status.sub_code == ACCESS_DENIED and mic_before(negotiation, step)
    ntlm_mic = status.sub_code == BAD_PARAMETER and negotiation.ntlm_mic in MIC_DEMANDED
    return ("integrity_failure", "possible") if mic or ntlm_mic else None


def own_words(status: Status) -> str:
    """What a server says in words, and not by a number, behind a colon; "" for nothing."""
    text = (status.detail or "").strip("\0 \r\n")
    if not text or status.sub_code is not None:
        return ""
    return f": {text[:WORDS_LIMIT]}..." if len(text) > WORDS_LIMIT else f": {text}"


def by_unknown_number(status: Status) -> bool:
    """Active Directory says more exactly what was wrong, but not in a way that is known here."""
    number = status.sub_code
    return number is not None and number > SAYS_NOTHING and number not in AD_SUB_CODE_REASONS
