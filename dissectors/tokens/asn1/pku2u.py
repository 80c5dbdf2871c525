"""PKU2U's own types: which name an initiator claims, and which certifiers a peer trusts.

The meta-data that NegoEx carries for PKU2U is written down nowhere public; here is what Windows sends:

    SEQUENCE { [0] SEQUENCE OF ExternalPrincipalIdentifier }

with the subject names of certificates it accepts ("Token Signing Public Key").

Spec: draft-zhu-pku2u-09 6.1 (InitiatorNameAssertion), 6.3 (KRB-FINISHED), RFC 4556 3.2.1
(ExternalPrincipalIdentifier).
Not handled: GeneralName, opaque here; a name for the meta-data's member, which is ours.
"""

from __future__ import annotations

from pyasn1.type import namedtype, univ

from dissectors.tokens.asn1.kerberos_types import Checksum, Int32
from dissectors.tokens.asn1.notation import choice, optional, required, sequence, sequence_of
from dissectors.tokens.asn1.pkinit import ExternalPrincipalIdentifier

InitiatorName = choice(
    namedtype.NamedType("sanIndex", Int32()),
    required("nameNotInCert", 0, univ.Any()),  # a GeneralName
    extensible=True,
)
TargetName = choice(
    namedtype.NamedType("exportedTargName", univ.OctetString()),
    required("generalName", 0, univ.Any()),
    extensible=True,
)
InitiatorNameAssertion = sequence(
    optional("initiatorName", 0, InitiatorName),
    optional("targetName", 1, TargetName),
    extensible=True,
)
KRB_FINISHED = sequence(required("gss-mic", 1, Checksum), extensible=True)

META_DATA = sequence(
    optional("trustedCertifiers", 0, sequence_of(ExternalPrincipalIdentifier)),
    extensible=True,
)
