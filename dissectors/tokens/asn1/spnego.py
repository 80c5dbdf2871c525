"""SPNEGO's module: what the two sides of a negotiation say.

    NegotiationToken ::= CHOICE {
        negTokenInit  [0] NegTokenInit,        -- NegTokenInit2 in a message of the acceptor
        negTokenResp  [1] NegTokenResp }

An Init token travels in the frame of GSS-API, whose content is ASN.1 all through only here.

Spec: RFC 4178 4.2 and appendix A (EXPLICIT TAGS), MS-SPNG 2.2.1 (NegTokenInit2), 3.1.5.4 (Late
Fallback; the tag of its mechTypes is not public), RFC 2743 3.1.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pyasn1.type import char, namedtype, univ

from dissectors.tokens.asn1.notation import (
    explicit,
    implicit_application,
    optional,
    required,
    sequence,
    sequence_of,
    values,
)
from dissectors.tokens.spnego import CONTEXT_FLAGS, NEG_STATES


class ContextFlags(univ.BitString):
    """ContextFlags, `SIZE (32)` since RFC 4178."""

    namedValues = values(CONTEXT_FLAGS)  # noqa: N815 - pyasn1's own name
    sizes: ClassVar[tuple[int, int | None]] = (32, 32)


MechType = univ.ObjectIdentifier()
MechTypeList = sequence_of(MechType)
NegState = univ.Enumerated(namedValues=values(NEG_STATES))
NegHints = sequence(
    optional("hintName", 0, char.GeneralString()),
    optional("hintAddress", 1, univ.OctetString()),
)
NegTokenInit = sequence(
    required("mechTypes", 0, MechTypeList),
    optional("reqFlags", 1, ContextFlags()),
    optional("mechToken", 2, univ.OctetString()),
    optional("mechListMIC", 3, univ.OctetString()),
    extensible=True,
)
NegTokenInit2 = sequence(
    optional("mechTypes", 0, MechTypeList),
    optional("reqFlags", 1, ContextFlags()),
    optional("mechToken", 2, univ.OctetString()),
    optional("negHints", 3, NegHints),
    optional("mechListMIC", 4, univ.OctetString()),
    extensible=True,
)
NegTokenResp = sequence(
    optional("negState", 0, NegState),
    optional("supportedMech", 1, MechType),
    optional("responseToken", 2, univ.OctetString()),
    optional("mechListMIC", 3, univ.OctetString()),
    optional("mechTypes", 4, MechTypeList),  # Late Fallback
    extensible=True,
)


def _framed(token: Any) -> Any:
    """InitialContextToken, `[APPLICATION 0] IMPLICIT SEQUENCE`, around an alternative of the CHOICE."""
    return implicit_application(
        0,
        sequence(
            namedtype.NamedType("thisMech", MechType),
            namedtype.NamedType("innerContextToken", token),
        ),
    )


BARE_INIT = explicit(0, NegTokenInit)
BARE_INIT_2 = explicit(0, NegTokenInit2)
BARE_RESP = explicit(1, NegTokenResp)
FRAMED_INIT = _framed(BARE_INIT)
FRAMED_INIT_2 = _framed(BARE_INIT_2)
FRAMED_RESP = _framed(BARE_RESP)
"""Not allowed, but seen: a reply in the frame of a first token."""
