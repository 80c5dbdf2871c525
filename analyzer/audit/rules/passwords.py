"""Passwords sent as they are.

Spec: RFC 7617 (Basic), RFC 4513 5.1.3 (simple bind), RFC 4616 (PLAIN), RFC 7616 (Digest), RFC 2831
(DIGEST-MD5), RFC 2195 (CRAM-MD5), MS-CIFS 2.2.4.52.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.hits import account, by_client, by_offerer, by_server, by_user, place
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.tables.weakness import WITHOUT_SECRET

_CHANGE = " Change the passwords that were sent."
_LDAP_SIGNING = "ADV190023"
_CREDENTIALS_FIRST = {"http", "http-proxy"}
_ABOUT_THE_PASSWORD = {"bad_credentials", "wrong_password"}
_LOGIN_WITH_PASSWORD = 5
"""Frames of an exchange by LOGIN that got to the password: mechanism, question, name, question, password."""


def _sent(row: Any) -> str:
    ended = {"success": "and was let in", "failure": "and was refused"}.get(row.outcome, "")
    return f"{account(row.user, row.domain)} sent a password to {place(row)} {ended}".rstrip()


def _judged(row: Any) -> bool:
    """The server's verdict is about a password, whether or not the capture has what it is about."""
    return row.outcome == "success" or row.reason in _ABOUT_THE_PASSWORD


def _in_clear(row: Any) -> bool:
    """Outside TLS, and nothing tells that no secret came: a simple bind without one, an empty Basic."""
    return not row.tls and row.mechanism_detail not in WITHOUT_SECRET


@rule(
    "NGS-PWD-001",
    "critical",
    "Basic over clear HTTP",
    means="Name and password can be read by everybody on the way, in every request.",
    remedy="Serve the page over TLS only, and take Negotiate in place of Basic." + _CHANGE,
    references=("ATT&CK T1040", "ATT&CK T1552", "RFC 7617 4"),
)
def basic(row: Any) -> Iterator[Hit]:
    """`Authorization: Basic` with credentials outside TLS."""
    if row.mechanism == "basic" and row.carrier == "http" and _in_clear(row):
        yield by_user(row, _sent(row))


@rule(
    "NGS-PWD-002",
    "critical",
    "Basic to a proxy in the clear",
    means="Name and password for the proxy can be read by everybody on the way, in every request.",
    remedy="Let the proxy take Negotiate, or reach it over TLS." + _CHANGE,
    references=("ATT&CK T1040", "ATT&CK T1552", "RFC 7617 4"),
)
def proxy_basic(row: Any) -> Iterator[Hit]:
    """`Proxy-Authorization: Basic` with credentials outside TLS."""
    if row.mechanism == "basic" and row.carrier == "http-proxy" and _in_clear(row):
        yield by_user(row, _sent(row))


@rule(
    "NGS-PWD-003",
    "critical",
    "LDAP simple bind in the clear",
    means="Name and password can be read by everybody on the way; the bind need not even succeed.",
    remedy="Bind over LDAPS or StartTLS, or by SASL with signing; set the domain controllers' "
    "'LDAP server signing requirements' to 'Require signing'." + _CHANGE,
    references=(
        "ATT&CK T1040",
        "ATT&CK T1552",
        "RFC 4513 6.3.3",
        _LDAP_SIGNING,
        "Windows event 2889",
    ),
)
def simple_bind(row: Any) -> Iterator[Hit]:
    """A simple bind with name and password outside TLS."""
    if row.mechanism == "simple" and row.user and _in_clear(row):
        yield by_user(row, _sent(row))


@rule(
    "NGS-PWD-004",
    "critical",
    "Password in the clear by SASL or SMB",
    means="Name and password can be read by everybody on the way.",
    remedy="Offer PLAIN and LOGIN inside TLS only; SMB servers and clients must encrypt passwords."
    + _CHANGE,
    references=("ATT&CK T1040", "ATT&CK T1552", "RFC 4616 5"),
)
def plain(row: Any) -> Iterator[Hit]:
    """SASL PLAIN or LOGIN outside TLS, or an SMB 1 session setup with the password itself.

    Not where all that the client sent is there, and none of it is a password. LOGIN's is its third message:
    a bind that ends before it, without a verdict on one, sent none.
    """
    if row.mechanism not in {"plain", "login"} or not _in_clear(row):
        return
    if row.mechanism == "plain" or len(row.frames) >= _LOGIN_WITH_PASSWORD or _judged(row):
        yield by_user(row, _sent(row))


