"""The strict reading of a token: where it departs from its ASN.1 module and from DER, by byte range.

The tolerant reading says what a token means, this one whether it is what the modules and DER allow.
Three opinions make it: a walk through the bytes (`strict_der`), one along the types (`strict_shape`),
and pyasn1's decoder, whose values are held against the tolerant ones (`strict_values`). All this costs
some ten times as much as the tolerant reading, so it runs where one token is shown or tested, never in
a pipeline. Import this module late: pyasn1 is not cheap to load either.

Spec: RFC 4178, RFC 4120 and the modules named in `dissectors.tokens.asn1`; X.690 10-11 (DER).
Not handled: what is not ASN.1 in a token (NTLM, NegoEx but for PKU2U's meta-data, per-message tokens).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from dissectors.anomaly import CODES, Anomaly
from dissectors.recognise import kind_within
from dissectors.records import NamedTuple
from dissectors.span import Field, Span
from dissectors.tokens import TOKEN_LIMIT, token_fields
from dissectors.tokens.asn1 import kerberos, padata, pku2u, spnego
from dissectors.tokens.model import NegoexMessages, NegTokenInit2, Token
from dissectors.tokens.strict_der import DerWalk
from dissectors.tokens.strict_model import differing
from dissectors.tokens.strict_shape import Leaf, ShapeWalk, read_element
from dissectors.tokens.strict_values import DOUBTFUL, compare, decoded, judge

__all__ = ["strict_check", "strict_departures"]

_DEPTH_LIMIT = 4  # tokens in tokens, and holes in messages
_TGT_REQ, _TGT_REP, _IAKERB_PROXY = b"\x04\x00", b"\x04\x01", b"\x05\x01"
_OCTET_STRING = 0x04
_META_DATA = frozenset({"INITIATOR_META_DATA", "ACCEPTOR_META_DATA"})
_SAME = {"truncated": "bad-length"}  # one cause, told by the outer or by the inner element


class Part(NamedTuple):
    """Bytes `[at, stop)` that should be of a type; the token that it makes, if it is a whole one."""

    kind: Any
    at: int
    stop: int
    path: str
    token: Token | None = None
    depth: int = 1
    request: bool = False  # to a KDC: its padata are a client's


def strict_check(token: Token) -> list[Anomaly]:
    """Where a token departs from its ASN.1 module and from DER, but for what its findings tell.

    Spans count in the outermost token, as those of `token.findings` do. Other tokens pass.
    """
    findings = token.findings
    told = frozenset(a.span.end for a in findings if a.code == "non-minimal-length")
    return [a for a in _departures(token, told) if not any(_tells(f, a) for f in findings)]


def strict_departures(token: Token) -> list[Anomaly]:
    """All departures of a token, also those that the tolerant reading tells too."""
    return _departures(token, frozenset())


def _tells(finding: Anomaly, departure: Anomaly) -> bool:
    """Tell whether a finding of the tolerant reading is this departure."""
    code = _SAME.get(departure.code, departure.code)
    names = finding.code == "unknown-value" or CODES[finding.code].group == "malformed"
    general = code == "strict-mismatch" and names
    if not general and code != _SAME.get(finding.code, finding.code):
        return False
    if code.startswith("limit-"):
        return True
    ours, theirs = departure.span, finding.span
    if ours.start > theirs.end or theirs.start > ours.end:
        return False
    if code == "missing-field":
        return departure.detail.rpartition(".")[2] in finding.detail
    return ours.start == theirs.start or ours.end == theirs.end


def _departures(token: Token, told: frozenset[int]) -> list[Anomaly]:
    raw = token.raw
    if len(raw) > TOKEN_LIMIT:
        return [Anomaly("limit-token-size", Span(TOKEN_LIMIT, len(raw)), f"{len(raw)} bytes")]
    walk = DerWalk(raw)
    fields: dict[Span, list[Field]] = {}
    odd = [a.span for a in token.findings if CODES[a.code].group in ("malformed", "limit")]
    pending = deque(_token_parts(walk, token, 0, len(raw), 1))
    while pending and not walk.stopped:
        part = pending.popleft()
        stop = walk.one(part.at, part.stop)
        if walk.stopped:
            break
        shape = ShapeWalk(walk)
        shape.go(part.kind, part.at, stop, part.path)
        judge(walk, shape.leaves)
        value = decoded(walk, part.kind, part.at, stop, part.path, shape.leaves)
        if value is not None:
            if not fields:
                for field in token_fields(token):
                    fields.setdefault(field.span, []).append(field)
            values = compare(walk, value, shape.leaves, fields, odd)
            names = [] if part.token is None else differing(part.token, values, DOUBTFUL)
            if names:
                detail = f"{part.path}: the two readings differ in {', '.join(names)}"
                walk.report("strict-mismatch", part.at, part.stop, detail)
        if part.depth < _DEPTH_LIMIT:
            pending += _inner_parts(walk, part, shape.leaves)
    long_lengths = walk.long_lengths(told)
    found = walk.findings + ([long_lengths] if long_lengths else [])
    return sorted(found, key=lambda anomaly: anomaly.span)


# -- what is where ---------------------------------------------------------------------------------


def _token_parts(walk: DerWalk, token: Token, at: int, stop: int, depth: int) -> list[Part]:
    """The parts of the token in `[at, stop)` that are ASN.1; of a frame that has others, its head."""
    raw = walk.data
    kind = kind_within(raw, at, stop)
    framed = kind == "gss"
    place, end = at, stop
    if framed:
        outer = read_element(raw, at, stop)
        mech = None if outer is None else read_element(raw, outer.start, outer.stop)
        place, end = (stop, stop) if outer is None or mech is None else (mech.stop, outer.stop)
        kind = kind_within(raw, place, end)
    if kind in ("spnego-init", "spnego-resp"):
        return [_spnego(token, at, stop, depth, framed=framed)]
    if framed:  # what follows its head is not ASN.1, or not at once
        walk.frame(at, stop)
    if isinstance(token, NegoexMessages):
        return _exchanges(walk, token, depth)
    if kind == "kerberos-id":
        return _by_token_id(raw, token, place, end, depth)
    known = kind == "kerberos" and raw[place] in kerberos.MESSAGES
    return [_message(raw[place], token, place, end, depth)] if known else []


def _message(tag: int, token: Token | None, at: int, stop: int, depth: int) -> Part:
    name, kind = kerberos.MESSAGES[tag]
    return Part(kind, at, stop, name, token, depth, request=name in ("AS-REQ", "TGS-REQ"))


def _spnego(token: Token, at: int, stop: int, depth: int, *, framed: bool) -> Part:
    if token.token_type == "NegTokenResp":
        kind = spnego.FRAMED_RESP if framed else spnego.BARE_RESP
    elif isinstance(token, NegTokenInit2):
        kind = spnego.FRAMED_INIT_2 if framed else spnego.BARE_INIT_2
    else:
        kind = spnego.FRAMED_INIT if framed else spnego.BARE_INIT
    return Part(kind, at, stop, token.token_type, token, depth)


def _by_token_id(raw: bytes, token: Token, at: int, stop: int, depth: int) -> list[Part]:
    """The message behind a token id; behind IAKERB's, a header and perhaps a message."""
    token_id = raw[at : at + 2]
    at += 2
    if token_id == _TGT_REQ:
        return [Part(kerberos.TGT_REQ, at, stop, "TGT-REQ", token, depth)]
    if token_id == _TGT_REP:
        return [Part(kerberos.TGT_REP, at, stop, "TGT-REP", token, depth)]
    if token_id != _IAKERB_PROXY:
        known = at < stop and raw[at] in kerberos.MESSAGES
        return [_message(raw[at], token, at, stop, depth)] if known else []
    header = read_element(raw, at, stop)
    end = stop if header is None else header.stop
    realm = None if header is None else read_element(raw, header.start, header.stop)
    old = realm is not None and raw[realm.start : realm.start + 1] == bytes((_OCTET_STRING,))
    kind = kerberos.OLD_IAKERB_HEADER if old else kerberos.IAKERB_HEADER
    parts = [Part(kind, at, end, "IAKERB-HEADER", token, depth)]
    if end < stop and raw[end] in kerberos.MESSAGES:
        parts.append(_message(raw[end], token.inner, end, stop, depth))
    return parts


