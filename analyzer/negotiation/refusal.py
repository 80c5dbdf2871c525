"""Which reason a refusal is: a KRB-ERROR, a carrier's status, or a bare negState reject.

Order of evidence: NTSTATUS inside a KRB-ERROR, the KRB-ERROR's code, the carrier's code with its
sub-code, the carrier's generic code.

Spec: RFC 4120 5.9.1, MS-KILE 2.2.1, MS-ERREF 2.3, RFC 4511 4.1.9, RFC 9110 15.5, MS-NLMP 3.2.5.1.2.
"""

from __future__ import annotations

from typing import NamedTuple

from analyzer.negotiation.http_verdict import FIRST_SERVER_ERROR
from analyzer.negotiation.invalid_parameter import sound_token_refused
from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import ACCEPTOR, INITIATOR, Negotiation, Step
from analyzer.negotiation.reasons import (
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
)
from dissectors.codes.nt_status import nt_status_name
from dissectors.status import Status
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApReq,
    KrbAsReq,
    KrbError,
    KrbTgsReq,
    NegTokenInit,
    NegTokenResp,
    NtlmAuthenticate,
    OpaqueToken,
    Token,
)

NOT_SUPPORTED = 0xC00000BB
INVALID_PARAMETER = 0xC000000D
NOT_ACCEPTED = 0xC00000D0
SESSION_EXPIRED = 0xC000035C
FIELDS_TOO_LARGE = 431
LARGE_TOKEN = 6_000
"""Bytes of a token whose header reaches common limits of servers (8 KiB) as base64."""
LONG_TOKEN = 2_000
"""Bytes of a token that only a server with a low limit refuses for its size."""
STRONGER = 8
SIGNING_DEMANDED = 0x2028
"""Win32 code in AD's diagnosticMessage: the server demands signing, or TLS (MS-ADTS 5.1.1.1.1)."""
PROTECTION_DEMANDED = ("Transport encryption required", "Sign or Seal are required")
"""How Samba's diagnosticMessage says the same; the code alone may ask for another mechanism."""
SAYS_NOTHING = 1
"""`data 0` and `data 1` stand in texts of any cause."""
INAPPROPRIATE = 48
NO_PROOFS = frozenset({128, 149, 150, 165, 167})
"""padata of a bare AS-REQ: what it asks for and supports (MS-KILE 2.2, RFC 6806 11, RFC 8070 2)."""
WITHOUT_PASSWORD = frozenset({"kerberos", "iakerb"})
"""Mechanisms by which no server learns anything of a password."""
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
ONLY_REFUSED = frozenset({"bad_credentials", "kerberos_refused"})
ASKS_FOR_MORE = ONLY_REFUSED | {"protocol_error"}
"""What LDAP's codes come to that say of a token nothing but that it was not taken."""
TOO_WEAK = ("SASL(-15)", "SASL(-16)")
"""How a diagnosticMessage begins that hands on Cyrus SASL's SASL_TOOWEAK or SASL_ENCRYPT: not without TLS."""
UNSUPPORTED_FUNCTION = "80090302"  # SEC_E_UNSUPPORTED_FUNCTION, as AD begins its diagnosticMessage
UNSAID = "the rest of what the server said is not there"
"""It was refused, but where the answer may say why it is cut: that it says nothing is not known."""


class Cause(NamedTuple):
    """A reason's code, how sure it is, and its evidence in words."""

    code: str
    confidence: str
    words: str


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
        code, sure = _nt_status(negotiation, tokens, status)
    elif status.layer == "ldap":
        code, sure = _ldap(negotiation, status, step)
        refused = sound_token_refused(negotiation, tokens)
        if status.sub_code == BAD_PARAMETER and refused == "kerberos_refused":
            code = "kerberos_refused"  # how Samba's controller refuses a ticket that is over
        elif code in SAYS_NOT_WHAT:
            code, sure = _wrong_checksum(negotiation, status, step) or (code, sure)
    elif status.layer == "http":
        code, sure = _http(negotiation, tokens, status, step)
    else:
        code, sure = "unspecified_failure", "certain"
    words = status_words(status)
    policy_error = step.message.context.get("policy_error")
    if policy_error in POLICY_REASONS:
        words += f", with error {policy_error} of the password policy"
    if code == step.lost:
        return Cause(code, sure, f"{words}; {UNSAID}")
    unread = _unread_proof(negotiation, tokens) if code == "kerberos_refused" else None
    if unread is not None:
        return Cause(unread, "certain", f"{words}; the client's last token is not all there")
    if code in ASKS_FOR_MORE and status.layer == "ldap" and _only_an_offer(negotiation):
        words += "; the client had sent an offer and no token of a mechanism"
        return Cause("no_common_mechanism", "likely", words)
    general = ASKS_FOR_MORE if status.layer == "ldap" else ONLY_REFUSED
    if code in general and _unreadable(negotiation):
        words += "; nobody could read the client's last token"
        return Cause("malformed_token", "likely", words)
    if code == "bad_credentials" and _without_challenge(negotiation):
        words += "; its connection had no challenge that the AUTHENTICATE could answer"
        return Cause("protocol_error", "likely", words)
    if code == "bad_credentials" and _token_not_seen(negotiation):
        sure = "possible"  # it may have been a ticket
    if code == "bad_credentials" and _by_unknown_number(status):
        sure = "possible"  # another number than that of a wrong name or password stands beside it
    return Cause(code, sure, words)


