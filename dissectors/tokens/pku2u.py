"""What PKU2U says in the META_DATA messages of NegoEx: whom it trusts, and for whom it asks.

    SEQUENCE { [0] SEQUENCE OF ExternalPrincipalIdentifier    certifiers that the sender accepts
               [1] SEQUENCE { [0] Realm  [1] PrincipalName }  the initiator's target }

No specification that is public has these two; they are read as Windows sends them.

Spec: RFC 4556 3.2.1 (ExternalPrincipalIdentifier), RFC 4120 5.2.2 (PrincipalName), X.501 9.2 (Name).
Not handled: issuerAndSerialNumber and subjectKeyIdentifier, shown as octets.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.der import OCTET_STRING, OID, SEQUENCE, Element, Member, Reader
from dissectors.der_values import oid_text, string_text
from dissectors.span import Field
from dissectors.tokens.asn1_fields import record
from dissectors.tokens.asn1_leaves import OCTETS, TEXT, Leaf, Shown
from dissectors.tokens.asn1_nodes import ListOf, Members
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.kerberos_parts import read_principal
from dissectors.tokens.kerberos_types import PRINCIPAL
from dissectors.tokens.model import NegoexMessage, Pku2uMetaData
from dissectors.visible import visible

CERTIFIER_LIMIT = 64
"""Certifiers read from one message."""

_Values = tuple[tuple[str, ...], str | None, str | None]
"""Certifiers, realm and service name."""

_REMEMBERED = 256  # bytes of meta-data that are worth remembering
_META_DATA = frozenset({2, 3})  # MessageType
_IMPLICIT_NAME = 0x80
_BMP_STRING = 0x1E
_PART_LIMIT = 32  # attributes shown of one name
_ATTRIBUTES = {
    "2.5.4.3": "CN",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.25": "DC",
}


def is_meta_data(content: bytes, message: NegoexMessage) -> bool:
    """Tell whether these are PKU2U's meta-data, by the message that carries them and their first octet."""
    if message.message_type not in _META_DATA or message.schemes != ("pku2u",):
        return False
    return content[0] == SEQUENCE


def read_meta_data(
    content: bytes, fields: list[Field] | None = None, base: int = 0, path: str = ""
) -> Pku2uMetaData:
    """Read the meta-data that fill `content`; with `fields`, write their tree, as tokens do."""
    known = None
    if fields is None and len(content) <= _REMEMBERED:
        known = _plain_meta_data(content)
    if known is None:
        reader = Asn1Reader(content, base, fields, path)
        known = _read(reader)
        findings = reader.findings()
    else:
        findings = ()
    certifiers, realm, sname = known
    return Pku2uMetaData(
        raw=content, anomalies=findings, trusted_certifiers=certifiers, realm=realm, sname=sname
    )


@lru_cache(maxsize=128)
def _plain_meta_data(content: bytes) -> _Values | None:
    """Read meta-data without any oddity; None if there is one. Every host sends the same all the time."""
    reader = Asn1Reader(content)
    values = _read(reader)
    return None if reader.findings() else values


def _read(reader: Asn1Reader) -> _Values:
    sequence = reader.outermost()
    if sequence is None:
        return (), None, None
    found = reader.members(sequence[1], sequence[2])
    values = (_certifiers(reader, found.get(0)), *_target(reader, found.get(1)))
    record(reader, sequence, "META_DATA", _SCHEMA)
    return values


def _certifiers(reader: Asn1Reader, member: Member | None) -> tuple[str, ...]:
    """Subject names of the certifiers that have one."""
    if member is None:
        return ()
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, "trusted certifiers")
        return ()
    names = []
    for element in reader.children(start, stop, CERTIFIER_LIMIT):
        name = reader.members(element[1], element[2]).get(0)
        if name is not None and name[0] in (_IMPLICIT_NAME, OCTET_STRING):
            names.append(name_text(reader.data[name[1] : name[2]]))
    return tuple(names)


def _target(reader: Asn1Reader, member: Member | None) -> tuple[str | None, str | None]:
    if member is None:
        return None, None
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, "the target")
        return None, None
    found = reader.members(start, stop)
    return reader.text(found.get(0), "realm"), read_principal(reader, found.get(1), "sname")


def name_text(name: bytes) -> str:
    """Text of a DER Name, `CN=Token Signing Public Key`; what is none is told by its length."""
    reader = Reader(name)
    outer = reader.read(0, len(name))
    parts = []
    for relative in reader.children(*outer[1:3], _PART_LIMIT) if outer is not None else ():
        for attribute in reader.children(*relative[1:3], _PART_LIMIT):
            pair = reader.children(*attribute[1:3], 2)
            if len(pair) == 2 and pair[0][0] == OID:
                parts.append(_attribute_text(name, *pair))
    return ", ".join(parts[:_PART_LIMIT]) or f"<{len(name)} bytes>"


def _attribute_text(name: bytes, kind: Element, value: Element) -> str:
    dotted = oid_text(name[kind[1] : kind[2]]) or "?"
    octets = name[value[1] : value[2]]
    wide = value[0] == _BMP_STRING
    text = octets.decode("utf-16-be", "backslashreplace") if wide else string_text(octets)
    return f"{_ATTRIBUTES.get(dotted, dotted)}={text}"


def _show_name(content: bytes) -> Shown:
    text = name_text(content)
    return text, visible(text)


_IDENTIFIER = Members(
    {
        0: ("subjectName", Leaf(_show_name)),
        1: ("issuerAndSerialNumber", OCTETS),
        2: ("subjectKeyIdentifier", OCTETS),
    }
)
_SCHEMA = Members(
    {
        0: ("trustedCertifiers", ListOf(_IDENTIFIER, CERTIFIER_LIMIT)),
        1: ("target", Members({0: ("realm", TEXT), 1: ("sname", PRINCIPAL)})),
    }
)
