"""What stands in Kerberos' typed holes: values of pre-authentication data and of an error's e-data.

Spec: RFC 4120 5.2.7, 5.9.1 (PA-DATA, e-data), RFC 6113 5.4 (FAST), RFC 6560 (none of it), MS-KILE
2.2.2-2.2.3, 2.2.10 (KERB-ERROR-DATA, PA-PAC-REQUEST, PA-PAC-OPTIONS), MS-SFU 2.2.1-2.2.2 (S4U),
RFC 4556 3.2 (PKINIT, its CMS content left closed), draft-zhu-pku2u 6.1 (PA-PKU2U-NAME).
Not handled: SAM, OTP and SPAKE.
"""

from __future__ import annotations

from typing import Any

from pyasn1.type import univ

from dissectors.tokens.asn1.kerberos import AP_REQ
from dissectors.tokens.asn1.kerberos_types import (
    METHOD_DATA,
    TYPED_DATA,
    Checksum,
    EncryptedData,
    Int32,
    KerberosFlags,
    KerberosString,
    KerberosTime,
    Microseconds,
    PrincipalName,
    Realm,
    UInt32,
)
from dissectors.tokens.asn1.notation import (
    choice,
    optional,
    required,
    sequence,
    sequence_of,
    values,
)
from dissectors.tokens.asn1.pkinit import PA_PK_AS_REP, PA_PK_AS_REQ
from dissectors.tokens.asn1.pku2u import InitiatorNameAssertion

PA_ENC_TS_ENC = sequence(
    required("patimestamp", 0, KerberosTime()),
    optional("pausec", 1, Microseconds()),
)
ETYPE_INFO = sequence_of(
    sequence(
        required("etype", 0, Int32()),
        optional("salt", 1, univ.OctetString()),
        optional("salttype", 2, Int32()),  # never in RFC 4120, sent by old KDCs
    )
)
ETYPE_INFO2 = sequence_of(
    sequence(
        required("etype", 0, Int32()),
        optional("salt", 1, KerberosString()),
        optional("s2kparams", 2, univ.OctetString()),
    ),
    non_empty=True,
)

# -- MS-KILE, MS-SFU -------------------------------------------------------------------------------


class PacOptions(KerberosFlags):
    """Flags of PA-PAC-OPTIONS."""

    namedValues = values(  # noqa: N815
        {
            0: "claims",
            1: "branch-aware",
            2: "forward-to-full-dc",
            3: "resource-based-constrained-delegation",
        }
    )


KERB_ERROR_DATA = sequence(
    required("data-type", 1, univ.Integer()),
    optional("data-value", 2, univ.OctetString()),
)
KERB_PA_PAC_REQUEST = sequence(required("include-pac", 0, univ.Boolean()))
PA_PAC_OPTIONS = sequence(required("flags", 0, PacOptions()))
PA_FOR_USER = sequence(
    required("userName", 0, PrincipalName),
    required("userRealm", 1, Realm),
    required("cksum", 2, Checksum),
    required("auth-package", 3, KerberosString()),
)
PA_S4U_X509_USER = sequence(
    required(
        "user-id",
        0,
        sequence(
            required("nonce", 0, UInt32()),
            optional("cname", 1, PrincipalName),
            required("crealm", 2, Realm),
            optional("subject-certificate", 3, univ.OctetString()),
            optional("options", 4, univ.BitString()),
            extensible=True,
        ),
    ),
    required("checksum", 1, Checksum),
)

# -- FAST ------------------------------------------------------------------------------------------

KrbFastArmor = sequence(
    required("armor-type", 0, Int32()),
    required("armor-value", 1, univ.OctetString()),
    extensible=True,
)
KrbFastArmoredReq = sequence(
    optional("armor", 0, KrbFastArmor),
    required("req-checksum", 1, Checksum),
    required("enc-fast-req", 2, EncryptedData),
)
KrbFastArmoredRep = sequence(required("enc-fast-rep", 0, EncryptedData), extensible=True)
PA_FX_FAST_REQUEST = choice(required("armored-data", 0, KrbFastArmoredReq), extensible=True)
PA_FX_FAST_REPLY = choice(required("armored-data", 0, KrbFastArmoredRep), extensible=True)

# -- the holes -------------------------------------------------------------------------------------

IN_REQUESTS: dict[int, tuple[str, Any]] = {
    1: ("AP-REQ", AP_REQ),
    2: ("EncryptedData", EncryptedData),
    16: ("PA-PK-AS-REQ", PA_PK_AS_REQ),
    128: ("KERB-PA-PAC-REQUEST", KERB_PA_PAC_REQUEST),
    129: ("PA-FOR-USER", PA_FOR_USER),
    130: ("PA-S4U-X509-USER", PA_S4U_X509_USER),
    136: ("PA-FX-FAST-REQUEST", PA_FX_FAST_REQUEST),
    138: ("EncryptedData", EncryptedData),
    148: ("InitiatorNameAssertion", InitiatorNameAssertion),
    167: ("PA-PAC-OPTIONS", PA_PAC_OPTIONS),
}
"""Name and type of a padata-value in a request, by padata-type."""

IN_REPLIES: dict[int, tuple[str, Any]] = {
    11: ("ETYPE-INFO", ETYPE_INFO),
    17: ("PA-PK-AS-REP", PA_PK_AS_REP),
    19: ("ETYPE-INFO2", ETYPE_INFO2),
    130: ("PA-S4U-X509-USER", PA_S4U_X509_USER),
    136: ("PA-FX-FAST-REPLY", PA_FX_FAST_REPLY),
    138: ("EncryptedData", EncryptedData),
    167: ("PA-PAC-OPTIONS", PA_PAC_OPTIONS),
}
"""The same in a reply and in the METHOD-DATA of an error."""

FX_FAST_ARMOR_AP_REQUEST = 1


def e_data(content: bytes) -> tuple[str, Any] | None:
    """Name and type of an error's e-data, told by its first octets; None if it is none of these."""
    if len(content) < 3 or content[0] != 0x30:
        return None
    at = 2 + (content[1] & 0x7F if content[1] > 0x7F else 0)
    if content[at : at + 1] == b"\xa1":
        return "KERB-ERROR-DATA", KERB_ERROR_DATA
    if content[at : at + 1] != b"\x30" or at + 1 >= len(content):
        return None
    length = content[at + 1]
    at += 2 + (length & 0x7F if length > 0x7F else 0)
    if content[at : at + 1] == b"\xa0":
        return "TYPED-DATA", TYPED_DATA
    return "METHOD-DATA", METHOD_DATA
