"""Typed members of ASN.1 tokens."""

from __future__ import annotations

from dissectors.der import GENERALIZED_TIME
from dissectors.span import Span
from dissectors.tokens.asn1_reader import Asn1Reader

DATA = bytes.fromhex("020105 060100 0402aabb 1b0161 03020520 0a01ff 0200")
NUMBER, OID, OCTETS, TEXT, BITS, STATE, EMPTY = (
    (2, 2, 3),
    (6, 5, 6),
    (4, 8, 10),
    (0x1B, 12, 13),
    (3, 15, 17),
    (10, 19, 20),
    (2, 22, 22),
)


def test_values_of_the_right_type() -> None:
    """Each getter reads its own type and says nothing."""
    reader = Asn1Reader(DATA)
    assert reader.number(NUMBER, "n") == 5
    assert reader.number(STATE, "n", 10) == -1
    assert reader.oid(OID, "o") == "0.0"
    assert reader.octets(OCTETS, "b") == b"\xaa\xbb"
    assert reader.text(TEXT, "t") == "a"
    assert reader.bits(BITS, "f") == (2,)
    assert reader.findings() == ()


def test_absent_members_are_none() -> None:
    """An absent member has no value and is no anomaly."""
    reader = Asn1Reader(DATA)
    assert reader.number(None, "n") is None
    assert reader.oid(None, "o") is None
    assert reader.octets(None, "b") is None
    assert reader.text(None, "t") is None
    assert reader.bits(None, "f") is None
    assert reader.findings() == ()


def test_wrong_types_are_reported() -> None:
    """Each getter reports a member of another type, with its span."""
    reader = Asn1Reader(DATA, base=100)
    assert reader.number(TEXT, "n") is None
    assert reader.oid(NUMBER, "o") is None
    assert reader.octets(NUMBER, "b") is None
    assert reader.text(TEXT, "t", GENERALIZED_TIME) is None
    assert reader.bits(NUMBER, "f") is None
    found = reader.findings()
    assert [anomaly.code for anomaly in found] == ["bad-tag"] * 5
    assert found[0].span == Span(112, 113)
    assert found[0].detail == "n cannot have tag 1b"


def test_unreadable_values_are_reported() -> None:
    """A value of the right type that cannot be read is a bad value."""
    reader = Asn1Reader(DATA)
    assert reader.number(EMPTY, "pvno") is None
    assert reader.findings() == (("bad-value", Span(22, 22), "pvno cannot be read"),)


def test_missing_is_no_news_in_a_cut_token() -> None:
    """A mandatory element behind the cut is not called missing."""
    reader = Asn1Reader(b"\x30\x10")
    reader.missing(0, 2, "before")
    reader.outermost()
    reader.missing(0, 2, "after")
    assert [anomaly.code for anomaly in reader.findings()] == ["missing-field", "truncated"]
