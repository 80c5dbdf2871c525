"""What stands in the clear in pre-authentication data, as schemas for showing its fields.

Values of PA-FX-FAST and PA-SPAKE differ between requests and answers; FAST hides the padata that count.

Spec: RFC 4120 5.2.7 and 7.5.2, RFC 4556 3.2, RFC 6113 5.2-5.4, RFC 9588 4, RFC 6806 11, MS-KILE 2.2.3-2.2.13,
MS-SFU 2.2.1-2.2.2.
Not handled: values of PA-SAM-*, PA-OTP-*, PA-EPAK-* and PA-PKU2U-NAME, and CMS in PKINIT, which stay octets.
"""

from __future__ import annotations

from dissectors.codes.krb_padata import KRB_PADATA, krb_padata_name
from dissectors.der import SEQUENCE, Reader
from dissectors.der_values import integer
from dissectors.tokens.asn1_leaves import (
    BOOLEAN,
    INTEGER,
    OCTETS,
    OPAQUE,
    SECRET,
    TEXT,
    Leaf,
    Shown,
    bits,
    mask,
    number,
)
from dissectors.tokens.asn1_nodes import ByContent, ByMember, Inside, ListOf, Members, Node
from dissectors.tokens.kerberos_e_data import EXT_ERROR, is_ext_error
from dissectors.tokens.kerberos_types import AP_REQ, CHECKSUM, ENCRYPTED, ETYPE, PRINCIPAL

PAC_OPTIONS = {
    0: "Claims",
    1: "Branch Aware",
    2: "Forward to Full DC",
    3: "Resource-based Constrained Delegation",
}
SUPPORTED_ENCTYPES = {
    0x1: "DES-CBC-CRC",
    0x2: "DES-CBC-MD5",
    0x4: "RC4-HMAC",
    0x8: "AES128-CTS-HMAC-SHA1-96",
    0x10: "AES256-CTS-HMAC-SHA1-96",
    0x20: "AES256-CTS-HMAC-SHA1-96-SK",
    0x10000: "FAST-supported",
    0x20000: "Compound-identity-supported",
    0x40000: "Claims-supported",
    0x80000: "Resource-SID-compression-disabled",
}
S4U_OPTIONS = {1: "check-logon-hour-restrictions", 2: "use-reply-key-usage"}
ARMOR_TYPES = {1: "FX_FAST_ARMOR_AP_REQUEST"}
SPAKE_GROUPS = {1: "edwards25519", 2: "P-256", 3: "P-384", 4: "P-521"}
SPAKE_FACTORS = {1: "SF-NONE"}

_ITERATIONS = 4  # octets of AES' parameters


# -- values that are no DER ------------------------------------------------------------------------


def _salt(content: bytes) -> Node:
    """A salt, or Windows' error in the place of one."""
    return EXT_ERROR if is_ext_error(content) else Leaf(TEXT.show)


def _s2kparams(content: bytes) -> Shown:
    """Iterations for AES; other types have their own."""
    if len(content) != _ITERATIONS:
        return OCTETS.show(content)
    return content, f"{content.hex()} ({int.from_bytes(content)} iterations)"


# -- ETYPE-INFO ------------------------------------------------------------------------------------

_ETYPE_INFO = ListOf(Members({0: ("etype", ETYPE), 1: ("salt", Leaf(TEXT.show))}))
_ETYPE_INFO2 = ListOf(
    Members({0: ("etype", ETYPE), 1: ("salt", TEXT), 2: ("s2kparams", Leaf(_s2kparams))})
)

# -- S4U and other requests ------------------------------------------------------------------------

_FOR_USER = Members(
    {
        0: ("userName", PRINCIPAL),
        1: ("userRealm", TEXT),
        2: ("cksum", CHECKSUM),
        3: ("auth-package", TEXT),
    }
)
_S4U_USER_ID = Members(
    {
        0: ("nonce", INTEGER),
        1: ("cname", PRINCIPAL),
        2: ("crealm", TEXT),
        3: ("subject-certificate", OPAQUE),
        4: ("options", bits(S4U_OPTIONS)),
    }
)
_S4U_X509_USER = Members({0: ("user-id", _S4U_USER_ID), 1: ("checksum", CHECKSUM)})
_PAC_REQUEST = Members({0: ("include-pac", BOOLEAN)})
_PAC_OPTIONS = Members({0: ("flags", bits(PAC_OPTIONS))})
_SUPERSEDED = Members({0: ("name", PRINCIPAL), 1: ("realm", TEXT)})

# -- FAST ------------------------------------------------------------------------------------------

