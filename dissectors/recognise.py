"""Tell what a run of bytes is by its own first bytes: tokens and per-message wrappers.

Only the bytes count, never what the carrier promised. Cut tokens are known by as much of their
head as is there.

Spec: RFC 2743 3.1, RFC 4178 4.2, RFC 4120 5.5-5.9, RFC 4121 4.1-4.2, RFC 1964 1.1-1.2,
draft-swift-win2k-krb-user2user 4, MS-NLMP 2.2, MS-NEGOEX 2.2.
"""

from __future__ import annotations

from typing import Literal

NTLM_SIGNATURE = b"NTLMSSP\x00"
NEGOEX_SIGNATURE = b"NEGOEXTS"
SPNEGO_OID = b"\x06\x06\x2b\x06\x01\x05\x05\x02"

TokenKind = Literal[
    "gss",  # 60: InitialContextToken, or an RFC 1964 per-message token
    "spnego-init",  # a0: NegTokenInit without its frame
    "spnego-resp",  # a1
    "ntlm",
    "negoex",
    "kerberos-id",  # a token id without the frame
    "kerberos",  # 6e, 6f, 7e, 6a-6d, 74-76: a bare Kerberos message
    "kerberos-message",  # MIC, Wrap or deletion of RFC 1964, inside a frame
    "per-message",
    "opaque",
]

_BARE_KINDS: dict[int, TokenKind] = {
    0x60: "gss",
    0xA0: "spnego-init",
    0xA1: "spnego-resp",
    0x6E: "kerberos",
    0x6F: "kerberos",
    0x7E: "kerberos",
    # no context tokens; IAKERB and exports of credentials have them
    0x6A: "kerberos",
    0x6B: "kerberos",
    0x6C: "kerberos",
    0x6D: "kerberos",
    0x74: "kerberos",
    0x75: "kerberos",
    0x76: "kerberos",
}

_FIRST_MEMBERS = {
    0x6A: 0xA1,
    0x6B: 0xA0,
    0x6C: 0xA1,
    0x6D: 0xA0,
    0x74: 0xA0,
    0x75: 0xA0,
    0x76: 0xA0,
}
"""Tag of the SEQUENCE's first member, pvno, where the message's own tag and SEQUENCE tell too little."""

CONTEXT_TOKEN_IDS = {
    b"\x01\x00": 0x6E,  # AP-REQ
    b"\x02\x00": 0x6F,  # AP-REP
    b"\x03\x00": 0x7E,  # KRB-ERROR
    b"\x04\x00": 0x30,  # TGT-REQ of user-to-user
    b"\x04\x01": 0x30,  # TGT-REP
    b"\x05\x01": 0x30,  # IAKERB_PROXY
    b"\x05\x00": 0x6A,  # AS-REQ of PKU2U
    b"\x06\x00": 0x6B,  # AS-REP
}
"""Token ids of context tokens, and the tag of what follows."""

_MESSAGE_IDS: dict[bytes, TokenKind] = {
    b"\x01\x01": "kerberos-message",
    b"\x02\x01": "kerberos-message",
    b"\x01\x02": "kerberos-message",
    b"\x04\x04": "per-message",
    b"\x05\x04": "per-message",
}


def kind_of(data: bytes) -> TokenKind:
    """Kind of token that `data` is, judged by its first bytes."""
    return kind_within(data, 0, len(data))


def kind_within(data: bytes, pos: int, end: int) -> TokenKind:
    """Kind of the token in `[pos, end)`, the content of a GSS frame or a whole token."""
    if pos >= end:
        return "opaque"
    kind = _BARE_KINDS.get(data[pos])
    if kind is not None:
        # the content must begin as the tag wants; a token cut before that is believed
        at = pos + 2
        if at < end and data[pos + 1] > 0x7F:
            at += data[pos + 1] & 0x7F
        if at < end and data[at] != (0x06 if kind == "gss" else 0x30):
            return "opaque"
        first = _FIRST_MEMBERS.get(data[pos])
        return kind if first is None or _begins_with(data[at:end], first) else "opaque"
    token_id = data[pos : min(pos + 2, end)]
    tag = CONTEXT_TOKEN_IDS.get(token_id)
    if tag is not None and (pos + 2 == end or data[pos + 2] == tag):
        return "kerberos-id"
    kind = _MESSAGE_IDS.get(token_id)
    if kind is not None:
        return kind
    head = data[pos : min(pos + 8, end)]
    if NTLM_SIGNATURE.startswith(head):
        return "ntlm"
    if NEGOEX_SIGNATURE.startswith(head):
        return "negoex"
    return "per-message" if head.startswith(b"\x01\x00\x00\x00") else "opaque"


