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
    "kerberos",  # 6e, 6f, 7e: a bare Kerberos message
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
}

CONTEXT_TOKEN_IDS = {
    b"\x01\x00": 0x6E,  # AP-REQ
    b"\x02\x00": 0x6F,  # AP-REP
    b"\x03\x00": 0x7E,  # KRB-ERROR
    b"\x04\x00": 0x30,  # TGT-REQ of user-to-user
    b"\x04\x01": 0x30,  # TGT-REP
    b"\x05\x01": 0x30,  # IAKERB_PROXY
}
"""Token ids of context tokens, and the tag of what follows."""

_RFC_1964_IDS = (b"\x01\x01", b"\x02\x01")


def kind_of(data: bytes) -> TokenKind:
    """Kind of token that `data` is, judged by its first bytes."""
    if not data:
        return "opaque"
    kind = _BARE_KINDS.get(data[0])
    if kind is not None:
        wanted = 0x06 if kind == "gss" else 0x30
        at = content_offset(data, 1)
        return kind if at is None or at >= len(data) or data[at] == wanted else "opaque"
    return inner_kind(data, 0)


def inner_kind(data: bytes, pos: int) -> TokenKind:
    """Kind of the token at `pos` of a GSS frame; the mechanism's own format, or SPNEGO's choice."""
    head = data[pos : pos + 8]
    if head == NTLM_SIGNATURE or (len(head) < 8 and head and NTLM_SIGNATURE.startswith(head)):
        return "ntlm"
    if head == NEGOEX_SIGNATURE or (len(head) < 8 and head and NEGOEX_SIGNATURE.startswith(head)):
        return "negoex"
    token_id = head[:2]
    tag = CONTEXT_TOKEN_IDS.get(token_id)
    if tag is not None and (len(head) == 2 or head[2] == tag):
        return "kerberos-id"
    if token_id in (b"\x04\x04", b"\x05\x04") or head[:4] == b"\x01\x00\x00\x00":
        return "per-message"
    return _BARE_KINDS.get(head[0], "opaque") if head else "opaque"


def is_rfc_1964_message(data: bytes, pos: int) -> bool:
    """Whether the content of a Kerberos GSS frame at `pos` is a MIC or Wrap token of RFC 1964."""
    return data[pos : pos + 2] in _RFC_1964_IDS


def content_offset(data: bytes, pos: int) -> int | None:
    """Where an element's content begins, its length octets standing at `pos`; None if cut."""
    if pos >= len(data):
        return None
    length = data[pos]
    pos += 1 if length < 0x80 else 1 + (length & 0x7F)
    return pos if pos <= len(data) else None


# -- per-message wrappers --------------------------------------------------------------------------

WrapKind = Literal["seal", "sign", "ntlm"]

_SEALED = 0x02  # flag of RFC 4121 4.2.2

_WRAP_KINDS: dict[bytes, WrapKind] = {
    b"\x05\x04\x00": "sign",
    b"\x05\x04\x02": "seal",
    b"\x04\x04": "sign",
    b"\x02\x01\xff\xff": "sign",
    b"\x02\x01": "seal",
    b"\x01\x01": "sign",
    b"\x01\x00\x00\x00": "ntlm",
}


def wrap_head(data: bytes | bytearray | memoryview) -> bytes:
    """Bytes that tell what protects a wrapped message: one of a handful of keys, b"" if unknown.

    RFC 4121 Wrap with its flag Sealed alone, MIC; RFC 1964 Wrap with SEAL_ALG only if that is
    "none", MIC; the version of an NTLM signature. `data` needs its first 32 bytes only.
    """
    head = bytes(data[:32])
    token_id = head[:2]
    if token_id == b"\x05\x04" and len(head) > 2:
        return b"\x05\x04\x02" if head[2] & _SEALED else b"\x05\x04\x00"
    if token_id == b"\x04\x04":
        return token_id
    if head[:4] == b"\x01\x00\x00\x00":
        return head[:4]
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


def wrap_kind(head: bytes) -> WrapKind | None:
    """What `wrap_head` found: `seal`, `sign`, or `ntlm`, which seals if that was negotiated."""
    return _WRAP_KINDS.get(head)
