"""Types that Kerberos' messages are made of.

Spec: RFC 4120 5.2 (basic types), 5.3 (Ticket), appendix A.
"""

from __future__ import annotations

from typing import ClassVar

from pyasn1.type import char, univ, useful

from dissectors.tokens.asn1.notation import (
    application,
    optional,
    required,
    sequence,
    sequence_of,
)


class Int32(univ.Integer):
    """Signed 32 bits."""

    bounds: ClassVar[tuple[int, int]] = (-(1 << 31), (1 << 31) - 1)


class UInt32(univ.Integer):
    """Unsigned 32 bits."""

    bounds: ClassVar[tuple[int, int]] = (0, (1 << 32) - 1)


class Microseconds(univ.Integer):
    """Less than a second."""

    bounds: ClassVar[tuple[int, int]] = (0, 999_999)


class ProtocolVersion(univ.Integer):
    """Always 5."""

    bounds: ClassVar[tuple[int, int]] = (5, 5)


class KerberosFlags(univ.BitString):
    """BIT STRING (SIZE (32..MAX)): trailing zero bits are sent up to the 32nd."""

    sizes: ClassVar[tuple[int, int | None]] = (32, None)


class KerberosString(char.GeneralString):
    """GeneralString (IA5String)."""

    IA5String: ClassVar[bool] = True


class KerberosTime(useful.GeneralizedTime):
    """GeneralizedTime in UTC without fractions."""

    whole_seconds: ClassVar[bool] = True


Realm = KerberosString()

PrincipalName = sequence(
    required("name-type", 0, Int32()),
    required("name-string", 1, sequence_of(KerberosString())),
)
EncryptedData = sequence(
    required("etype", 0, Int32()),
    optional("kvno", 1, UInt32()),
    required("cipher", 2, univ.OctetString()),
)
EncryptionKey = sequence(
    required("keytype", 0, Int32()),
    required("keyvalue", 1, univ.OctetString()),
)
Checksum = sequence(
    required("cksumtype", 0, Int32()),
    required("checksum", 1, univ.OctetString()),
)
HostAddress = sequence(
    required("addr-type", 0, Int32()),
    required("address", 1, univ.OctetString()),
)
HostAddresses = sequence_of(HostAddress)
AuthorizationData = sequence_of(
    sequence(
        required("ad-type", 0, Int32()),
        required("ad-data", 1, univ.OctetString()),
    )
)
Ticket = application(
    1,
    sequence(
        required("tkt-vno", 0, ProtocolVersion()),
        required("realm", 1, Realm),
        required("sname", 2, PrincipalName),
        required("enc-part", 3, EncryptedData),
    ),
)
PA_DATA = sequence(
    required("padata-type", 1, Int32()),
    required("padata-value", 2, univ.OctetString()),
)
METHOD_DATA = sequence_of(PA_DATA)
TYPED_DATA = sequence_of(
    sequence(
        required("data-type", 0, Int32()),
        optional("data-value", 1, univ.OctetString()),
    ),
    non_empty=True,
)
