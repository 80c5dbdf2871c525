"""SPNEGO's ASN.1 modules as a pyasn1 schema, and the strict reading of a token by them.

The tolerant reading (`spnego`) says what a token means, this one whether it is what the modules
and DER allow. It costs some ten times as much, so it runs where one token is shown or tested, never
in a pipeline. Import this module late: pyasn1 is not cheap to load either.

    NegotiationToken ::= CHOICE {
        negTokenInit  [0] NegTokenInit,        -- NegTokenInit2 in a message of the acceptor
        negTokenResp  [1] NegTokenResp }

Spec: RFC 4178 4.2 and appendix A (EXPLICIT TAGS), MS-SPNG 2.2.1 (NegTokenInit2), RFC 2743 3.1.
"""

from __future__ import annotations

from typing import Any

from pyasn1.codec.ber import encoder
from pyasn1.codec.der import decoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import char, namedtype, namedval, tag, univ

from dissectors.anomaly import Anomaly
from dissectors.span import Span
from dissectors.tokens.model import NegTokenInit, NegTokenInit2, NegTokenResp, Token
from dissectors.tokens.spnego import CONTEXT_FLAGS, NEG_STATES

# -- the schema ------------------------------------------------------------------------------------


def _tagged(number: int, kind: Any) -> Any:
    """`kind` under the EXPLICIT context tag `number`."""
    outer = tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, number)
    return kind.subtype(explicitTag=outer)


def _sequence(*members: tuple[str, Any], mandatory: int = 0) -> Any:
    """SEQUENCE of context-tagged members, numbered from 0; all but the first few OPTIONAL."""
    named = [
        (namedtype.NamedType if number < mandatory else namedtype.OptionalNamedType)(
            name, _tagged(number, kind)
        )
        for number, (name, kind) in enumerate(members)
    ]
    return univ.Sequence(componentType=namedtype.NamedTypes(*named))


def _framed(token: Any) -> Any:
    """InitialContextToken, `[APPLICATION 0] IMPLICIT SEQUENCE`, around an Init token."""
    frame = univ.Sequence(
        componentType=namedtype.NamedTypes(
            namedtype.NamedType("thisMech", univ.ObjectIdentifier()),
            namedtype.NamedType("innerContextToken", _tagged(0, token)),
        )
    )
    application = tag.Tag(tag.tagClassApplication, tag.tagFormatConstructed, 0)
    return frame.subtype(implicitTag=application)  # type: ignore[no-untyped-call]


def _names(names: dict[int, str]) -> namedval.NamedValues:
    return namedval.NamedValues(*((name, number) for number, name in names.items()))


MECH_TYPE_LIST = univ.SequenceOf(componentType=univ.ObjectIdentifier())
CONTEXT_FLAG_BITS = univ.BitString(namedValues=_names(CONTEXT_FLAGS))
NEG_STATE = univ.Enumerated(namedValues=_names(NEG_STATES))
NEG_HINTS = _sequence(
    ("hintName", char.GeneralString()),
    ("hintAddress", univ.OctetString()),
)

NEG_TOKEN_INIT = _framed(
    _sequence(
        ("mechTypes", MECH_TYPE_LIST),
        ("reqFlags", CONTEXT_FLAG_BITS),
        ("mechToken", univ.OctetString()),
        ("mechListMIC", univ.OctetString()),
        mandatory=1,
    )
)
NEG_TOKEN_INIT_2 = _framed(
    _sequence(
        ("mechTypes", MECH_TYPE_LIST),
        ("reqFlags", CONTEXT_FLAG_BITS),
        ("mechToken", univ.OctetString()),
        ("negHints", NEG_HINTS),
        ("mechListMIC", univ.OctetString()),
    )
)
NEG_TOKEN_RESP = _tagged(
    1,
    _sequence(
        ("negState", NEG_STATE),
        ("supportedMech", univ.ObjectIdentifier()),
        ("responseToken", univ.OctetString()),
        ("mechListMIC", univ.OctetString()),
        ("mechTypes", MECH_TYPE_LIST),  # Late Fallback
    ),
)


