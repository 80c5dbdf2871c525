"""SPNEGO tokens, and what decides which mechanism the token inside is of.

Spec: RFC 4178 4.2 and appendix A; MS-SPNG 2.2.1, 3.1.5.4; RFC 2743 3.1.
"""

from __future__ import annotations

import re

from analyzer.crosscheck.difference import BYTES, CELL, ROW, Difference
from analyzer.crosscheck.tshark_tokens import OPAQUE
from dissectors.mechs import mech_family
from dissectors.recognise import NEGOEX_SIGNATURE, NTLM_SIGNATURE, kind_of
from dissectors.tokens.model import NegTokenInit, NegTokenInit2, NegTokenResp


def request_mic(d: Difference) -> bool:
    """NegState is 3, which RFC 4178 names."""
    return (
        d.column == "neg_state"
        and d.ours == "request-mic"
        and str(d.theirs).startswith("Unknown")
        and b"\xa0\x03\x0a\x01\x03" in d.raw
    )


def resp_without_init(d: Difference) -> bool:
    """A whole NegTokenResp by its tag; tshark had shown no NegTokenInit on this connection."""
    if d.ours != "NegTokenResp" or d.raw[:1] != b"\xa1" or d.packet is None:
        return False
    if d.conversation.their_kinds & {"NegTokenInit", "NegTokenInit2"}:
        return False
    if d.kind == CELL and d.column == "token_type":
        return d.theirs == OPAQUE and d.packet.find("gssapi.unknown_header") is not None
    bytes_only = ("ldap.serverSaslCreds", "data.data")
    return d.kind == ROW and any(d.shown_as_bytes(field) for field in bytes_only)


def inner_of_hint(d: Difference) -> bool:
    """A NegTokenInit2 with a mechToken that names its own type."""
    token = d.our_token.token if d.our_token is not None else None
    inner = token.inner if isinstance(token, NegTokenInit2) else None
    return (
        d.column == "inner_type"
        and d.theirs == OPAQUE
        and inner is not None
        and inner.raw.startswith((NEGOEX_SIGNATURE, NTLM_SIGNATURE, b"\x60"))
        and _is_in(d, "spnego.mechToken", inner.raw)
    )


_UNKNOWN = (bytes.fromhex("06062b0601050205"), bytes.fromhex("06062b0601050207"))
"""OIDs of IAKERB and PKU2U, with tag and length."""
_IAKERB_PROXY = b"\x05\x01"
_TOKENS = ("mechToken", "responseToken")


def cut_token(d: Difference) -> bool:
    """A frame of RFC 2743 whose length points past the end of the token."""
    return (
        d.kind == ROW
        and d.theirs is None
        and d.raw[:1] == b"\x60"
        and bool({"truncated", "bad-length"} & d.our_anomalies)
        and d.packet is not None
        and d.packet.find("gss-api.OID") is not None
    )


def _is_in(d: Difference, field: str, raw: bytes) -> bool:
    return d.their_token is not None and any(n.raw == raw for n in d.their_token.every(field))


def inner_by_list(d: Difference) -> bool:
    """The mechToken is NTLM's or Kerberos's by its own bytes, under a list that begins with another."""
    token = d.our_token.token if d.our_token is not None else None
    if d.column != "inner_type" or d.theirs != OPAQUE or not isinstance(token, NegTokenInit):
        return False
    inner = token.inner
    if inner is None or not token.mech_types:
        return False
    first = mech_family(token.mech_types[0])
    if inner.raw.startswith(NTLM_SIGNATURE):
        return first != "ntlm"
    frame = inner.this_mech
    return frame is not None and mech_family(frame) == "kerberos" != first


def inner_by_conversation(d: Difference) -> bool:
    """The responseToken names its own type; supportedMech is not there, and no offer was seen."""
    token = d.our_token.token if d.our_token is not None else None
    return (
        d.column == "inner_type"
        and isinstance(token, NegTokenResp)
        and token.inner is not None
        and kind_of(token.inner.raw) != "opaque"
        and token.supported_mech is None
        and d.theirs != d.ours
        and (d.conversation.their_last_mech is None or _another_mech(d))
    )


def _another_mech(d: Difference) -> bool:
    """Whether the mechanism that tshark remembers is not the token's own."""
    last = d.conversation.their_last_mech or ""
    family = "ntlm" if str(d.ours).startswith("NTLM") else "kerberos"
    return mech_family(last) != family


def hint_by_port(d: Difference) -> bool:
    """A hintName in a message from a port of 1024 or above."""
    token = d.our_token.token if d.our_token is not None else None
    port = d.packet.source_port if d.packet is not None else None
    return (
        isinstance(token, NegTokenInit2)
        and port is not None
        and port >= 1024
        and d.theirs is None
        and token.hint_name is not None
        and token.hint_name.encode() in d.raw
        and (d.column == "hint_name" or ".negHints" in d.column)
    )


def init_by_port(d: Difference) -> bool:
    """A mechToken that names its own type, in a NegTokenInit from a port below 1024."""
    token = d.our_token.token if d.our_token is not None else None
    hinted = isinstance(token, NegTokenInit2)  # which servers send
    inner = token.inner if isinstance(token, NegTokenInit) and not hinted else None
    port = d.packet.source_port if d.packet is not None else None
    return (
        d.column == "inner_type"
        and d.theirs == OPAQUE
        and port is not None
        and port < 1024
        and inner is not None
        and inner.raw.startswith((NEGOEX_SIGNATURE, NTLM_SIGNATURE, b"\x60"))
        and _is_in(d, "spnego.mechToken", inner.raw)
    )


def late_fallback(d: Difference) -> bool:
    """Member [4] of a NegTokenResp holds a list of object identifiers."""
    token = d.our_token.token if d.our_token is not None else None
    return (
        (d.column == "mech_types" or ".mechTypes" in d.column)
        and d.theirs is None
        and isinstance(token, NegTokenResp)
        and bool(token.late_mech_types)
        and re.search(rb"(?s)\xa4.\x30.\x06", d.raw) is not None
    )


def vector_length(d: Difference) -> bool:
    """A BYTE_VECTOR's length has four bytes; these are the lower two."""
    length = d.field_bytes
    return (
        d.kind == BYTES
        and d.column.endswith(".BYTE_VECTOR.ByteArrayLength")
        and len(length) == 4
        and d.theirs == length[:2]
    )


def unknown_mechanism(d: Difference) -> bool:
    """A frame of RFC 2743 with an OID for which tshark has no dissector, by itself or in SPNEGO.

    IAKERB's later tokens have no frame and begin with their token id.
    """
    if d.column == "inner_type" and d.theirs == OPAQUE and d.our_token is not None:
        token = d.our_token.token
        inner = token.inner if isinstance(token, (NegTokenInit, NegTokenResp)) else None
        return (
            inner is not None
            and inner.raw[:1] == b"\x60"
            and any(inner.raw.find(oid, 0, len(oid) + 6) > 0 for oid in _UNKNOWN)
            and any(_is_in(d, f"spnego.{field}", inner.raw) for field in _TOKENS)
        )
    if d.kind != CELL or d.column != "token_type" or d.theirs != OPAQUE:
        return False
    if d.ours == "IAKERB" and d.raw[:2] == _IAKERB_PROXY:
        return True
    return (
        d.ours != "opaque"
        and d.raw[:1] == b"\x60"
        and d.their_token is not None
        and (oid := d.their_token.find("gss-api.OID")) is not None
        and mech_family(oid.show) in {"iakerb", "pku2u"}
    )