def _begins_with(sequence: bytes, first: int) -> bool:
    """Whether this is a SEQUENCE, maybe cut, whose first member has the tag `first`."""
    at = content_offset(sequence, 1)
    return bool(sequence) and (at is None or at == len(sequence) or sequence[at] == first)


def content_offset(data: bytes, pos: int) -> int | None:
    """Where an element's content begins, its length octets standing at `pos`; None if cut."""
    if pos >= len(data):
        return None
    length = data[pos]
    pos += 1 if length < 0x80 else 1 + (length & 0x7F)
    return pos if pos <= len(data) else None


# -- per-message wrappers --------------------------------------------------------------------------

WrapKind = Literal["seal", "sign", "unmarked"]

_SEALED = 0x02  # flag of RFC 4121 4.2.2
_NTLM_PLAIN = b"\x01\x00\x00\x00\x30"  # no bytes in a row: version, and the content's first

_DIGEST_PLAIN, _DIGEST = b"\x30", b"\x00\x01"  # the content's first byte; the type at the MAC's end

_MESSAGE_ID = frozenset(bytes((2, size)) for size in range(1, 5))

_WRAP_KINDS: dict[bytes, WrapKind] = {
    b"\x05\x04\x00": "sign",
    b"\x05\x04\x02": "seal",
    b"\x04\x04": "sign",
    b"\x02\x01\xff\xff": "sign",
    b"\x02\x01": "seal",
    b"\x01\x01": "sign",
    b"\x01\x00\x00\x00": "unmarked",
    _NTLM_PLAIN: "sign",
    _DIGEST_PLAIN: "sign",
    _DIGEST: "unmarked",
}


def _begins_ldap(content: bytes) -> bool:
    """Whether it begins as an LDAPMessage does: a SEQUENCE, and in it the messageID of 1 to 4 octets."""
    at = content_offset(content, 1) if content[:1] == b"\x30" else None
    return at is not None and content[at : at + 2] in _MESSAGE_ID


def wrap_head(data: bytes | bytearray | memoryview) -> bytes:
    """Bytes that tell what protects a wrapped message: one of a handful of keys, b"" if unknown.

    RFC 4121 Wrap with its flag Sealed alone, MIC; RFC 1964 Wrap with SEAL_ALG only if that is
    "none", MIC; the version of an NTLM signature, and 30 if LDAP follows it in clear.
    `data` needs its first 32 bytes only.
    """
    head = bytes(data[:32])
    token_id = head[:2]
    if token_id == b"\x05\x04" and len(head) > 2:
        return b"\x05\x04\x02" if head[2] & _SEALED else b"\x05\x04\x00"
    if token_id == b"\x04\x04":
        return token_id
    if head[:4] == b"\x01\x00\x00\x00":
        return _NTLM_PLAIN if _begins_ldap(head[16:]) else head[:4]
    if head[:1] == b"\x60":
        at = content_offset(head, 1)
        if at is not None and head[at : at + 1] == b"\x06" and at + 1 < len(head):
            at += 2 + head[at + 1]
            token_id = head[at : at + 2]
            if token_id == b"\x02\x01":  # then SGN_ALG and SEAL_ALG, two bytes each
                return b"\x02\x01\xff\xff" if head[at + 4 : at + 6] == b"\xff\xff" else token_id
            if token_id == b"\x01\x01":
                return token_id
    return b""


def digest_head(data: bytes | bytearray | memoryview) -> bytes:
    """The like of `wrap_head` for a buffer of DIGEST-MD5, which begins with its content (RFC 2831 2.3)."""
    return _DIGEST_PLAIN if _begins_ldap(bytes(data[:32])) else _DIGEST


def wrap_kind(head: bytes) -> WrapKind | None:
    """Tell what `wrap_head` or `digest_head` found: `seal`, `sign`, or `unmarked`.

    Unmarked are buffers of NTLM and DIGEST-MD5 that do not begin in clear: sealed, or a message's later part.
    """
    return _WRAP_KINDS.get(head)
