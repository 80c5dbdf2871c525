"""The types that Kerberos messages are made of, as schemas for showing their fields.

Spec: RFC 4120 5.2-5.3, 5.5.1 and appendix A.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from dissectors.codes.krb_addr_type import KRB_ADDR_TYPE
from dissectors.codes.krb_cksumtype import KRB_CKSUMTYPE, UNKEYED
from dissectors.codes.krb_etype import KRB_ETYPE
from dissectors.codes.krb_name_type import KRB_NAME_TYPE
from dissectors.der import Reader
from dissectors.der_values import string_text
from dissectors.tokens.asn1_leaves import (
    INTEGER,
    OCTETS,
    SECRET,
    TEXT,
    Leaf,
    Shown,
    bits,
    number,
    quantity,
)
from dissectors.tokens.asn1_nodes import ByMember, ListOf, Members
from dissectors.visible import visible

AP_OPTIONS = {0: "reserved", 1: "use-session-key", 2: "mutual-required"}

MESSAGE_TYPES = {
    10: "AS-REQ",
    11: "AS-REP",
    12: "TGS-REQ",
    13: "TGS-REP",
    14: "AP-REQ",
    15: "AP-REP",
    16: "TGT-REQ",
    17: "TGT-REP",
    20: "KRB-SAFE",
    21: "KRB-PRIV",
    22: "KRB-CRED",
    30: "KRB-ERROR",
}

_RODC_SHIFT = 16
_NAME_PARTS = 16  # of a principal that are joined
_NETBIOS_LENGTH = 16


# -- leaves ----------------------------------------------------------------------------------------


def _key_version(value: int) -> str:
    """A read-only domain controller puts its own number into the upper half of its keys' versions."""
    rodc, version = divmod(value & 0xFFFFFFFF, 1 << _RODC_SHIFT)
    return f"{value} (key {version} of RODC {rodc})" if rodc else str(value)


def _microseconds(value: int) -> str:
    return f"{value} (0.{value:06} s)" if 0 <= value < 1_000_000 else str(value)


def _ip_address(content: bytes) -> Shown:
    if len(content) not in (4, 16):
        return OCTETS.show(content)
    text = str(IPv4Address(content) if len(content) == 4 else IPv6Address(content))
    return text, text


def _netbios(content: bytes) -> Shown:
    """A NetBIOS name, padded to 15 octets, and its suffix."""
    if len(content) != _NETBIOS_LENGTH:
        return OCTETS.show(content)
    name = string_text(content[:-1]).rstrip(" \0") + f"<{content[-1]:02x}>"
    return name, visible(name)


_IP = Leaf(_ip_address)
ETYPE = number(KRB_ETYPE)
KEY_VERSION = quantity(_key_version)
MICROSECONDS = quantity(_microseconds)
VERSION = ("pvno", INTEGER)
MESSAGE_TYPE = ("msg-type", number(MESSAGE_TYPES))
FLAGS = bits({})


# -- constructed types -----------------------------------------------------------------------------


def principal_text(content: bytes) -> str:
    """Name in a PrincipalName's content, its parts joined by slashes; "" if there is none."""
    reader = Reader(content)
    for element in reader.children(0, len(content), 2):
        if element[0] != 0xA1:
            continue
        inner = reader.read(element[1], element[2])
        parts = reader.children(inner[1], inner[2], _NAME_PARTS) if inner is not None else []
        return visible("/".join(string_text(content[part[1] : part[2]]) for part in parts))
    return ""


PRINCIPAL = Members(
    {0: ("name-type", number(KRB_NAME_TYPE)), 1: ("name-string", ListOf(TEXT))},
    about=principal_text,
)
ENCRYPTED = Members(
    {0: ("etype", ETYPE), 1: ("kvno", KEY_VERSION), 2: ("cipher", SECRET)}, hidden=True
)
TICKET = Members(
    {
        0: ("tkt-vno", INTEGER),
        1: ("realm", TEXT),
        2: ("sname", PRINCIPAL),
        3: ("enc-part", ENCRYPTED),
    }
)
CHECKSUM = Members(
    {
        0: ("cksumtype", number(KRB_CKSUMTYPE)),
        1: ("checksum", ByMember(0, dict.fromkeys(UNKEYED, OCTETS), SECRET)),
    },
    hidden=True,
)
ADDRESS = Members(
    {
        0: ("addr-type", number(KRB_ADDR_TYPE)),
        1: ("address", ByMember(0, {2: _IP, 20: Leaf(_netbios), 24: _IP})),
    }
)
ADDRESSES = ListOf(ADDRESS)
AP_REQ = Members(
    {
        0: VERSION,
        1: MESSAGE_TYPE,
        2: ("ap-options", bits(AP_OPTIONS)),
        3: ("ticket", TICKET),
        4: ("authenticator", ENCRYPTED),
    }
)
