"""Why a negotiation failed, is weak or is incomplete: the closed list, and what each code's bytes are.

`docs/reasons.md` is generated from `REASONS`. Only reasons that one exchange shows by itself are decided
here; those that need other traffic (tickets asked of a KDC, name look-ups) are marked as such.

Spec: MS-ERREF 2.3, RFC 4120 7.5.9, RFC 4511 4.1.9, MS-ADTS 5.1, MS-NLMP 3.2.5.1.2.
"""

from __future__ import annotations

from typing import NamedTuple


class ReasonCode(NamedTuple):
    """One entry of the list: its kind, a plain sentence, and what to do about it."""

    kind: str  # `failure`, `weak` (success with a flaw), `incomplete`
    sentence: str
    remedy: str


REASONS: dict[str, ReasonCode] = {
    # -- failures -----------------------------------------------------------------------------------
    "bad_credentials": ReasonCode(
        "failure",
        "user name or password is wrong; the wire does not tell which",
        "check user name, password and stored credentials",
    ),
    "wrong_password": ReasonCode(
        "failure", "the password is wrong", "correct or reset the password"
    ),
    "unknown_user": ReasonCode(
        "failure", "the account does not exist", "check the name, its domain and UPN suffix"
    ),
    "account_disabled": ReasonCode("failure", "the account is disabled", "enable the account"),
    "account_locked": ReasonCode(
        "failure", "the account is locked out", "find the source of wrong passwords, then unlock"
    ),
    "account_expired": ReasonCode("failure", "the account has expired", "extend the account"),
    "password_expired": ReasonCode("failure", "the password has expired", "change the password"),
    "password_must_change": ReasonCode(
        "failure", "the password must be changed before the first logon", "change the password"
    ),
    "logon_hours": ReasonCode(
        "failure", "the account may not log on at this hour", "adjust the logon hours"
    ),
    "workstation_restriction": ReasonCode(
        "failure",
        "the account may not log on from this workstation",
        "adjust the permitted workstations",
    ),
    "logon_type_not_granted": ReasonCode(
        "failure",
        "the account lacks the right to log on over the network",
        'grant "access this computer from the network"',
    ),
    "account_restriction": ReasonCode(
        "failure",
        "an account restriction forbids this logon (empty password, Protected Users, policy)",
        "check the account's restrictions",
    ),
    "smartcard_required": ReasonCode(
        "failure", "a smart card is required", "log on with the smart card"
    ),
    "clock_skew": ReasonCode(
        "failure",
        "the clocks of client and server differ too much",
        "synchronise both clocks (NTP)",
    ),
    "ticket_expired": ReasonCode("failure", "the Kerberos ticket has expired", "renew the ticket"),
    "ticket_not_yet_valid": ReasonCode(
        "failure", "the Kerberos ticket is not valid yet", "check the clocks"
    ),
    "service_key_mismatch": ReasonCode(
        "failure",
        "the server cannot decrypt the ticket with its key",
        "put the SPN on the account that runs the service; renew its keytab",
    ),
    "unknown_service": ReasonCode(
        "failure",
        "the service name is not known",
        "register the SPN; use the name it is registered for",
    ),
    "etype_not_supported": ReasonCode(
        "failure",
        "no encryption type is common to both",
        "align msDS-SupportedEncryptionTypes, keytab and policy",
    ),
    "replay": ReasonCode(
        "failure", "the server has seen this authenticator before", "look for duplicated requests"
    ),
    "channel_binding_mismatch": ReasonCode(
        "failure",
        "channel bindings are missing or belong to another TLS channel",
        "look for a proxy that ends TLS; check extended protection",
    ),
    "integrity_failure": ReasonCode(
        "failure", "a MIC or checksum did not match", "look for tampering or a broken proxy"
    ),
    "no_common_mechanism": ReasonCode(
        "failure", "client and server share no mechanism", "enable a common mechanism"
    ),
    "mechanism_refused": ReasonCode(
        "failure", "the server will not run this mechanism", "use one of the mechanisms it offers"
    ),
    "ntlm_blocked": ReasonCode("failure", "policy forbids NTLM", "use Kerberos"),
    "stronger_auth_required": ReasonCode(
        "failure", "the server demands signing or TLS", "enable signing, or use TLS"
    ),
    "mutual_auth_failed": ReasonCode(
        "failure", "the server could not prove its identity", "check SPN and DNS name"
    ),
    "no_logon_server": ReasonCode(
        "failure",
        "the server reached no domain controller",
        "check the path from server to controller",
    ),
    "trust_failure": ReasonCode(
        "failure", "a trust or machine account is broken", "repair the trust or machine password"
    ),
    "selective_authentication": ReasonCode(
        "failure",
        "selective authentication over the trust forbids this logon",
        'grant "allowed to authenticate"',
    ),
    "access_denied": ReasonCode(
        "failure", "authenticated, then refused", "this is authorisation: check the permissions"
    ),
    "policy_denied": ReasonCode(
        "failure", "policy forbids this logon", "check the server's policy"
    ),
    "delegation_refused": ReasonCode(
        "failure", "delegation was refused", "check the constrained delegation list"
    ),
    "kdc_error": ReasonCode(
        "failure", "another Kerberos error", "see the error named in the detail"
    ),
    "duplicate_spn": ReasonCode(
        "failure", "the service name is registered twice", "remove the duplicate SPN"
    ),
    "malformed_token": ReasonCode(
        "failure", "the server could not read the token", "look for a proxy that cuts headers"
    ),
    "token_too_large": ReasonCode(
        "failure",
        "the token is larger than the server accepts",
        "reduce groups or raise header limits",
    ),
    "protocol_error": ReasonCode("failure", "the carrier's rules were broken", "see the status"),
    "server_error": ReasonCode("failure", "the server failed by itself", "see the server's log"),
    "no_credentials": ReasonCode(
        "failure", "the server named its mechanisms, but the client sent no token", "see the client"
    ),
    "connection_closed": ReasonCode(
        "failure", "the server closed the connection instead of answering", "see the server's log"
    ),
    "client_gave_up": ReasonCode(
        "failure", "the client did not go on after the server's answer", "see the client"
    ),
    "no_answer": ReasonCode("failure", "the server did not answer", "see the server"),
    "unspecified_failure": ReasonCode("failure", "refused with a code that has no name here", "-"),
    # -- a success with a flaw ------------------------------------------------------------------------
    "guest_access": ReasonCode(
        "weak", "the session is a guest's, whatever name was given", "forbid guest logons"
    ),
    "anonymous": ReasonCode("weak", "the logon is anonymous", "restrict anonymous access"),
    "unauthenticated_bind": ReasonCode(
        "weak", "a name without password: the success proves nothing", "refuse such binds"
    ),
    # -- why Kerberos was not used, as far as the exchange itself shows it --------------------------
    "kerberos_refused": ReasonCode(
        "fallback", "a Kerberos token was sent and refused", "see the error named in the detail"
    ),
    "ntlm_selected_by_server": ReasonCode(
        "fallback",
        "Kerberos was offered, the server selected NTLM",
        "give the service a key (keytab, SPN)",
    ),
    # -- incomplete -------------------------------------------------------------------------------------
    "capture_started_late": ReasonCode(
        "incomplete", "the capture starts inside the negotiation", "start the capture earlier"
    ),
    "capture_ended_early": ReasonCode(
        "incomplete", "the capture ends before the verdict", "let the capture run longer"
    ),
    "gap": ReasonCode(
        "incomplete", "packets of the negotiation are not in the capture", "look for capture drops"
    ),
    "truncated": ReasonCode(
        "incomplete", "packets were cut by the snap length", "capture whole packets"
    ),
    "one_direction": ReasonCode(
        "incomplete", "only one direction was captured", "capture both directions"
    ),
    "encrypted": ReasonCode("incomplete", "encryption began before the verdict", "add the keys"),
}

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
    0xC00000D0: "policy_denied",
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
    0xC0000203: "protocol_error",
    0xC0000224: "password_must_change",
    0xC0000233: "no_logon_server",
    0xC0000234: "account_locked",
    0xC00002C3: "mutual_auth_failed",
    0xC00002FA: "smartcard_required",
    0xC00002FD: "etype_not_supported",
    0xC000035B: "channel_binding_mismatch",
    0xC000035C: "ticket_expired",
    0xC0000388: "kerberos_refused",
    0xC0000413: "selective_authentication",
    0xC0000418: "ntlm_blocked",
}

