"""Why NTLM was run and not Kerberos.

The events: NTLM/Operational 4020 and 4021 (on the client; the second for a weak form of NTLM) give the
reason as a usage id from 0 (unknown) to 11, 4022 and 4023 are the server's and give none (Windows 11 24H2,
Windows Server 2025; KB5064479). Ids 4 (cloud account) and 5 (no target name) leave nothing in the packets.
"""

from __future__ import annotations

from analyzer.negotiation.reasons.entry import ReasonCode

WHAT_NOT_WHY = frozenset({"ntlm_only_client", "no_kdc_traffic"})
"""They say what happened, not what made the client do so: any cause goes before them."""
NO_USAGE_ID = "4020 and 4021, 4022 and 4023: that it was NTLM; no usage id for this"

REFUSAL_NOT_SEEN = "a Kerberos token was sent, and no refusal of it is seen"
"""The sentence of `kerberos_refused` where NTLM took up what ended otherwise, or has no end in sight."""

FALLBACK_REASONS: dict[str, ReasonCode] = {
    "kerberos_refused": ReasonCode(
        "fallback",
        "a Kerberos token was sent and refused",
        "look up the error if one is named; else compare the ticket's end, the clocks and the service's key",
        (
            "a KRB-ERROR inside this negotiation, or a Kerberos negotiation of this client with this "
            "service that failed and that NTLM took up within two minutes; it stays the reason for up to "
            "16 further tries by NTLM that follow each other; as a failure: HTTP 401 or 407, "
            "STATUS_LOGON_FAILURE or LDAP 49 to an AP-REQ, or STATUS_INVALID_PARAMETER or LDAP "
            "data 57 to a sound one, without a word why"
        ),
        (
            "certain for a KRB-ERROR inside the negotiation; else likely, and possible where attempts in "
            "between do not lead back to the failure, or the capture lacks how a Kerberos attempt on the "
            "same connection, or in the 10 s before, ended"
        ),
        "System 40960 of LsaSrv, and 3 of Security-Kerberos if its logging is on, on the client",
    ),
    "target_is_local_host": ReasonCode(
        "fallback",
        "the client means its own machine",
        (
            "nothing on one machine: Windows does so on purpose; through a tunnel or a hosts entry, use a "
            "name whose SPN is registered"
        ),
        (
            "NTLM's local-call flag agreed by both; the same address at both ends; where the addresses "
            "differ, `localhost` as the name, or the workstation's own, which is the server's computer name "
            "too"
        ),
        "certain if NTLM says so and the addresses agree; else likely",
        "4020 and 4021 usage id 10: loopback",
    ),
    "ntlm_only_server": ReasonCode(
        "fallback",
        "the server offers no Kerberos",
        "give the server a service account, SPN and keytab, or join it to the domain",
        (
            "the server's NegTokenInit2, its HTTP challenges or its SASL list, there to its end, name NTLM "
            "and no Kerberos"
        ),
        (
            "certain; likely where NegoEx stands beside NTLM, the list came over another connection, or "
            "nothing shows whether the client logs on as somebody: nobody needs no Kerberos"
        ),
        NO_USAGE_ID,
    ),
    "ntlm_selected_by_server": ReasonCode(
        "fallback",
        "Kerberos was offered, the server selected NTLM",
        "give the service a key (keytab, SPN); where the list may have been altered, look for who did",
        (
            "mechTypes of the client has Kerberos before NTLM, supportedMech of the server is NTLM; another "
            "mechanism in front, such as NegoEx, changes nothing: the server has turned both down; or a "
            "Kerberos token came along with a list that names no Kerberos. Where the client's mechListMIC "
            "was refused, the detail says that the list may have been altered on the way"
        ),
        "likely; possible where the list names no Kerberos",
        NO_USAGE_ID,
    ),
    "kdc_unreachable": ReasonCode(
        "fallback",
        "the client reached no KDC",
        "check routes, firewalls and the KDC's DNS records",
        (
            "requests of this client to a KDC without answer, or refused by RST, ICMP, a KDC's proxy or the "
            "end of the connection, in the minute before, and none of the same realm answered after them "
            "(KRB_ERR_RESPONSE_TOO_BIG is no answer). An answer that the capture lacks is one: bytes of the "
            "KDC are missing, its side of a TCP connection was not captured, or the ticket is shown later; "
            "so is a connection that goes on. Or DNS names no KDC of the user's or the server's realm, and "
            "none of it answers; or an acceptor that passes requests on (IAKERB) says "
            "KRB_AP_ERR_IAKERB_KDC_NOT_FOUND or IAKERB_KDC_NO_RESPONSE"
        ),
        (
            "likely; possible for a single request or look-up whose answer may be missing in the capture, "
            "where the client went on within a second of its last request, under a name for NTLM alone, and "
            "for an address of the other IP version that nothing shows to be the client's; certain where "
            "IAKERB's acceptor says it inside the negotiation"
        ),
        "4020 and 4021 usage id 9: no domain controller in sight",
    ),
    "target_is_ip_address": ReasonCode(
        "fallback",
        "the client names the server by its IP address, for which there is no ticket",
        "use the server's DNS name",
        (
            "an IP address as the SPN's host (MsvAvTargetName), or as Host or UNC server where the client "
            "sends no SPN, and no ticket for it: none that this client got from a KDC, none that it used "
            "with this server"
        ),
        (
            "likely; possible under a name for NTLM alone (scheme NTLM, Sicily), which is chosen before "
            "any ticket is asked for, and where the capture lacks the client's proof, which may be nobody's, "
            "or the end of it, at which an SPN may stand"
        ),
        "4020 and 4021 usage id 7: target name contains an IP address (with TryIPSPN set, 6)",
    ),
    "local_account": ReasonCode(
        "fallback",
        "the account belongs to one machine, not to the domain",
        "use a domain account",
        "NTLM's domain name is the computer name in the server's CHALLENGE, the client's own, or `.`",
        "likely",
        "4020 and 4021 usage id 2: local account",
    ),
    "server_not_in_domain": ReasonCode(
        "fallback",
        "the server is in no domain",
        "join it to the domain",
        "TARGET_TYPE_SERVER in the CHALLENGE, and its domain name is missing or its own computer name",
        "likely",
        NO_USAGE_ID,
    ),
    "client_not_in_domain": ReasonCode(
        "fallback",
        "the client is in no domain",
        "join it to the domain, or give it a ticket",
        (
            "NTLM's domain name is the workstation's own name or WORKGROUP, the server is in a "
            "domain, and the client asks no KDC"
        ),
        "possible",
        NO_USAGE_ID,
    ),
    "application_chose_ntlm": ReasonCode(
        "fallback",
        "the client took NTLM though more was there",
        "see the application's settings, and whether the client can get a ticket for the service",
        (
            "a name for NTLM alone (scheme NTLM, Sicily) where the server or proxy lists more; NTLM "
            "without SPNEGO, under Negotiate, GSS-SPNEGO or in SMB, where it lists or hints what can be "
            "Kerberos; NTLM listed before Kerberos; a ticket for the service granted, or Kerberos "
            "accepted by it, for the same client"
        ),
        (
            "likely for a name that stands for NTLM alone, unless the client tried Kerberos in vain just "
            "before, or may have where the capture lacks a part of the connection; else possible: Windows "
            "sends NTLM without SPNEGO also when it has no other mechanism left, and the bytes are the same"
        ),
        "4020 and 4021 usage id 1: NTLM called directly by the application",
    ),
    "target_name_unresolved": ReasonCode(
        "fallback",
        "a look-up of the server's name failed",
        "use the full DNS name; check DNS",
        (
            "just before, the client asked for the name and got no address, nor did the same protocol give "
            "one besides; another protocol may have, such as NetBIOS, which then led the client there: the "
            "detail says so. A question that nobody answered counts only where no other one, asked within a "
            "second, brought an address"
        ),
        "possible",
        "4020 and 4021 usage id 6: target name not resolved",
    ),
    "ntlm_only_client": ReasonCode(
        "fallback",
        "the client offered only NTLM",
        "give the client a ticket: domain logon, DNS name of the service, path to a KDC",
        (
            "its NegTokenInit, there to the end of its list, lists no Kerberos and brings no token of it, or "
            "its first token is NTLM without SPNEGO; any reason that says why goes before it, and the detail "
            "tells if the capture holds no Kerberos request of this client, so that it cannot say why"
        ),
        (
            "certain (of what was offered, not of why); likely after a server's hint, which some clients "
            "answer with a single mechanism, where the list has a mechanism that is not known here, and "
            "for NTLM without SPNEGO where the server lists or hints "
            "more, its list is cut off, or a name for NTLM alone (scheme NTLM, Sicily) may be from a list "
            "that is not in the capture"
        ),
        "4020 and 4021: their usage id says which cause lies behind it",
    ),
    "no_kdc_traffic": ReasonCode(
        "fallback",
        "the capture holds no Kerberos request of this client",
        "capture the client's traffic with the KDC as well",
        (
            "no packet to a KDC from this client's address, nor from one that look-ups show to be its "
            "own, none for this user, no Kerberos token of it, and nothing else that tells why"
        ),
        "possible, never more",
    ),
}