# -- the strict reading ----------------------------------------------------------------------------


def strict_check(token: Token) -> list[Anomaly]:
    """Where a SPNEGO token departs from its ASN.1 module and from DER; other tokens pass."""
    if isinstance(token, NegTokenInit2):
        spec = NEG_TOKEN_INIT_2
    elif isinstance(token, NegTokenInit):
        spec = NEG_TOKEN_INIT
    elif isinstance(token, NegTokenResp):
        spec = NEG_TOKEN_RESP
    else:
        return []
    raw = token.raw
    if any(anomaly.code.startswith("limit-") for anomaly in token.anomalies):
        # pyasn1 knows no limits: what ours stopped at must not reach it
        return [Anomaly("strict-mismatch", Span(0, len(raw)), "beyond the limits of this reading")]
    try:
        value, rest = decoder.decode(raw, asn1Spec=spec)
        # BER's encoder writes DER for these types; DER's would leave out an empty negHints
        encoded = encoder.encode(value)
    except (PyAsn1Error, ValueError, OverflowError, RecursionError) as error:
        # the message may quote the wire: the kind of error must do
        detail = f"not {token.token_type} by its ASN.1 module ({type(error).__name__})"
        return [Anomaly("strict-mismatch", Span(0, len(raw)), detail)]
    found = []
    end = len(raw) - len(rest)
    if rest:
        found.append(Anomaly("strict-mismatch", Span(end, len(raw)), "bytes after the value"))
    if encoded != raw[:end]:
        at = next(
            (
                i
                for i, (ours, theirs) in enumerate(zip(encoded, raw, strict=False))
                if ours != theirs
            ),
            min(len(encoded), end),
        )
        found.append(Anomaly("strict-mismatch", Span(at, end), "DER writes this otherwise"))
    body = value if spec is NEG_TOKEN_RESP else value["innerContextToken"]
    differing = [name for name, strict, tolerant in _pairs(body, token) if strict != tolerant]
    if differing:
        names = ", ".join(differing)
        found.append(Anomaly("strict-mismatch", Span(0, end), f"read otherwise: {names}"))
    return found


def _pairs(body: Any, token: Token) -> list[tuple[str, Any, Any]]:
    """Each member's name, its strict value and its tolerant one."""
    if isinstance(token, NegTokenResp):
        state = _value(body, "negState", int)
        return [
            ("negState", None if state is None else NEG_STATES.get(state), token.neg_state),
            ("supportedMech", _value(body, "supportedMech", str), token.supported_mech),
            ("responseToken", _value(body, "responseToken", bytes), token.response_token),
            ("mechListMIC", _value(body, "mechListMIC", bytes), token.mech_list_mic),
            ("mechTypes", _value(body, "mechTypes", _oids), token.late_mech_types),
        ]
    assert isinstance(token, NegTokenInit)
    pairs: list[tuple[str, Any, Any]] = [
        ("mechTypes", _value(body, "mechTypes", _oids) or (), token.mech_types),
        ("reqFlags", _value(body, "reqFlags", _flags), token.req_flags),
        ("mechToken", _value(body, "mechToken", bytes), token.mech_token),
        ("mechListMIC", _value(body, "mechListMIC", bytes), token.mech_list_mic),
    ]
    if isinstance(token, NegTokenInit2):
        hints = body["negHints"]
        name = _value(hints, "hintName", bytes) if hints.isValue else None
        address = _value(hints, "hintAddress", bytes) if hints.isValue else None
        text = None if name is None else name.decode("utf-8", "backslashreplace")
        pairs += [
            ("hintName", text, token.hint_name),
            ("hintAddress", address, token.hint_address),
        ]
    return pairs


def _value(body: Any, name: str, convert: Any) -> Any:
    member = body[name]
    return convert(member) if member.isValue else None


def _oids(mechs: Any) -> tuple[str, ...]:
    return tuple(str(mech) for mech in mechs)


def _flags(bits: Any) -> tuple[str, ...]:
    return tuple(
        CONTEXT_FLAGS.get(number, f"bit({number})") for number, bit in enumerate(bits[:32]) if bit
    )
