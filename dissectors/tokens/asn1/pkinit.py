"""PKINIT's outer types: how certificates prove a client to a KDC, or to a peer in PKU2U.

Spec: RFC 4556 3.2.1, 3.2.3 and appendix A, RFC 8636 4 (kdf).
Not handled: the CMS content (AuthPack, KDCDHKeyInfo, ReplyKeyPack), opaque here.
"""

from __future__ import annotations

from pyasn1.type import namedtype, univ

from dissectors.tokens.asn1.notation import (
    choice,
    explicit,
    implicit,
    optional,
    sequence,
    sequence_of,
)


def _optional_octets(name: str, number: int) -> namedtype.NamedType:
    return namedtype.OptionalNamedType(name, implicit(number, univ.OctetString()))


ExternalPrincipalIdentifier = sequence(
    _optional_octets("subjectName", 0),
    _optional_octets("issuerAndSerialNumber", 1),
    _optional_octets("subjectKeyIdentifier", 2),
    extensible=True,
)
PA_PK_AS_REQ = sequence(
    namedtype.NamedType("signedAuthPack", implicit(0, univ.OctetString())),
    optional("trustedCertifiers", 1, sequence_of(ExternalPrincipalIdentifier)),
    _optional_octets("kdcPkId", 2),
    extensible=True,
)
DHRepInfo = sequence(
    namedtype.NamedType("dhSignedData", implicit(0, univ.OctetString())),
    optional("serverDHNonce", 1, univ.OctetString()),
    optional("kdf", 2, sequence(optional("kdf-id", 0, univ.ObjectIdentifier()), extensible=True)),
    extensible=True,
)
PA_PK_AS_REP = choice(
    namedtype.NamedType("dhInfo", explicit(0, DHRepInfo)),
    namedtype.NamedType("encKeyPack", implicit(1, univ.OctetString())),
    extensible=True,
)
