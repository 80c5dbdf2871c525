"""Which reason a carrier's code or a Kerberos error is.

Spec: MS-ERREF 2.3, RFC 4120 7.5.9, RFC 4511 4.1.9, MS-ADTS 5.1, MS-NLMP 3.2.5.1.2.
"""

from __future__ import annotations

NT_STATUS_REASONS: dict[int, str] = {
    0xC000000D: "malformed_token",
    0xC0000022: "policy_denied",
    0xC000005E: "no_logon_server",
    0xC0000064: "unknown_user",
    0xC000006A: "wrong_password",
    0xC000006D: "bad_credentials",
    0xC000006E: "account_restriction",
    0xC000006F: "logon_hours",
    0xC0000070: "workstation_restriction",
    0xC0000071: "password_expired",
    0xC0000072: "account_disabled",
    0xC00000BB: "mechanism_refused",
    0xC00000D0: "server_error",
    0xC00000E5: "server_error",
    0xC0000133: "clock_skew",
    0xC000015B: "logon_type_not_granted",
    0xC0000184: "protocol_error",
    0xC000018A: "trust_failure",
    0xC000018B: "trust_failure",
    0xC000018C: "trust_failure",
    0xC000018D: "trust_failure",
    0xC0000190: "trust_failure",
    0xC0000192: "no_logon_server",
    0xC0000193: "account_expired",
    0xC0000198: "account_restriction",
    0xC0000199: "account_restriction",
    0xC000019A: "account_restriction",
    0xC0000203: "session_expired",
    0xC0000205: "server_error",
    0xC0000224: "password_must_change",
    0xC0000233: "no_logon_server",
    0xC0000234: "account_locked",
    0xC00002C3: "mutual_auth_failed",
    0xC00002FA: "smartcard_required",
    0xC00002FD: "etype_not_supported",
    0xC000035B: "channel_binding_mismatch",
    0xC000035C: "ticket_expired",
    0xC0000413: "selective_authentication",
    0xC0000418: "ntlm_blocked",
}

LIKELY_NT_STATUS = {
    0xC000000D,
    0xC0000022,
    0xC000006D,
    0xC00000BB,
    0xC00000D0,  # no more connections; to BINDING: the session may not be bound (MS-SMB2 3.3.5.5)
    0xC0000133,  # between a controller and a server, or client and server
    0xC0000184,
    0xC0000192,  # a service that does not run: whether a controller is in reach is not said
    0xC0000203,  # the server has lost the session, or never had it
    0xC000035C,
    0xC0000413,  # selective authentication; an authentication policy; a domain that Samba ignores
}
"""Codes that servers also use for other causes: the reason is `likely`, not `certain`."""

AD_SUB_CODE_REASONS: dict[int, str] = {
    0x5: "policy_denied",
    0x51F: "no_logon_server",
    0x525: "unknown_user",
    0x52E: "bad_credentials",
    0x52F: "account_restriction",
    0x530: "logon_hours",
    0x531: "workstation_restriction",
    0x532: "password_expired",
    0x533: "account_disabled",
    0x534: "unknown_user",
    0x568: "token_too_large",
    0x569: "logon_type_not_granted",
    0x57: "protocol_error",
    0x418: "ntlm_blocked",
    0x576: "clock_skew",
    0x6FA: "trust_failure",
    0x6FB: "trust_failure",
    0x6FC: "trust_failure",
    0x6FD: "trust_failure",
    0x700: "no_logon_server",
    0x701: "account_expired",
    0x773: "password_must_change",
    0x775: "account_locked",
    0x78F: "selective_authentication",
    0x791: "ntlm_blocked",
    0x8009030C: "bad_credentials",
    0x80090324: "clock_skew",
    0x80090346: "channel_binding_mismatch",
}

LIKELY_AD_SUB_CODES = {
    0x5,  # who was denied, and of what, it does not say
    0x52E,
    0x534,  # a name that leads to no SID; whose, it does not say
    0x568,  # too many groups for a security context: of the token's size it says nothing
    0x57,
    0x576,
    0x700,
    0x78F,
    0x8009030C,
    0x80090324,
}
"""The same for numbers in Active Directory's text."""

LDAP_REASONS: dict[int, str] = {
    1: "server_error",
    2: "protocol_error",
    7: "no_common_mechanism",
    8: "stronger_auth_required",
    13: "stronger_auth_required",
    48: "mechanism_refused",
    49: "bad_credentials",
    50: "policy_denied",
    51: "server_error",
    52: "server_error",
    53: "policy_denied",
    80: "server_error",
}

LIKELY_LDAP = {1, 2, 7, 8, 48, 49, 50, 53, 80}
"""The same for result codes."""

POLICY_REASONS: dict[int, str] = {
    0: "password_expired",
    1: "account_locked",
    2: "password_must_change",
}
"""Errors of LDAP's password policy control that a bind meets (draft-behera-ldap-password-policy-10 6.2)."""

TOLD_BY_TEXT = frozenset({1, 48, 49, 53, 80})
"""Result codes that leave it to the text beside them, if there is one, to say why."""

KRB_ERROR_REASONS: dict[int, str] = {
    1: "account_expired",
    6: "unknown_user",
    7: "unknown_service",
    8: "duplicate_spn",
    12: "policy_denied",
    13: "delegation_refused",
    14: "etype_not_supported",
    18: "account_disabled",
    23: "password_expired",
    24: "wrong_password",
    31: "service_key_mismatch",
    32: "ticket_expired",
    33: "ticket_not_yet_valid",
    34: "replay",
    35: "service_key_mismatch",
    37: "clock_skew",
    41: "service_key_mismatch",
    44: "service_key_mismatch",
    45: "service_key_mismatch",
    46: "mutual_auth_failed",
    85: "kdc_unreachable",
    86: "kdc_unreachable",
}
"""What an acceptor or KDC says of client, service and ticket; every other code is `kdc_error`."""

LIKELY_KRB_ERRORS = {
    8,  # of the client's own name as well
    12,
    13,
    18,
    23,
    24,  # where a timestamp was refused it is the password; other kinds of proof fail alike
    31,  # the ticket, or the authenticator in it; both may have been damaged on the way
    35,  # the name may be another's, or the key
    41,
}
"""Codes with more than one meaning: the reason is `likely`, not `certain`."""

_KDC_STEPS = frozenset({25, 52, 91})
"""PREAUTH_REQUIRED, RESPONSE_TOO_BIG, MORE_PREAUTH_DATA_REQUIRED: steps of an ordinary exchange."""
_WRONG_REALM = 68


def is_kdc_step(error_code: int | None, referral: str | None) -> bool:
    """Tell whether by this error a KDC asks for one more round, and refuses nothing.

    WRONG_REALM is one where it names the realm to go on in (RFC 6806 7): `referral`.
    """
    return error_code in _KDC_STEPS or (error_code == _WRONG_REALM and referral is not None)


def is_kdc_refusal(error_code: int | None, referral: str | None, *, cut: bool | None) -> bool:
    """Tell whether by this error a KDC is known to refuse; `cut`: the capture lacks its end.

    One that is cut before its code, or before the realm to go on in, may be a step (`is_kdc_step`).
    """
    if cut and (error_code is None or (error_code == _WRONG_REALM and referral is None)):
        return False
    return not is_kdc_step(error_code, referral)


HTTP_REASONS: dict[int, str] = {
    400: "malformed_token",
    401: "bad_credentials",
    407: "bad_credentials",
    431: "token_too_large",
}
