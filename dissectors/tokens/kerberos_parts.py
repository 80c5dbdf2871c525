"""The parts of Kerberos messages that are read in passing: tickets, encrypted data, names, padata.

    Ticket         61 30  [0] tkt-vno [1] realm [2] sname [3] enc-part
    EncryptedData  30     [0] etype [1] kvno OPTIONAL [2] cipher
    PrincipalName  30     [0] name-type [1] name-string
    PA-DATA        30     [1] padata-type [2] padata-value

Spec: RFC 4120 5.2.2, 5.2.7, 5.2.9, 5.3, RFC 6113 5.4.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.der import OCTET_STRING, SEQUENCE, Member
from dissectors.tokens.asn1_reader import Asn1Reader

NAME_LIMIT = 16
"""Components read of one principal name."""
PADATA_LIMIT = 64
"""Elements read of one list of pre-authentication data."""

Range = tuple[int, int]
"""Where something begins and ends in the reader's data."""
TicketFacts = tuple[str | None, str | None, int | None, int | None, Range | None]
"""Realm, service name, etype, kvno and cipher of a ticket."""
NO_TICKET: TicketFacts = (None, None, None, None, None)

_TICKET = 0x61
_TICKET_VERSION = bytes.fromhex("a003020105")
_PA_FX_FAST = 136
_ARMORED_DATA = b"\xa0"  # armored-data, the only choice of what PA-FX-FAST holds
_REMEMBERED = 128  # bytes of a name that is worth remembering


def read_ticket(reader: Asn1Reader, member: Member | None, pos: int, end: int) -> TicketFacts:
    """What a ticket says in clear; it is missing from the message in `[pos, end)` if there is none."""
    if member is None:
        reader.missing(pos, end, "ticket")
        return NO_TICKET
    tag, start, stop = member
    if tag != _TICKET:
        reader.wrong_tag(tag, start, stop, "ticket")
        return NO_TICKET
    found = reader.sequence(start, stop, "Ticket", _TICKET_VERSION)
    realm = reader.text(found.get(1), "realm")
    sname = read_principal(reader, found.get(2), "sname")
    etype, kvno, cipher = read_encrypted(reader, found.get(3), "enc-part", start, stop)
    return realm, sname, etype, kvno, cipher


def read_encrypted(
    reader: Asn1Reader, member: Member | None, what: str, pos: int, end: int
) -> tuple[int | None, int | None, Range | None]:
    """Etype, kvno and cipher of an EncryptedData; no cipher if it is not all there."""
    if member is None:
        reader.missing(pos, end, what)
        return None, None, None
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, what)
        return None, None, None
    etype, kvno, skip = usual_numbers(reader.data[start : min(start + 10, stop)])
    found = reader.members(start + skip, stop)
    if not skip:
        etype = reader.number(found.get(0), "etype")
        kvno = reader.number(found.get(1), "kvno")
    cipher = found.get(2)
    if cipher is None or cipher[1] in reader.partial:
        return etype, kvno, None
    return etype, kvno, cipher[1:]


@lru_cache(maxsize=1024)
def usual_numbers(head: bytes) -> tuple[int | None, int | None, int]:
    """Etype and kvno in the first octets of an EncryptedData, and how many octets they take.

    Nearly always each has one octet, and the same pairs come again and again. Else all is 0.
    """
    if head[:4] != b"\xa0\x03\x02\x01" or len(head) < 10 or head[4] > 0x7F:
        return None, None, 0
    if head[5] == 0xA2:
        return head[4], None, 5
    if head[5:9] == b"\xa1\x03\x02\x01" and head[9] < 0x80:
        return head[4], head[9], 10
    return None, None, 0


def read_principal(reader: Asn1Reader, member: Member | None, what: str) -> str | None:
    """Components of a PrincipalName joined by slashes; the same few names come again and again."""
    if member is None:
        return None
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, what)
        return None
    if stop - start <= _REMEMBERED:
        known = _plain_name(reader.data[start:stop])
        if known is not None:
            return known
    return _joined(reader, start, stop)


@lru_cache(maxsize=2048)
def _plain_name(content: bytes) -> str | None:
    """Read a PrincipalName without any oddity; None if there is one."""
    reader = Asn1Reader(content)
    name = _joined(reader, 0, len(content))
    return None if reader.findings() else name


def _joined(reader: Asn1Reader, start: int, stop: int) -> str | None:
    names = reader.members(start, stop).get(1)
    if names is None:
        reader.missing(start, stop, "name-string")
        return None
    tag, start, stop = names
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, "name-string")
        return None
    parts = [
        reader.text(element[:3], "name-string")
        for element in reader.children(start, stop, NAME_LIMIT)
    ]
    if reader.cut and stop == len(reader.data):
        return None  # the first half of a name is another name
    return "/".join(part for part in parts if part is not None)


def read_padata(reader: Asn1Reader, member: Member | None) -> list[tuple[int, Member | None]]:
    """Type and value of each PA-DATA, as many as are read."""
    if member is None:
        return []
    tag, start, stop = member
    if tag != SEQUENCE:
        reader.wrong_tag(tag, start, stop, "padata")
        return []
    found: list[tuple[int, Member | None]] = []
    for tag, first, last, _, _ in reader.children(start, stop, PADATA_LIMIT):
        if tag != SEQUENCE:
            reader.wrong_tag(tag, first, last, "PA-DATA")
            continue
        members = reader.members(first, last)
        number = reader.number(members.get(1), "padata-type")
        if number is not None:
            found.append((number, members.get(2)))
    return found


def is_armored(reader: Asn1Reader, padata: list[tuple[int, Member | None]]) -> bool:
    """Tell whether FAST is used: an empty PA-FX-FAST only says that it could be (RFC 6113 5.4)."""
    return any(
        value is not None
        and value[0] == OCTET_STRING
        and reader.data[value[1] : value[2]].startswith(_ARMORED_DATA)
        for number, value in padata
        if number == _PA_FX_FAST
    )


def name_bits(bits: tuple[int, ...] | None, names: dict[int, str]) -> tuple[str, ...]:
    """Names of bits, `bit(9)` for those without one."""
    return () if bits is None else tuple(names.get(bit, f"bit({bit})") for bit in bits)
