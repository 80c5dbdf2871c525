"""SASL as every carrier meets it: which mechanisms carry GSS tokens, and the layers behind them.

Mechanism names are compared without regard to case, as servers do; carriers keep them as sent.

Spec: RFC 4422 3.1 (names), RFC 4752 3 (GSSAPI, layer negotiation), RFC 5801 4 (GS2),
RFC 4616 2 (PLAIN), draft-murchison-sasl-login-00 (LOGIN), RFC 2831 2.1.2 (DIGEST-MD5), RFC 2195 2 (CRAM-MD5),
RFC 5802 7 (SCRAM), RFC 7628 3.1 (OAUTHBEARER), MS-ADTS 5.1.1.1.2 (GSS-SPNEGO).
"""

from __future__ import annotations

import re

from dissectors.recognise import NTLM_SIGNATURE, SPNEGO_OID, content_offset, wrap_head

MECHANISM_LIMIT = 64
"""Longest mechanism name kept; RFC 4422 allows 20 characters."""

LAYER_NONE, LAYER_SIGN, LAYER_SEAL = 1, 2, 4
"""Security layers of RFC 4752 3.3, as offered (a mask) and as chosen (one of them)."""

_GSS = frozenset({"GSS-SPNEGO", "GSSAPI", "NTLM"})
_WITHOUT_TOKEN = {"DIGEST-MD5": "digest"}
_WRAP_TOKENS = frozenset({b"\x05\x04\x00", b"\x05\x04\x02", b"\x02\x01\xff\xff", b"\x02\x01"})
_WRAP_STARTS = frozenset({b"\x05", b"\x60"})
_SEALED = frozenset({b"\x05\x04\x02", b"\x02\x01"})
_ASKS_USER = b"user"
"""How LOGIN's question for the name begins: `User Name`, `Username:`."""
_GS2_HEADER = re.compile(rb"(?:F,)?(?:n|y|p=[^,]{1,64}),(?:a=[^,]{0,1024})?,")
_DIGEST_USER = re.compile(rb'(?:^|[\s,])username="((?:[^"\\]|\\.)*)"', re.DOTALL)
_SCRAM_PROOF = re.compile(rb"c=[^,]*,(?:.*,)?p=[^,]", re.DOTALL)
_BEARER_TOKEN = re.compile(rb"(?:^|\x01)auth=[^\x01]")
_SECRETS = {
    "DIGEST-MD5": re.compile(rb'(?:^|[\s,])response=(?!"")[^\s,]'),
    "OAUTHBEARER": _BEARER_TOKEN,
    "XOAUTH2": _BEARER_TOKEN,
}
_WHOLE_SECRET = frozenset({"PLAIN", "CRAM-MD5"})
"""Mechanisms whose only message has all: an empty one asks for the server's challenge, or names nothing."""
_SCRAM_USER = re.compile(rb"(?:n|y|p=[^,]*),[^,]*,(?:m=[^,]*,)?n=([^,]*)")


def carries_gss(mechanism: str) -> bool:
    """Whether the messages of `mechanism` are tokens of GSS-API or NTLM."""
    name = mechanism.upper()
    return name in _GSS or name.startswith("GS2-")


def has_layer(mechanism: str) -> bool:
    """Whether a security layer may follow: buffers with a length in front."""
    return carries_gss(mechanism) or mechanism.upper() == "DIGEST-MD5"


def mechanism_name(mechanism: str) -> str:
    """Name a mechanism without GSS tokens as `Exchange.mechanism` does: `plain`, `digest`, ..."""
    name = mechanism.upper()
    return "scram" if name.startswith("SCRAM-") else _WITHOUT_TOKEN.get(name, name.lower())