@rule(
    "NGS-PWD-005",
    "info",
    "Password inside TLS",
    means="Nobody on the way reads it, but the server does: a server that is taken over gathers "
    "passwords.",
    remedy="Take Negotiate in place of Basic where clients have tickets.",
    references=("ATT&CK T1556", "RFC 7617 4"),
)
def inside_tls(row: Any) -> Iterator[Hit]:
    """Basic, PLAIN or a simple bind inside TLS that was decrypted."""
    if (
        row.mechanism in {"basic", "plain", "login", "simple"}
        and row.mechanism_detail not in WITHOUT_SECRET
        and row.tls
        and row.user
    ):
        yield by_client(
            row, f"{account(row.user, row.domain)} sent a password to {place(row)} inside TLS"
        )


@rule(
    "NGS-PWD-006",
    "medium",
    "Digest or CRAM-MD5 in the clear",
    means="The answer is a hash of password and nonce: who records it can try passwords at "
    "leisure.",
    remedy="Let clients come by TLS only (HTTPS, LDAPS, StartTLS), and take Kerberos in its place: "
    "Negotiate over HTTP, GSSAPI by SASL.",
    references=("ATT&CK T1110.002", "RFC 7616 5.8", "RFC 6331", "RFC 2195 3"),
)
def digest(row: Any) -> Iterator[Hit]:
    """A response by Digest, DIGEST-MD5 or CRAM-MD5 outside TLS, or a verdict on one that was not captured."""
    if row.mechanism not in {"digest", "digest-md5", "cram-md5"} or not _in_clear(row):
        return
    # HTTP's credentials are the response; a bind's first message names the mechanism and nothing else
    seen = row.carrier in _CREDENTIALS_FIRST or row.user is not None
    if seen or _judged(row):
        how = row.scheme or row.mechanism
        why = f"{account(row.user, row.domain)} sent a hash of a password to {place(row)} by {how}"
        yield by_user(row, why, "certain" if seen else "likely")


@rule(
    "NGS-PWD-007",
    "medium",
    "Bind with a name and no password",
    means="The server answers success to an empty password: an application that takes this for "
    "a proof lets "
    "everybody in as anybody.",
    remedy="Let the server refuse unauthenticated binds (Active Directory: "
    "DenyUnauthenticatedBind in msDS-Other-Settings), and the application refuse empty passwords.",
    references=(
        "RFC 4513 5.1.2",
        "RFC 4513 6.3.1",
        "CWE-287",
        "Microsoft: DenyUnauthenticatedBind",
        "MS-ADTS 3.1.1.3.4.7",
    ),
)
def unauthenticated_bind(row: Any) -> Iterator[Hit]:
    """A simple bind with a name and an empty password that was answered with success."""
    if row.reason == "unauthenticated_bind" and row.outcome == "success":
        why = (
            f"{place(row)} answered success to {row.client}'s bind as {row.user or '?'} "
            "without a password"
        )
        yield by_server(row, why)


@rule(
    "NGS-PWD-008",
    "info",
    "Anonymous bind",
    means="What may be read anonymously is read by everybody; asking the root DSE so is usual.",
    remedy="Check what the directory lets anonymous clients read (dSHeuristics, access rules).",
    references=("ATT&CK T1087.002", "RFC 4513 5.1.1"),
)
def anonymous_bind(row: Any) -> Iterator[Hit]:
    """A simple bind without name and password, or SASL ANONYMOUS, with success."""
    if row.reason == "anonymous" and row.outcome == "success" and row.mechanism != "ntlm":
        yield by_client(row, f"{row.client} bound to {place(row)} without a name")


@rule(
    "NGS-PWD-009",
    "high",
    "SMB 1 server that wants passwords as they are",
    means="Clients that agree send the password itself; whoever stands in the server's place can ask "
    "them to.",
    remedy="Let the server encrypt passwords, or remove SMB 1 from it; leave 'Send unencrypted password "
    "to third-party SMB servers' disabled on clients.",
    references=("ATT&CK T1040", "ATT&CK T1557", "MS-CIFS 2.2.4.52.2", "CIS Windows: SMB passwords"),
    table="offers",
)
def unhashed_smb(offer: Any) -> Iterator[Hit]:
    """SecurityMode of a NEGOTIATE response of SMB 1 does not ask for challenge and response."""
    if offer.carrier == "smb1" and offer.by == "server" and offer.mech == "plain":
        why = f"{offer.server} tells {offer.client} to send passwords unencrypted over smb1"
        yield by_offerer(offer, why)