def _unread_proof(negotiation: Negotiation, tokens: MechanismTokens) -> str | None:
    """Why the client's last token is cut, if so much that it may be no ticket: an error of its own."""
    sent = [step for step in negotiation.steps if step.role == INITIATOR and step.is_leg]
    if not sent or any(s is sent[-1] and isinstance(t, KrbApReq) for s, t in tokens):
        return None
    return sent[-1].lost


def _only_an_offer(negotiation: Negotiation) -> bool:
    """Nothing but a list of mechanisms came from the client, none of which the server selected."""
    sent = [step for step in negotiation.steps if step.role == INITIATOR and step.is_leg]
    if len(sent) != 1 or sent[0].lost or negotiation.selected_mech is not None:
        return False
    token = sent[0].token
    return isinstance(token, NegTokenInit) and token.mech_token is None and not token.findings


def _unreadable(negotiation: Negotiation) -> bool:
    """The client's last token is whole in the capture and ends too early, or is none of any mechanism."""
    sent = [step for step in negotiation.steps if step.role == INITIATOR and step.is_leg]
    token = sent[-1].token if sent else None
    if token is None or sent[-1].lost or negotiation.completeness != "complete":
        return False
    if type(token) is OpaqueToken:
        return bool(token.raw) and negotiation.mechanism is None
    return any(finding.code == "truncated" for finding in token.findings)


def _no_password(negotiation: Negotiation, code: str) -> str:
    """A ticket was refused, and no password was asked: the code for either says no more than that."""
    without = code == "bad_credentials" and negotiation.mechanism in WITHOUT_PASSWORD
    return "kerberos_refused" if without else code


def _binds(negotiation: Negotiation) -> bool:
    """The client wants a second connection for a session, which not every dialect has (MS-SMB2 3.3.5.5)."""
    exchange = negotiation.exchange
    return exchange is not None and bool(exchange.context.get("binding"))


def _without_challenge(negotiation: Negotiation) -> bool:
    """NTLM's last message came first on a connection that is whole, which no password mends (MS-NTHT 2)."""
    return (
        negotiation.mechanism == "ntlm"
        and negotiation.first_lost
        and not negotiation.challenged
        and negotiation.completeness == "complete"
    )


def _nt_status(
    negotiation: Negotiation, tokens: MechanismTokens, status: Status
) -> tuple[str, str]:
    code = _no_password(negotiation, NT_STATUS_REASONS.get(status.code, "unspecified_failure"))
    sure = "likely" if status.code in LIKELY_NT_STATUS else "certain"
    if status.code == INVALID_PARAMETER and _token_not_seen(negotiation):
        return "unspecified_failure", "certain"
    if status.code == NOT_SUPPORTED and negotiation.mechanism == "ntlm":
        code = "ntlm_blocked"  # MS-NLMP 3.2.5.1.2: the answer of a server that blocks NTLM
    elif status.code == INVALID_PARAMETER and (
        negotiation.wrapper == "none" and negotiation.mechanism_detail == "ntlmv2"
    ):
        code = "mechanism_refused"  # without extended security many servers take no NTLMv2
    elif status.code == NOT_ACCEPTED and _binds(negotiation):
        code = "protocol_error"
    elif status.code == INVALID_PARAMETER:
        code = sound_token_refused(negotiation, tokens) or code
    elif status.code == SESSION_EXPIRED and negotiation.mechanism != "kerberos":
        return "session_expired", "certain"  # whose ticket it was, an earlier logon knows
    return code, sure


def _names_protection(status: Status) -> bool:
    text = status.detail or ""
    return status.sub_code == SIGNING_DEMANDED or any(
        words in text for words in PROTECTION_DEMANDED
    )


def _by_unknown_number(status: Status) -> bool:
    """Active Directory says more exactly what was wrong, but not in a way that is known here."""
    number = status.sub_code
    return number is not None and number > SAYS_NOTHING and number not in AD_SUB_CODE_REASONS