def claimed_user(mechanism: str, credentials: bytes, prompt: bytes = b"") -> str | None:
    """User name that a mechanism without GSS tokens sends in clear; no password is looked at.

    `prompt` is the server's challenge that `credentials` answer: LOGIN sends name and password alike, and
    nothing but the server's question tells which it is.
    """
    name = mechanism.upper()
    user: bytes | None = None
    if name == "PLAIN":
        user = credentials.partition(b"\0")[2].partition(b"\0")[0]
    elif name == "LOGIN":
        user = credentials if prompt[: len(_ASKS_USER)].lower() == _ASKS_USER else None
    elif name == "DIGEST-MD5":
        found = _DIGEST_USER.search(credentials)
        user = re.sub(rb"\\(.)", rb"\1", found[1], flags=re.DOTALL) if found else None
    elif name == "CRAM-MD5":
        user = credentials.rpartition(b" ")[0]
    elif name.startswith("SCRAM-"):
        found = _SCRAM_USER.match(credentials)
        user = found[1].replace(b"=2C", b",").replace(b"=3D", b"=") if found else None
    return user.decode("utf-8", "backslashreplace") if user else None


def holds_secret(mechanism: str, credentials: bytes, prompt: bytes = b"") -> bool | None:
    """Whether a message of the client's holds a password, a proof of one, or a bearer token.

    `credentials`, all of them; `prompt` as in `claimed_user`. An empty password is one. None: the mechanism
    has none of these, or nothing tells what the message is.
    """
    name = mechanism.upper()
    if name == "LOGIN":
        if prompt:
            return prompt[: len(_ASKS_USER)].lower() != _ASKS_USER
        return None if credentials else False
    if name in _WHOLE_SECRET:
        return bool(credentials)
    if name.startswith("SCRAM-"):
        return _SCRAM_PROOF.match(credentials) is not None
    pattern = _SECRETS.get(name)
    return None if pattern is None else pattern.search(credentials) is not None


def gs2_header(mechanism: str, credentials: bytes) -> int:
    """Length of the header in front of the token in a GS2 mechanism's first message; else 0."""
    if mechanism.upper().startswith("GS2-"):
        header = _GS2_HEADER.match(credentials)
        if header is not None:
            return header.end()
    return 0


def channel_binding(mechanism: str, credentials: bytes) -> str | None:
    """Whether the first message of SCRAM or GS2 is bound: `present`, `absent`; None where nothing says.

    The gs2-cbind-flag is `p=` and the kind of bindings; `n` and `y` have none (RFC 5801 4, RFC 5802 7).
    """
    if not mechanism.upper().startswith(("SCRAM-", "GS2-")):
        return None
    header = _GS2_HEADER.match(credentials)
    if header is None:
        return None
    return "present" if header[0].removeprefix(b"F,")[:1] == b"p" else "absent"


def begins_context(token: bytes) -> bool:
    """Whether a token of the client can only be the first of its context: SPNEGO's or NTLM's."""
    if token[:8] == NTLM_SIGNATURE:
        return token[8:9] == b"\x01"
    at = content_offset(token, 1) if token[:1] == b"\x60" else None
    return at is not None and token.startswith(SPNEGO_OID, at)


def is_wrap_token(token: bytes) -> bool:
    """Whether it is a Kerberos Wrap token: in a bind, a leg of the layer negotiation."""
    return token[:1] in _WRAP_STARTS and wrap_head(token) in _WRAP_TOKENS


def layer_octets(token: bytes) -> bytes | None:
    """Layer octet and maximum size (RFC 4752 3.1) inside a Wrap token; None if sealed or cut."""
    head = wrap_head(token) if token[:1] in _WRAP_STARTS else b""
    if head not in _WRAP_TOKENS or head in _SEALED:
        return None
    if head[:1] == b"\x05":
        checksum = int.from_bytes(token[4:6])
        body = token[16:]
        if len(body) < checksum + 4:
            return None
        turned = int.from_bytes(token[6:8]) % len(body)  # RFC 4121 4.2.5: rotated to the right
        return (body[turned:] + body[:turned])[:4]
    at = content_offset(token, 1) or 0
    at += 2 + token[at + 1]  # past the OID; then 8 octets of header, sequence, checksum, confounder
    octets = token[at + 32 : at + 36]
    return octets if len(octets) == 4 else None
