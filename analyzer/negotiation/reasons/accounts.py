"""Failures that are the user's: password, account and its restrictions.

The events: Security 4625 (logon refused, by its Sub Status), 4776 (NTLM validated by the domain controller,
by its error code), 4768 and 4771 (Kerberos logon refused, by its failure code).
"""

from __future__ import annotations

from analyzer.negotiation.reasons.entry import ReasonCode

STATED = "certain: the code has no other meaning"

ACCOUNT_REASONS: dict[str, ReasonCode] = {
    "bad_credentials": ReasonCode(
        "failure",
        "user name or password is wrong; the wire does not tell which",
        "check user name, password and stored credentials",
        (
            "STATUS_LOGON_FAILURE; LDAP 49, alone, with data 52e or 8009030C in front; HTTP 401 or 407 "
            "after the last token; none of them to a Kerberos ticket, or where the rest of the answer is "
            "cut off"
        ),
        (
            "likely: servers hide other causes behind the same code; possible where the capture lacks what "
            "the client sent, and for LDAP 49 with a number of Active Directory that is not in this list"
        ),
        "4625 Status 0xC000006D; its Sub Status tells which",
    ),
    "wrong_password": ReasonCode(
        "failure",
        "the password is wrong",
        "correct or reset the password",
        (
            "STATUS_WRONG_PASSWORD; KDC_ERR_PREAUTH_FAILED for this user, asked by the client (IAKERB: in "
            "answer to its encrypted timestamp; to another proof it is only likely), or by the server "
            "between the client's token and its own refusal"
        ),
        "certain if the server says it, or a KDC inside the negotiation (IAKERB)",
        "4625 and 4776 0xC000006A; 4771 0x18",
    ),
    "unknown_user": ReasonCode(
        "failure",
        "the user name is not known to the KDC or server",
        "check the name, its domain and UPN suffix",
        (
            "STATUS_NO_SUCH_USER; LDAP data 525, or 534 (the name leads to no SID); "
            "KDC_ERR_C_PRINCIPAL_UNKNOWN, also as the reason for NTLM, where the server may know the name "
            "all the same"
        ),
        (
            "certain if the server says it, or a KDC inside the negotiation (IAKERB); likely for data 534, "
            "which does not say whose name"
        ),
        "4625 and 4776 0xC0000064; 4768 0x6",
    ),
    "account_disabled": ReasonCode(
        "failure",
        "the account is disabled",
        "enable the account",
        "STATUS_ACCOUNT_DISABLED, also inside a KRB-ERROR; LDAP data 533; KDC_ERR_CLIENT_REVOKED",
        "certain; likely for KDC_ERR_CLIENT_REVOKED alone, which also stands for locked and expired",
        "4625 and 4776 0xC0000072; 4768 0x12",
    ),
    "account_locked": ReasonCode(
        "failure",
        "the account is locked out",
        "find the source of wrong passwords, then unlock",
        "STATUS_ACCOUNT_LOCKED_OUT, also inside a KRB-ERROR; LDAP data 775, or error 1 of its policy",
        STATED,
        "4625 and 4776 0xC0000234; 4768 0x12; 4740",
    ),
    "account_expired": ReasonCode(
        "failure",
        "the account has expired",
        "extend the account",
        "STATUS_ACCOUNT_EXPIRED, also inside a KRB-ERROR; LDAP data 701; KDC_ERR_NAME_EXP",
        STATED,
        "4625 and 4776 0xC0000193; 4768 0x12 (0x1 by the letter of RFC 4120)",
    ),
    "password_expired": ReasonCode(
        "failure",
        "the password has expired",
        "change the password",
        "STATUS_PASSWORD_EXPIRED; LDAP data 532, or error 0 of its policy; KDC_ERR_KEY_EXPIRED",
        "certain; likely for KDC_ERR_KEY_EXPIRED alone, which also stands for a change that is due",
        "4625 and 4776 0xC0000071; 4771 0x17",
    ),
    "password_must_change": ReasonCode(
        "failure",
        "the password must be changed before the first logon",
        "change the password",
        "STATUS_PASSWORD_MUST_CHANGE, also inside a KRB-ERROR; LDAP data 773, or error 2 of its policy",
        STATED,
        "4625 and 4776 0xC0000224",
    ),
    "logon_hours": ReasonCode(
        "failure",
        "the account may not log on at this hour",
        "adjust the logon hours",
        "STATUS_INVALID_LOGON_HOURS, also inside a KRB-ERROR; LDAP data 530",
        STATED,
        "4625 and 4776 0xC000006F; 4768 0xC",
    ),
    "workstation_restriction": ReasonCode(
        "failure",
        "the account may not log on from this workstation",
        "adjust the permitted workstations",
        "STATUS_INVALID_WORKSTATION, also inside a KRB-ERROR; LDAP data 531",
        STATED,
        "4625 and 4776 0xC0000070; 4768 0xC",
    ),
    "logon_type_not_granted": ReasonCode(
        "failure",
        "the account lacks the right to log on over the network",
        'grant "access this computer from the network"',
        "STATUS_LOGON_TYPE_NOT_GRANTED; LDAP data 569",
        STATED,
        "4625 0xC000015B",
    ),
    "account_restriction": ReasonCode(
        "failure",
        "an account restriction forbids this logon (empty password, Protected Users, policy)",
        "check the account's restrictions",
        "STATUS_ACCOUNT_RESTRICTION; LDAP data 52f; the codes for computer and trust accounts",
        STATED,
        "4625 0xC000006E; Microsoft-Windows-Authentication/ProtectedUserFailures-DomainController 100",
    ),
    "smartcard_required": ReasonCode(
        "failure",
        "a smart card is required",
        "log on with the smart card",
        "STATUS_SMARTCARD_LOGON_REQUIRED, also inside a KRB-ERROR",
        STATED,
        "4768 0xC",
    ),
    "policy_denied": ReasonCode(
        "failure",
        "policy forbids this logon",
        "check the server's policy; over LDAP the detail has its own words, where it gives any",
        (
            "STATUS_ACCESS_DENIED in SESSION_SETUP; KDC_ERR_POLICY; LDAP unwillingToPerform, "
            "insufficientAccessRights to a bind, or data 5"
        ),
        (
            "likely: the codes also mean other things; possible for STATUS_ACCESS_DENIED to a token with a "
            "mechListMIC, which Samba gives to one that does not match, and for that status and data 5 where "
            "the capture lacks what the client sent"
        ),
        (
            "4768 0xC; AuthenticationPolicyFailures-DomainController 101 of NTLM, 105 and 106 of the KDC"
        ),
    ),
    "access_denied": ReasonCode(
        "failure",
        "authenticated, then refused",
        "this is authorisation: check the permissions",
        (
            "HTTP 403, or STATUS_ACCESS_DENIED at TREE_CONNECT, after success; the outcome stays success"
        ),
        (
            "certain where the server shows that it took the logon (success of SMB, its last token, "
            "Persistent-Auth); likely for 403 alone, and over SMB where the capture lacks the client's "
            "proof: the session may be nobody's"
        ),
        "5140, 5145 for shares",
    ),
}
