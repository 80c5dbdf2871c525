"""Parts of Kerberos messages, read on their own."""

from __future__ import annotations

from support.kerberos_messages import der, encrypted, number, padata, principal, ticket

from dissectors.der import Member
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.tokens.kerberos_parts import (
    NO_TICKET,
    name_bits,
    read_encrypted,
    read_padata,
    read_principal,
    read_ticket,
)


def member(data: bytes) -> tuple[Asn1Reader, Member]:
    reader = Asn1Reader(data)
    element = reader.read(0, len(data))
    assert element is not None
    return reader, element[:3]


def test_ticket() -> None:
    """A ticket tells realm, service, encryption type and key version."""
    reader, part = member(ticket(encrypted(18, 90, 3), "HTTP", "web"))
    *told, cipher = read_ticket(reader, part, 0, 0)
    assert told == ["LAB.EXAMPLE", "HTTP/web", 18, 3]
    assert cipher == (len(reader.data) - 90, len(reader.data))
    assert reader.findings() == ()
    assert read_ticket(reader, None, 0, 0) == NO_TICKET
    assert [a.code for a in reader.findings()] == ["missing-field"]


def test_encrypted_data() -> None:
    """Usual numbers and others are read alike; a cut cipher has no place."""
    for etype, kvno in ((18, None), (18, 3), (-133, 1 << 20)):
        reader, part = member(encrypted(etype, 40, kvno))
        place = len(reader.data) - 40, len(reader.data)
        assert read_encrypted(reader, part, "enc-part", 0, 0) == (etype, kvno, place)
    reader, part = member(encrypted(18, 40)[:-5])
    assert read_encrypted(reader, part, "enc-part", 0, 0) == (18, None, None)


def test_principal() -> None:
    """A name's parts are joined by slashes."""
    reader, part = member(principal("HTTP", "web"))
    assert read_principal(reader, part, "sname") == "HTTP/web"
    assert read_principal(reader, None, "sname") is None


def test_padata() -> None:
    """Each element has its type and where its value lies; what has no type is reported."""
    reader, part = member(der(0x30, padata(19, b"ab"), der(0x30, der(0xA1, number(2))), der(0x30)))
    (first, second) = read_padata(reader, part)
    assert first[0] == 19
    assert first[1] is not None
    assert reader.data[first[1][1] : first[1][2]] == b"ab"
    assert second == (2, None)
    assert read_padata(reader, None) == []
    assert read_padata(reader, (0x04, 0, 1)) == []
    assert [a.code for a in reader.findings()] == ["bad-tag"]


def test_bits_by_name() -> None:
    """Bits without a name keep their number."""
    assert name_bits((1, 9), {1: "one"}) == ("one", "bit(9)")
    assert name_bits(None, {}) == ()