def _ldap(negotiation: Negotiation, status: Status, step: Step) -> tuple[str, str]:
    policy = POLICY_REASONS.get(step.message.context.get("policy_error", -1))
    if policy is not None:
        return policy, "certain"
    if status.sub_code is not None and status.sub_code in AD_SUB_CODE_REASONS:
        code = _no_password(negotiation, AD_SUB_CODE_REASONS[status.sub_code])
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
    code = _no_password(negotiation, LDAP_REASONS.get(status.code, "unspecified_failure"))
    if status.code == 1 and _token_not_seen(negotiation):
        return code, "possible"  # it may be the answer to a mechanism that the server does not know
    return code, "likely" if status.code in LIKELY_LDAP else "certain"


def _wrong_checksum(negotiation: Negotiation, status: Status, step: Step) -> tuple[str, str] | None:
    """What was refused is a checksum of the client's: words say so, or code and token go together."""
    told = [code for words, code in IN_WORDS.items() if words in (status.detail or "")]
    if told:
        return told[0], "certain"
    mic = status.sub_code == ACCESS_DENIED and mic_before(negotiation, step)
    ntlm_mic = status.sub_code == BAD_PARAMETER and negotiation.ntlm_mic in MIC_DEMANDED
    return ("integrity_failure", "possible") if mic or ntlm_mic else None


def _http(
    negotiation: Negotiation, tokens: MechanismTokens, status: Status, step: Step
) -> tuple[str, str]:
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
    if not _credentials_sent(negotiation, tokens):
        if negotiation.completeness != "complete":
            return "unspecified_failure", "certain"  # they may be what the capture lacks
        return "mechanism_refused", "likely"
    if _token_not_seen(negotiation):
        return "unspecified_failure", "certain"
    if negotiation.mechanism is None:
        return "malformed_token", "likely"  # none of its tokens could be read
    if negotiation.mechanism == "kerberos":
        return "kerberos_refused", "likely"  # no word why, and no password was asked
    return "bad_credentials", "likely"


def _token_not_seen(negotiation: Negotiation) -> bool:
    """The capture lacks what the client sent: nobody knows whether the server could have read it."""
    return negotiation.mechanism is None and negotiation.completeness != "complete"


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


def reject_cause(negotiation: Negotiation, step: Step) -> Cause:
    """What negState reject means by its place: `step` is the one that says it."""
    if step.role == ACCEPTOR and step.lost:
        return Cause(step.lost, "certain", f"negState reject; {UNSAID}")
    if isinstance(step.token, KrbError):
        return Cause("unspecified_failure", "certain", "a KRB-ERROR whose code is not there")
    if step.role != ACCEPTOR:
        return Cause("integrity_failure", "likely", "the initiator rejects")
    if mic_before(negotiation, step):
        return Cause(
            "integrity_failure", "likely", "negState reject as the answer to a mechListMIC"
        )
    said = negotiation.steps[: negotiation.steps.index(step) + 1]
    if negotiation.selected_mech is None and sum(each.is_leg for each in said) <= 2:
        sure = "certain" if _nothing_shared(negotiation) else "likely"
        return Cause("no_common_mechanism", sure, "negState reject")
    return Cause("unspecified_failure", "certain", "negState reject")


def only_the_list(negotiation: Negotiation, step: Step) -> bool:
    """Nothing but the list of mechanisms can have been refused by the negState reject of `step`.

    The initiator says it, or the rejected token has a mechListMIC and nothing of the mechanism.
    """
    if step.role != ACCEPTOR:
        return True
    last = _rejected(negotiation, step)
    return last is not None and last.mech_list_mic is not None and last.response_token is None


def mic_before(negotiation: Negotiation, step: Step) -> bool:
    """The client's token that was rejected had a mechListMIC."""
    last = _rejected(negotiation, step)
    return last is not None and last.mech_list_mic is not None


def _rejected(negotiation: Negotiation, step: Step) -> NegTokenResp | None:
    """The client's latest token before `step`, if it was a later one of SPNEGO."""
    before = negotiation.steps[: negotiation.steps.index(step)]
    last = next((s.token for s in reversed(before) if s.role == INITIATOR), None)
    return last if isinstance(last, NegTokenResp) else None


def _nothing_shared(negotiation: Negotiation) -> bool:
    hinted, offered = negotiation.hinted_mechs, negotiation.offered_mechs
    if negotiation.hint_cut or negotiation.offer_cut:
        return False
    return bool(hinted and offered) and not set(hinted or ()) & set(offered or ())