_ARMOR = Members(
    {
        0: ("armor-type", number(ARMOR_TYPES)),
        1: ("armor-value", ByMember(0, {1: Inside({0x6E: ("AP-REQ", AP_REQ)})})),
    }
)
_ARMORED_REQ = Members(
    {0: ("armor", _ARMOR), 1: ("req-checksum", CHECKSUM), 2: ("enc-fast-req", ENCRYPTED)}
)
_ARMORED_REP = Members({0: ("enc-fast-rep", ENCRYPTED)})
_AUTHENTICATION_SET = ListOf(
    Members({0: ("pa-type", number(KRB_PADATA)), 1: ("pa-hint", OCTETS), 2: ("pa-value", OCTETS)})
)

# -- PKINIT and SPAKE ------------------------------------------------------------------------------

_PK_AS_REQ = Members(
    {0: ("signedAuthPack", OPAQUE), 1: ("trustedCertifiers", OPAQUE), 2: ("kdcPkId", OPAQUE)}
)
_DH_REP_INFO = Members(
    {0: ("dhSignedData", OPAQUE), 1: ("serverDHNonce", OCTETS), 2: ("kdf", OPAQUE)}
)
_PK_AS_REP = Inside(
    {0xA0: ("dhInfo", _DH_REP_INFO), 0x81: ("encKeyPack", OPAQUE), 0xA1: ("encKeyPack", OPAQUE)},
    OPAQUE,
)
_GROUP = number(SPAKE_GROUPS)
_FACTOR = Members({0: ("type", number(SPAKE_FACTORS)), 1: ("data", OCTETS)})
_SPAKE = Inside(
    {
        0xA0: ("support", Members({0: ("groups", ListOf(_GROUP))})),
        0xA1: (
            "challenge",
            Members({0: ("group", _GROUP), 1: ("pubkey", OCTETS), 2: ("factors", ListOf(_FACTOR))}),
        ),
        0xA2: ("response", Members({0: ("pubkey", OCTETS), 1: ("factor", ENCRYPTED)})),
        0xA3: ("encdata", ENCRYPTED),
    },
    SECRET,
)


# -- PA-DATA ---------------------------------------------------------------------------------------


def _sequence(name: str, node: Node, other: Leaf = OCTETS) -> Inside:
    """An OCTET STRING with a SEQUENCE inside."""
    return Inside({SEQUENCE: (name, node)}, other)


_ENCRYPTED_INSIDE = _sequence("EncryptedData", ENCRYPTED, SECRET)

_VALUES: dict[int, Node] = {
    1: Inside({0x6E: ("AP-REQ", AP_REQ)}, SECRET),
    2: _ENCRYPTED_INSIDE,
    3: ByContent(_salt),
    5: SECRET,
    10: Leaf(TEXT.show),
    11: _sequence("ETYPE-INFO", _ETYPE_INFO),
    13: SECRET,
    16: _sequence("PA-PK-AS-REQ", _PK_AS_REQ, OPAQUE),
    17: _PK_AS_REP,
    19: _sequence("ETYPE-INFO2", _ETYPE_INFO2),
    31: SECRET,
    128: _sequence("KERB-PA-PAC-REQUEST", _PAC_REQUEST),
    129: _sequence("PA-FOR-USER", _FOR_USER),
    130: _sequence("PA-S4U-X509-USER", _S4U_X509_USER),
    134: _sequence("PA-AUTHENTICATION-SET", _AUTHENTICATION_SET),
    138: _ENCRYPTED_INSIDE,
    142: SECRET,
    143: SECRET,
    144: SECRET,
    147: _ENCRYPTED_INSIDE,
    149: _sequence("Checksum", CHECKSUM, SECRET),
    151: _SPAKE,
    161: _sequence("KERB-KEY-LIST-REQ", ListOf(ETYPE)),
    162: SECRET,
    165: mask(SUPPORTED_ENCTYPES),
    166: EXT_ERROR,
    167: _sequence("PA-PAC-OPTIONS", _PAC_OPTIONS),
    170: _sequence("KERB-SUPERSEDED-BY-USER", _SUPERSEDED),
    171: SECRET,
}
"""Types of padata-value by padata-type; the others are octets."""


def _armored(node: Members) -> Inside:
    return Inside({0xA0: ("armored-data", node)}, SECRET)


def padata_text(content: bytes) -> str:
    """Name of a PA-DATA, from its content; "" if its type cannot be read."""
    reader = Reader(content)
    element = reader.read(0, len(content))
    inner = reader.read(element[1], element[2]) if element is not None else None
    value = integer(content[inner[1] : inner[2]]) if inner is not None else None
    return "" if value is None else krb_padata_name(value)


def _pa_data(values: dict[int, Node]) -> Members:
    members: dict[int, tuple[str, Node]] = {
        1: ("padata-type", number(KRB_PADATA)),
        2: ("padata-value", ByMember(1, values)),
    }
    return Members(members, about=padata_text)


PADATA_OF_REQUEST = ListOf(_pa_data({**_VALUES, 136: _armored(_ARMORED_REQ)}))
PADATA_OF_REPLY = ListOf(_pa_data({**_VALUES, 136: _armored(_ARMORED_REP)}))