LIKELY_NT_STATUS = {0xC000000D, 0xC0000022, 0xC000006D, 0xC00000BB}
"""Codes that servers also use for other causes: the reason is `likely`, not `certain`."""

AD_SUB_CODE_REASONS: dict[int, str] = {
    0x525: "unknown_user",
    0x52E: "bad_credentials",
    0x52F: "account_restriction",
    0x530: "logon_hours",
    0x531: "workstation_restriction",
    0x532: "password_expired",
    0x533: "account_disabled",
    0x568: "token_too_large",
    0x569: "logon_type_not_granted",
    0x57: "protocol_error",
    0x701: "account_expired",
    0x773: "password_must_change",
    0x775: "account_locked",
    0x80090346: "channel_binding_mismatch",
}

LDAP_REASONS: dict[int, str] = {
    1: "server_error",
    2: "protocol_error",
    7: "no_common_mechanism",
    8: "stronger_auth_required",
    13: "stronger_auth_required",
    48: "mechanism_refused",
    49: "bad_credentials",
    50: "access_denied",
    51: "server_error",
    52: "server_error",
    53: "policy_denied",
    80: "server_error",
}

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
}

HTTP_REASONS: dict[int, str] = {
    400: "malformed_token",
    401: "bad_credentials",
    407: "bad_credentials",
    431: "token_too_large",
}
