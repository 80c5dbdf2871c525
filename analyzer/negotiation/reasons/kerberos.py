"""Failures that are Kerberos's: clocks, tickets, service names and keys.

The events: Security 4768 and 4769 (AS and TGS requests, by their failure code), System events of
Security-Kerberos (on the client) and of the KDC.
"""

from __future__ import annotations

from analyzer.negotiation.reasons.entry import ReasonCode

STATED = "certain: the code has no other meaning"

KERBEROS_REASONS: dict[str, ReasonCode] = {
    "clock_skew": ReasonCode(
        "failure",
        "the clocks of client and server, or KDC, differ too much",
        "synchronise the clocks (NTP)",
        (
            "KRB_AP_ERR_SKEW of acceptor or KDC, also where SMB's status still says to go on; "
            "STATUS_TIME_DIFFERENCE_AT_DC; LDAP data 576, or 80090324 in front"
        ),
        "certain for a KRB-ERROR of the acceptor; likely for the others, which may be about two servers",
        "4625 0xC0000133; 4769 0x25",
    ),
    "ticket_expired": ReasonCode(
        "failure",
        "the Kerberos ticket has expired",
        "renew the ticket",
        "KRB_AP_ERR_TKT_EXPIRED; STATUS_NETWORK_SESSION_EXPIRED to a SESSION_SETUP with Kerberos",
        (
            "certain for the KRB-ERROR; likely for the status, which names the session, possible where the "
            "capture lacks what the client sent"
        ),
        "4769 0x20",
    ),
    "session_expired": ReasonCode(
        "failure",
        "the session has expired: the client has to authenticate again",
        "none if it does so; else give tickets a longer life, or mend the client",
        (
            "STATUS_NETWORK_SESSION_EXPIRED to a SESSION_SETUP without Kerberos, or to anything else after "
            "success; then the outcome stays success; STATUS_USER_SESSION_DELETED to a session that was "
            "given on the same connection, or that is to be bound to it"
        ),
        (
            "certain; likely for USER_SESSION_DELETED: the server may never have had the session; possible "
            "where the capture lacks a part of the connection, in which the session may have been given, or "
            "the client's request for it"
        ),
    ),
    "ticket_not_yet_valid": ReasonCode(
        "failure",
        "the Kerberos ticket is not valid yet",
        "check the clocks",
        "KRB_AP_ERR_TKT_NYV",
        STATED,
        "4769 0x21",
    ),
    "service_key_mismatch": ReasonCode(
        "failure",
        "the server cannot decrypt the ticket with its key",
        "put the SPN on the account that runs the service; renew its keytab",
        "KRB_AP_ERR_MODIFIED, BAD_INTEGRITY, NOT_US, BADKEYVER or NOKEY by the acceptor",
        (
            "certain for BADKEYVER and NOKEY; likely for the others, which a damaged token or another "
            "name gives as well"
        ),
        "System 4 of Security-Kerberos (KRB_AP_ERR_MODIFIED)",
    ),
    "unknown_service": ReasonCode(
        "failure",
        "the service name is not known",
        "use the name it is registered for, never an IP address, or register the SPN",
        (
            "KDC_ERR_S_PRINCIPAL_UNKNOWN; as the reason for NTLM: for a name of this service, or for the KDC "
            "(krbtgt) of the realm that its name belongs to, asked by this client"
        ),
        STATED,
        "4769 0x7; 4020 and 4021 usage id 6: target name not resolved by Kerberos",
    ),
    "duplicate_spn": ReasonCode(
        "failure",
        "the service name is registered twice",
        "remove the duplicate SPN",
        "KDC_ERR_PRINCIPAL_NOT_UNIQUE; as the reason for NTLM: as for unknown_service",
        (
            "likely: the client's name may be meant; as the reason for NTLM by the rules below, since there "
            "a ticket for the service was asked for"
        ),
        "4769 0x8; System 11 of the KDC; 4020 and 4021 usage id 8: duplicate target name",
    ),
    "etype_not_supported": ReasonCode(
        "failure",
        "no encryption type is common to both",
        "align msDS-SupportedEncryptionTypes, keytab and policy",
        "KDC_ERR_ETYPE_NOSUPP; STATUS_KDC_UNKNOWN_ETYPE; as the reason for NTLM: as for unknown_service",
        STATED,
        "4768 and 4769 0xE; System 14, 16 and 27 of the KDC",
    ),
    "replay": ReasonCode(
        "failure",
        "the server has seen this authenticator before",
        "look for duplicated requests",
        "KRB_AP_ERR_REPEAT",
        STATED,
        "4649; 4769 0x22",
    ),
    "kdc_error": ReasonCode(
        "failure",
        "another Kerberos error",
        "look up the error that is named",
        (
            "a KRB-ERROR that has no code of its own here; as the reason for NTLM, or for a client "
            "that sends no token: by the KDC, for this client and service"
        ),
        "certain if the acceptor says it",
        "4768 and 4769 by their failure code",
    ),
    "mutual_auth_failed": ReasonCode(
        "failure",
        "the server could not prove its identity",
        "check SPN and DNS name",
        "STATUS_MUTUAL_AUTHENTICATION_FAILED; KRB_AP_ERR_MUT_FAIL, as the client answers an AP-REP",
        STATED,
    ),
    "delegation_refused": ReasonCode(
        "failure",
        "delegation was refused",
        "check the constrained delegation list",
        "KDC_ERR_BADOPTION",
        "likely: KDCs refuse other options by the same code",
        "4769 0xD",
    ),
    "trust_failure": ReasonCode(
        "failure",
        "a trust or machine account is broken",
        "repair the trust or machine password",
        (
            "STATUS_NO_TRUST_LSA_SECRET, NO_TRUST_SAM_ACCOUNT, TRUSTED_DOMAIN_FAILURE, "
            "TRUSTED_RELATIONSHIP_FAILURE, TRUST_FAILURE; LDAP data 6fa to 6fd"
        ),
        STATED,
        "4625 0xC000018C, 0xC000018D; System 5719 and 3210 of Netlogon",
    ),
    "no_logon_server": ReasonCode(
        "failure",
        "the server reached no domain controller",
        "check the path from server to controller",
        (
            "STATUS_NO_LOGON_SERVERS, NETLOGON_NOT_STARTED, DOMAIN_CONTROLLER_NOT_FOUND; LDAP data 51f or 700"
        ),
        (
            "certain; likely for NETLOGON_NOT_STARTED (data 700), which names a service of the server itself"
        ),
        "4625 0xC000005E, 0xC0000192; System 5719 of Netlogon",
    ),
    "selective_authentication": ReasonCode(
        "failure",
        "selective authentication over the trust forbids this logon",
        (
            'grant "allowed to authenticate"; within one domain see authentication policies, and '
            "`winbind:ignore domains` of a Samba server"
        ),
        "STATUS_AUTHENTICATION_FIREWALL_FAILED; LDAP data 78f",
        (
            "likely: Samba says so of a domain that it is told to ignore, Windows of an authentication "
            "policy as well; possible where the user's domain is the one that the server's CHALLENGE names "
            "as its own, to which no trust leads, or where the capture lacks what the client sent"
        ),
        "4625 0xC0000413",
    ),
}