def _exchanges(walk: DerWalk, token: NegoexMessages, depth: int) -> list[Part]:
    """What the schemes say to each other in a NegoEx token: PKU2U's meta-data, and tokens of GSS-API."""
    parts: list[Part] = []
    for message in token.messages:
        span = message.exchange_span
        if span is None or message.exchange is None or depth == _DEPTH_LIMIT:
            continue
        if message.name in _META_DATA and message.schemes == ("pku2u",):
            if walk.data[span.start : span.start + 1] == b"\x30":
                kind = pku2u.META_DATA
                parts.append(Part(kind, span.start, span.end, "META_DATA", None, depth + 1))
        else:
            parts += _token_parts(walk, message.exchange, span.start, span.end, depth + 1)
    return parts


def _inner_parts(walk: DerWalk, part: Part, leaves: Sequence[Leaf]) -> list[Part]:
    """What is in the OCTET STRINGs of a part: the token inside, and values of typed holes."""
    raw = walk.data
    inner = None if part.token is None else part.token.inner
    parts: list[Part] = []
    number = 0  # the latest type of a hole; its value comes right behind
    for leaf in leaves:
        name = leaf.path.rpartition(".")[2]
        start, stop = leaf.start, leaf.stop
        hole = None
        if name in ("padata-type", "armor-type"):
            number = int.from_bytes(raw[start:stop], signed=True)
        elif start == stop:
            continue  # padata of an error have no value where they only offer
        elif name in ("mechToken", "responseToken") and inner is not None:
            parts += _token_parts(walk, inner, start, stop, part.depth + 1)
        elif name == "padata-value":
            hole = (padata.IN_REQUESTS if part.request else padata.IN_REPLIES).get(number)
        elif name == "armor-value" and number == padata.FX_FAST_ARMOR_AP_REQUEST:
            hole = padata.IN_REQUESTS[1]
        elif name == "e-data":
            hole = padata.e_data(raw[start:stop])
        if hole is not None:
            path = f"{leaf.path}.{hole[0]}"
            parts.append(Part(hole[1], start, stop, path, None, part.depth + 1, part.request))
    return parts
