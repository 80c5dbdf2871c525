"""Security tokens: bytes in, what they say out, whatever they are.

`dissect_token` is the entry: it knows a token by its own bytes, decodes it and the mechanism's
token inside, and never raises. Values are decoded at once, the tree of fields when asked for
(`token_fields`). The strict ASN.1 reading (`strict.strict_check`) is a second, slow opinion
for showing and testing: it is not run here.

Spec: RFC 2743 3.1, RFC 4178, MS-SPNG.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.span import Field, Span
from dissectors.tokens.decode import DEPTH_LIMIT, decode_token
from dissectors.tokens.mechanism import token_mech
from dissectors.tokens.model import NegTokenInit2, Token, WrapToken
from dissectors.tokens.recorder import Recorder
from dissectors.tokens.sasl_layer import read_sasl_layer, with_sasl_layer
from dissectors.tokens.unread import with_unread
from dissectors.tokens.usual import read_usual

__all__ = ["DEPTH_LIMIT", "TOKEN_LIMIT", "dissect_token", "token_fields", "token_mech"]

TOKEN_LIMIT = 65_536
"""Bytes of a token that are read."""
_CACHE_ENTRIES = 4096
_CACHED_LENGTH = 192  # hints and first tokens repeat for weeks, challenges and tickets never

_cache: dict[tuple[bytes, bool | None, bool], Token] = {}


def dissect_token(
    data: bytes, *, from_acceptor: bool | None = None, sasl_layer: bool = False
) -> Token:
    """Decode one security token as a carrier handed it over.

    `from_acceptor` tells NegTokenInit2 from NegTokenInit where the bytes do not. `sasl_layer`: the carrier
    knows that a Wrap token here negotiates SASL's security layer. Equal tokens may be one object: treat it
    as frozen.
    """
    if len(data) > _CACHED_LENGTH:
        return _dissect(data, from_acceptor, sasl_layer)
    key = (data, from_acceptor, sasl_layer)
    token = _cache.get(key)
    if token is None:
        token = _dissect(data, from_acceptor, sasl_layer)
        if len(_cache) >= _CACHE_ENTRIES:
            _cache.clear()
        _cache[key] = token
    return token


def token_fields(token: Token) -> list[Field]:
    """Every byte of `token` as a field or in one, in wire order, `inner`'s included.

    Bytes that no decoder understands are fields named `unread`.
    """
    fields: list[Field] = []
    from_acceptor = isinstance(token, NegTokenInit2)
    decode_token(token.raw[:TOKEN_LIMIT], from_acceptor, fields)
    if not fields and token.raw:
        Recorder(fields, 0, "").hide("opaque", 0, len(token.raw))
    if isinstance(token, WrapToken) and token.sasl_layer is not None:
        fields = with_sasl_layer(fields, token)
    return with_unread(fields, token.raw)


def _dissect(data: bytes, from_acceptor: bool | None, sasl_layer: bool) -> Token:
    if len(data) <= TOKEN_LIMIT:
        token = read_usual(data, from_acceptor)
        if token is None:
            token = decode_token(data, from_acceptor)
        if sasl_layer and isinstance(token, WrapToken):
            read_sasl_layer(token)
        return token
    token = decode_token(data[:TOKEN_LIMIT], from_acceptor)
    token.raw = data
    part: Token | None = token
    while part is not None:  # the end is missing because it was not read
        part.anomalies = tuple(a for a in part.anomalies if a.code != "truncated")
        part = part.inner
    limit = Anomaly("limit-token-size", Span(TOKEN_LIMIT, len(data)), f"{len(data)} bytes")
    token.anomalies = (limit, *token.anomalies)
    return token
