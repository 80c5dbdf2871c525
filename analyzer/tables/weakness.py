"""The weakest thing that was seen of a host: one closed list, weakest first.

A client is judged by all it sent, a server by what it accepted. Without TLS that was decrypted, what is
read was in clear.

Spec: MS-NLMP 3.3, RFC 8429 (DES and RC4 of Kerberos), RFC 4513 5.1, RFC 7617 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.tables.etype_kinds import etype_kind
from dissectors.carriers import base
from dissectors.records import NamedTuple

WEAKNESSES: dict[str, str] = {
    "clear-password": "a password or bearer token in clear: Basic, simple bind, PLAIN, SMB1's plain text",
    "lm": "an LM response of NTLM, also beside a better one",
    "ntlmv1": "an NTLMv1 response",
    "ntlmv1-ess": "an NTLMv1 response with extended session security",
    "anonymous": "a logon without account: anonymous NTLM, anonymous or unauthenticated bind",
    "guest": "a session as guest, whatever name was given",
    "des": "a Kerberos ticket, reply or session key of single DES",
    "rc4": "a Kerberos ticket, reply or session key of RC4",
    "des3": "a Kerberos ticket, reply or session key of triple DES",
    "digest": "an MD5 challenge and response: Digest, DIGEST-MD5, CRAM-MD5",
    "ntlm": "NTLM whose response was not seen",
    "ntlmv2": "an NTLMv2 response",
    "local-call": "NTLM's local call: client and server are one machine",
    "tls-password": "a password or bearer token inside TLS",
    "scram": "SCRAM",
    "other": "another mechanism",
    "kerberos": "Kerberos with AES or Camellia, or with types that were not seen or have no name",
}
"""Code -> what was seen, weakest first."""

RANK = {code: rank for rank, code in enumerate(WEAKNESSES)}

_WEAK_KINDS = frozenset({"des", "rc4", "des3"})
CLEAR_CREDENTIALS = frozenset(
    {"basic", "bearer", "login", "oauthbearer", "plain", "simple", "xoauth2"}
)
"""Mechanisms whose message holds the password or the bearer token itself."""
_DIGESTS = frozenset({"digest", "cram-md5"})
TICKETS = frozenset({"kerberos", "iakerb", "pku2u"})
"""Mechanisms that show a ticket; how weak they are, its encryption tells."""
WITHOUT_ACCOUNT = frozenset({"anonymous", "unauthenticated_bind"})
"""Reasons of a logon by which nobody proved anything."""
_WITHOUT_PASSWORD = frozenset({"anonymous", "unauthenticated"})
NO_SECRET = base.NO_SECRET
WITHOUT_SECRET = _WITHOUT_PASSWORD | {NO_SECRET}
"""Details of a logon without a password, hash or bearer token, whatever the server says to it."""


class Run(NamedTuple):
    """What of a row of `negotiations` tells how weak it was: these cells."""

    mechanism: str | None
    mechanism_detail: str | None
    outcome: str
    reason: str | None
    tls: bool | None
    ticket_etype: str | None
    session_etype: str | None


def weakest_of(run: Run) -> str | None:
    """The weakest thing of one negotiation; None where nothing was run."""
    return min(_seen(run), key=RANK.__getitem__, default=None)


def _seen(run: Run) -> Iterator[str]:
    mechanism = run.mechanism
    if run.reason in WITHOUT_ACCOUNT or run.mechanism_detail in _WITHOUT_PASSWORD:
        if run.outcome == "success":
            yield "anonymous"
        return  # nothing of a secret was sent
    if run.mechanism_detail == NO_SECRET:
        return
    if run.reason == "guest_access" and run.outcome == "success":
        yield "guest"
    if mechanism in CLEAR_CREDENTIALS:
        yield "tls-password" if run.tls else "clear-password"
    elif mechanism == "ntlm":
        yield run.mechanism_detail if run.mechanism_detail in RANK else "ntlm"
    elif mechanism in TICKETS:
        yield etype_weakness(run.ticket_etype)
        yield etype_weakness(run.session_etype)
    elif mechanism in _DIGESTS:
        yield "digest"
    elif mechanism is not None:
        yield "scram" if mechanism == "scram" else "other"


def etype_weakness(etype: str | None) -> str:
    """`des`, `rc4`, `des3` or `kerberos`, by an encryption type's name."""
    kind = None if etype is None else etype_kind(etype)
    return kind if kind in _WEAK_KINDS else "kerberos"
