"""Security tokens: bytes in, what they say out, whatever they are.

`dissect_token` is the entry: it knows a token by its own bytes, decodes it and the mechanism's
token inside, and never raises. Values are decoded at once, the tree of fields when asked for
(`token_fields`). The strict ASN.1 reading (`spnego_asn1.strict_check`) is a second, slow opinion
for showing and testing: it is not run here.

Spec: RFC 2743 3.1, RFC 4178, MS-SPNG.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.mechs import mech_family, mech_name
from dissectors.recognise import kind_of
from dissectors.span import Field, Span
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.gss import FOREIGN, read_asn1, read_framed
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbError,
    KrbTgtRep,
    KrbTgtReq,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    OpaqueToken,
    Token,
)

__all__ = ["DEPTH_LIMIT", "TOKEN_LIMIT", "dissect_token", "token_fields", "token_mech"]

TOKEN_LIMIT = 65_536
"""Bytes of a token that are read."""
DEPTH_LIMIT = 4
"""Tokens within tokens, the outermost counted."""

_CACHE_ENTRIES = 4096
_CACHED_LENGTH = 1024  # hints and first tokens repeat for weeks, tickets never

_cache: dict[tuple[bytes, bool | None], Token] = {}


def dissect_token(data: bytes, *, from_acceptor: bool | None = None) -> Token:
    """Decode one security token as a carrier handed it over.

    `from_acceptor` tells NegTokenInit2 from NegTokenInit where the bytes do not. Equal tokens may
    be one object: treat it as frozen.
    """
    if len(data) > _CACHED_LENGTH:
        return _dissect(data, from_acceptor)
    key = (data, from_acceptor)
    token = _cache.get(key)
    if token is None:
        token = _dissect(data, from_acceptor)
        if len(_cache) >= _CACHE_ENTRIES:
            _cache.clear()
        _cache[key] = token
    return token


def token_fields(token: Token) -> list[Field]:
    """Every decoded value of `token` with its byte range, in wire order, `inner`'s included."""
    fields: list[Field] = []
    from_acceptor = isinstance(token, NegTokenInit2)
    _decode(token.raw[:TOKEN_LIMIT], from_acceptor, fields)
    return fields


def token_mech(token: Token) -> str | None:
    """Name of the mechanism whose token this is, by its bytes; `spnego` for SPNEGO's own."""
    mech = _MECHS.get(type(token))
    if token.this_mech is None or mech not in (None, "kerberos"):
        return mech
    framed = mech_family(token.this_mech)
    # a Kerberos message in a frame of IAKERB or PKU2U is theirs
    return framed if mech is None or framed in ("iakerb", "pku2u") else mech


_MECHS: dict[type[Token], str] = {
    NegTokenInit: "spnego",
    NegTokenInit2: "spnego",
    NegTokenResp: "spnego",
    NtlmNegotiate: "ntlm",
    NtlmChallenge: "ntlm",
    NtlmAuthenticate: "ntlm",
    KrbApReq: "kerberos",
    KrbApRep: "kerberos",
    KrbError: "kerberos",
    KrbTgtReq: "kerberos",
    KrbTgtRep: "kerberos",
    IakerbMessage: "iakerb",
    NegoexMessages: "negoex",
}


def _dissect(data: bytes, from_acceptor: bool | None) -> Token:
    if len(data) <= TOKEN_LIMIT:
        return _decode(data, from_acceptor)
    token = _decode(data[:TOKEN_LIMIT], from_acceptor)
    token.raw = data
    part: Token | None = token
    while part is not None:  # the end is missing because it was not read
        part.anomalies = tuple(a for a in part.anomalies if a.code != "truncated")
        part = part.inner
    limit = Anomaly("limit-token-size", Span(TOKEN_LIMIT, len(data)), f"{len(data)} bytes")
    token.anomalies = (limit, *token.anomalies)
    return token


def _decode(
    data: bytes,
    from_acceptor: bool | None,
    fields: list[Field] | None = None,
    base: int = 0,
    path: str = "",
    *,
    depth: int = 1,
) -> Token:
    """Decode a token and, within the depth limit, what it carries."""
    kind = kind_of(data)
    if kind in FOREIGN:
        return FOREIGN[kind](data, fields, base, path)
    reader = Asn1Reader(data, base, fields, path)
    if kind == "gss":
        token = read_framed(reader, from_acceptor)
    else:
        token = read_asn1(reader, 0, len(data), kind, from_acceptor)
    token.anomalies = reader.findings() + token.anomalies
    if isinstance(token, NegTokenInit):
        content, place = token.mech_token, "mechToken"
    elif isinstance(token, NegTokenResp):
        content, place = token.response_token, "responseToken"
    else:
        return token
    if not content:
        return token
    at = base + reader.inner
    if depth == DEPTH_LIMIT:
        token.inner = OpaqueToken(raw=content)
        span = Span(at, at + len(content))
        token.anomalies += (Anomaly("limit-depth", span, f"{DEPTH_LIMIT} tokens deep"),)
        return token
    if fields is None:
        token.inner = _decode(content, from_acceptor, base=at, depth=depth + 1)
    else:
        where = f"{path}.{token.token_type}.{place}" if path else f"{token.token_type}.{place}"
        within: list[Field] = []
        token.inner = _decode(content, from_acceptor, within, at, where, depth=depth + 1)
        rows = [row for row, field in enumerate(fields, 1) if field.path == where]
        row = rows[0] if rows else len(fields)
        fields[row:row] = within
    _compare(token, at)
    return token


def _compare(token: NegTokenInit | NegTokenResp, at: int) -> None:
    """Hold the inner token against what its envelope says about it."""
    inner = token.inner
    mech = None if inner is None else token_mech(inner)
    if mech is None:
        return
    if mech == "spnego":
        code, detail = "spnego-in-spnego", "the token inside"
    elif isinstance(token, NegTokenInit) and token.mech_types:
        first = token.mech_types[0]
        if mech_family(first) == mech:
            return
        code, detail = "optimistic-mismatch", f"{mech} token under {mech_name(first)}"
    else:
        return
    length = len(token.inner.raw) if token.inner else 0
    token.anomalies += (Anomaly(code, Span(at, at + length), detail),)
