"""Tokens within tokens: decode one, then what it carries, each by its own bytes.

SPNEGO carries a mechanism's token and a MIC, NegoEx the tokens of its schemes. Depth is bounded.

Spec: RFC 2743 3.1, RFC 4178 3.2 and 5, MS-NEGOEX 3.1.5.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.mechs import mech_family, mech_name
from dissectors.recognise import kind_of
from dissectors.span import Field, Span
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.gss import FOREIGN, read_asn1, read_framed
from dissectors.tokens.mechanism import token_mech
from dissectors.tokens.model import (
    NegoexMessage,
    NegoexMessages,
    NegTokenInit,
    NegTokenResp,
    OpaqueToken,
    Token,
)
from dissectors.tokens.pku2u import is_meta_data, read_meta_data

DEPTH_LIMIT = 4
"""Tokens within tokens, the outermost counted."""

_NTLM_MIC = b"\x01\x00\x00\x00"
_NTLM_MIC_SIZE = 16
_CFX_MIC = b"\x04\x04"
_CFX_FILLER = b"\xff" * 5
_CFX_HEADER = 16


def decode_token(
    data: bytes,
    from_acceptor: bool | None,
    fields: list[Field] | None = None,
    base: int = 0,
    path: str = "",
    *,
    depth: int = 1,
) -> Token:
    """Decode a token and, within the depth limit, what it carries.

    With `fields`, the tree is written there, shifted by `base` and below `path`.
    """
    kind = kind_of(data)
    token: Token
    if kind in FOREIGN:
        token = FOREIGN[kind](data, fields, base, path)
        if isinstance(token, NegoexMessages):
            _open_exchanges(token, fields, depth)
        return token
    reader = Asn1Reader(data, base, fields, path)
    if kind == "gss":
        token = read_framed(reader, from_acceptor)
    else:
        token = read_asn1(reader, 0, len(data), kind, from_acceptor)
    findings = reader.findings()
    if findings:
        token.anomalies = findings + token.anomalies
    if isinstance(token, NegTokenInit):
        _open_inner(token, token.mech_token, "mechToken", from_acceptor, reader, depth)
    elif isinstance(token, NegTokenResp):
        _open_inner(token, token.response_token, "responseToken", from_acceptor, reader, depth)
    elif isinstance(token, NegoexMessages):
        _open_exchanges(token, fields, depth)
    return token


# -- SPNEGO ----------------------------------------------------------------------------------------


def _open_inner(
    token: NegTokenInit | NegTokenResp,
    content: bytes | None,
    place: str,
    from_acceptor: bool | None,
    reader: Asn1Reader,
    depth: int,
) -> None:
    """Decode the mechanism's token and the MIC of a SPNEGO token."""
    above = f"{reader.path}.{token.token_type}" if reader.path else token.token_type
    mic = token.mech_list_mic
    if mic and mic != content:
        _open_mic(token, mic, f"{above}.mechListMIC", reader)
    if not content:
        return
    at = reader.base + reader.inner
    if depth == DEPTH_LIMIT:
        token.inner = OpaqueToken(raw=content)
        span = Span(at, at + len(content))
        token.anomalies += (Anomaly("limit-depth", span, f"{DEPTH_LIMIT} tokens deep"),)
        return
    if reader.fields is None:
        token.inner = decode_token(content, from_acceptor, base=at, depth=depth + 1)
    else:
        within: list[Field] = []
        where = f"{above}.{place}"
        token.inner = decode_token(content, from_acceptor, within, at, where, depth=depth + 1)
        _insert(reader.fields, where, at, within)
    compare_inner(token, at)


def compare_inner(token: NegTokenInit | NegTokenResp, at: int) -> None:
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


def _open_mic(
    token: NegTokenInit | NegTokenResp, mic: bytes, where: str, reader: Asn1Reader
) -> None:
    """Read the MIC, which is a per-message token of the mechanism; of other mechanisms it is opaque."""
    if reader.fields is None and is_plain_mic(mic):
        return
    kind = kind_of(mic)
    if kind not in ("per-message", "gss"):
        return
    at = reader.base + reader.mic
    within: list[Field] | None = None if reader.fields is None else []
    # no deeper: what is no MIC here is shown as what it is, and not opened any further
    opened = decode_token(mic, None, within, at, where, depth=DEPTH_LIMIT)
    token.anomalies += opened.anomalies
    if reader.fields is not None and within:
        _insert(reader.fields, where, at, within)


def is_plain_mic(mic: bytes) -> bool:
    """Whether this is a MIC of NTLM or of RFC 4121 about which nothing can be odd."""
    if mic[:4] == _NTLM_MIC:
        return len(mic) == _NTLM_MIC_SIZE
    return mic[:2] == _CFX_MIC and mic[3:8] == _CFX_FILLER and len(mic) >= _CFX_HEADER


# -- NegoEx ----------------------------------------------------------------------------------------


def _open_exchanges(token: NegoexMessages, fields: list[Field] | None, depth: int) -> None:
    """Decode what the schemes say to each other."""
    for message in token.messages:
        span = message.exchange_span
        if message.exchange is None or span is None or not span.length:
            continue
        if depth == DEPTH_LIMIT:
            limit = Anomaly("limit-depth", span, f"{DEPTH_LIMIT} tokens deep")
            token.anomalies += (limit,)
            return
        content = message.exchange.raw
        if fields is None:
            message.exchange = _exchange(content, message, None, span.start, "", depth + 1)
            continue
        within: list[Field] = []
        where = next(
            (each.path for each in fields if each.name == "Exchange" and each.span == span), ""
        )
        message.exchange = _exchange(content, message, within, span.start, where, depth + 1)
        if where:
            _insert(fields, where, span.start, within)


def _exchange(
    content: bytes,
    message: NegoexMessage,
    fields: list[Field] | None,
    base: int,
    path: str,
    depth: int,
) -> Token:
    if is_meta_data(content, message):
        return read_meta_data(content, fields, base, path)
    return decode_token(content, None, fields, base, path, depth=depth)


# -- the tree --------------------------------------------------------------------------------------


def _insert(fields: list[Field], where: str, at: int, within: list[Field]) -> None:
    """Put the fields of the token at `at` behind the one that holds it, which then is a branch."""
    if not within:
        return
    elsewhere = False
    for row, field in enumerate(fields):
        if field.path == where:
            if field.span.start <= at <= field.span.end:
                text = field.text.removesuffix(", not shown")
                fields[row] = field._replace(text=text, secret=False)
                fields[row + 1 : row + 1] = within
                return
            elsewhere = True
    if not elsewhere:  # its holder was too much to be shown
        fields += within
