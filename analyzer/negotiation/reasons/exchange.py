"""Failures of the negotiation itself: mechanisms, integrity, tokens, the carrier and its ends."""

from __future__ import annotations

from analyzer.negotiation.reasons.entry import ReasonCode

STATED = "certain: the code has no other meaning"
PATTERN = "possible: only the pattern shows it"

EXCHANGE_REASONS: dict[str, ReasonCode] = {
    "channel_binding_mismatch": ReasonCode(
        "failure",
        "channel bindings are missing or belong to another TLS channel",
        "look for a proxy that ends TLS; check extended protection",
        (
            "STATUS_BAD_BINDINGS; LDAP data 80090346, or a SASL plugin's words for it in the "
            "diagnosticMessage"
        ),
        STATED,
        "4625 0xC000035B; Directory Service 3039",
    ),
    "integrity_failure": ReasonCode(
        "failure",
        "a MIC or checksum did not match",
        "look for tampering or a broken proxy",
        (
            "negState reject as the answer to a mechListMIC, or said by the initiator; "
            "STATUS_INVALID_PARAMETER to a sound AUTHENTICATE that has a MIC or promises one; LDAP data 5 in "
            "answer to a mechListMIC and data 57 to an NTLM MIC or the lack of it, as Samba says it; a GSS "
            "library's words for it in LDAP's diagnosticMessage; where a mechanism's token came with a "
            "mechListMIC, the carrier's refusal (negState reject, STATUS_ACCESS_DENIED) is the reason and "
            "names this: an SMB server denies a session by rules of its own too once the logon is done, such "
            "as encryption that it demands, for which LDAP has codes of their own"
        ),
        "certain where words name the MIC; possible for data 5 and 57; else likely",
    ),
    "no_common_mechanism": ReasonCode(
        "failure",
        "client and server share no mechanism",
        "enable a common mechanism",
        (
            "the first answer is negState reject and selects nothing, the client's offer being there; LDAP "
            "authMethodNotSupported, or invalidCredentials to a NegTokenInit without mechToken"
        ),
        "certain if the two lists, both whole, share nothing; else likely: a client may have more to offer",
        "System 40961 of LsaSrv on the client",
    ),
    "mechanism_refused": ReasonCode(
        "failure",
        "the server will not run this mechanism",
        "use one of the mechanisms it offers",
        (
            "refused before the client proved anything, and without a negState reject, which says more "
            "(no_common_mechanism): HTTP 401 or 407 to a first message of NTLM or IAKERB; "
            "STATUS_NOT_SUPPORTED; LDAP inappropriateAuthentication, or operationsError to a SASL bind; "
            "STATUS_INVALID_PARAMETER to NTLMv2 without extended security"
        ),
        (
            "likely: the codes also mean other things; possible for those of SMB and LDAP where the capture "
            "lacks what the client sent"
        ),
    ),
    "ntlm_blocked": ReasonCode(
        "failure",
        "policy forbids NTLM",
        "use Kerberos",
        (
            "STATUS_NTLM_BLOCKED, LDAP data 791, or 418 as Samba says it; STATUS_NOT_SUPPORTED to an NTLM "
            "token; an HTTP server that lists NTLM no more once it was tried; LDAP diagnostic 80090302 to it"
        ),
        (
            "certain for STATUS_NTLM_BLOCKED, also as LDAP data 418 or 791; else likely, possible where the "
            "capture lacks what the client sent"
        ),
        (
            "NTLM/Operational 4001 (client), 4002 (server), 4003 and 4004 (domain); 8001 to 8004 "
            "where only audited"
        ),
    ),
    "stronger_auth_required": ReasonCode(
        "failure",
        "the server demands signing or TLS",
        "enable signing, or use TLS",
        (
            "LDAP strongerAuthRequired or confidentialityRequired, or inappropriateAuthentication whose "
            "text begins with SASL(-15) or SASL(-16); STATUS_ACCESS_DENIED at the first "
            "use of an unsigned SMB session whose server requires signing"
        ),
        (
            "certain for confidentialityRequired, and for strongerAuthRequired whose text demands it "
            "(00002028 of Active Directory, Samba's words); else likely"
        ),
        "Directory Service 2888 and 2889",
    ),
    "malformed_token": ReasonCode(
        "failure",
        "the server could not read the token",
        "look for what cut or changed the token; over HTTP for a proxy that cuts headers",
        (
            "HTTP 400; STATUS_INVALID_PARAMETER, but not to a sound AP-REQ, nor to a sound AUTHENTICATE "
            "with a MIC; HTTP 401 where no token of the client could be read; a general refusal of a token "
            "that ends before its own length says; LDAP invalidCredentials to what is no token"
        ),
        "likely: the codes also mean other things",
    ),
    "token_too_large": ReasonCode(
        "failure",
        "the token is larger than the server accepts",
        "reduce groups or raise header limits",
        "HTTP 431; HTTP 400 or 413 to a sound token of over 2,000 bytes; LDAP data 568",
        (
            "likely over 6,000 bytes, for 431 over 2,000, and for LDAP, which counts groups; else possible"
        ),
        "System 6 of Security-Kerberos on the client; FieldLength or RequestLength in HTTP.sys's HTTPERR log",
    ),
    "protocol_error": ReasonCode(
        "failure",
        "the carrier's rules were broken",
        "see the status; for NTLM look for a proxy or load balancer that does not keep connections",
        (
            "LDAP protocolError, or data 57; STATUS_INVALID_DEVICE_STATE; STATUS_REQUEST_NOT_ACCEPTED to "
            "a session that is to be bound to a second connection; STATUS_USER_SESSION_DELETED to a session "
            "that was not given on the connection and is not to be bound to it; a general refusal of an NTLM "
            "AUTHENTICATE whose connection is all there and had no challenge"
        ),
        "likely: LDAP also says so to a version that it does not speak",
    ),
    "server_error": ReasonCode(
        "failure",
        "the server failed by itself",
        "see the server's log",
        (
            "HTTP 5xx; STATUS_INTERNAL_ERROR, INSUFF_SERVER_RESOURCES, REQUEST_NOT_ACCEPTED (no more "
            "connections); LDAP busy, unavailable, other, operationsError"
        ),
        (
            "certain for busy, unavailable, STATUS_INTERNAL_ERROR and INSUFF_SERVER_RESOURCES; likely or "
            "possible for the others: possible where REQUEST_NOT_ACCEPTED or operationsError answers what "
            "the capture lacks"
        ),
    ),
    "no_credentials": ReasonCode(
        "failure",
        "the server named its mechanisms, but the client sent no token",
        "see the client",
        (
            "a NegTokenInit2, and the connection closed without a token; not a bare HTTP 401 or 407, by "
            "which every client finds out what is asked and many leave: `offers` has their schemes, and "
            "`summary` tells who sent nothing, and what a KDC refused it"
        ),
        PATTERN,
    ),
    "connection_closed": ReasonCode(
        "failure",
        "the server closed the connection in the middle of the negotiation",
        "see the server's log; for NTLM look for a proxy or load balancer that does not keep connections",
        (
            "the server's FIN or RST while the client waits for its answer, and no bytes missing; "
            "or behind the server's own answer, before the client went on, or which says itself that it "
            "ends the connection (HTTP's `Connection: close`, or HTTP/1.0 without keep-alive)"
        ),
        (
            "likely: the closing is seen, what it means is not; possible if over a second lies between "
            "the server's answer and its closing: the client may have given up before"
        ),
    ),
    "client_gave_up": ReasonCode(
        "failure",
        "the client did not go on after the server's answer",
        "see the client",
        (
            "the server's token was the last, then the client closed the connection or began another "
            "attempt; or the client's own request was to end the connection (HTTP's `Connection: "
            "close`, or HTTP/1.0 without keep-alive); HTTP 407 to credentials that were not for the proxy"
        ),
        PATTERN,
    ),
    "logon_not_taken_up": ReasonCode(
        "failure",
        "the server answered the request without going on with the logon",
        "nothing, if everybody may have the page; else see what the server demands for its path",
        (
            "an HTTP status below 500 other than 401 and 407 in answer to a token that cannot be the last of "
            "its mechanism, such as NTLM's first; 421, 425 and 426"
        ),
        "likely: the status says nothing of the logon",
    ),
    "no_answer": ReasonCode(
        "failure",
        "the server did not answer",
        "see the server",
        "the client's token was the last, though the connection went on or was closed by the client",
        PATTERN,
    ),
    "unspecified_failure": ReasonCode(
        "failure",
        "refused, and the code does not tell why",
        "see the server's log at the time of the refusal",
        "any other code of the carrier, or negState reject without anything beside it; where the capture "
        "lacks what the client sent, negState reject, HTTP 400, 401 and 407, STATUS_INVALID_PARAMETER and "
        "LDAP data 57, and what refuses a Kerberos token without a word why",
        (
            "certain that it was refused; likely for a status of HTTP other than 401 and 407, which may be "
            "about the request and not the logon"
        ),
    ),
}
