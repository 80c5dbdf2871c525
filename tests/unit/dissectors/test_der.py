"""The BER/DER reader: what is well-formed is read, what is not is reported and survived."""

from __future__ import annotations

import pytest

from dissectors.der import ANOMALY_LIMIT, ELEMENT_LIMIT, OCTET_STRING, SEQUENCE, Reader
from dissectors.span import Span


def codes(reader: Reader) -> list[str]:
    return [anomaly.code for anomaly in reader.findings()]


# -- the usual ones ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("0400", (4, 2, 2, 2, 0)),
        ("04020102", (4, 2, 4, 4, 0)),
        ("048180" + "00" * 128, (4, 3, 131, 131, 0)),
        ("30820100" + "00" * 256, (0x30, 4, 260, 260, 0)),
    ],
)
def test_well_formed_elements(data: str, expected: tuple[int, ...]) -> None:
    """Tag, content and end of an element are read in each length form DER allows."""
    reader = Reader(bytes.fromhex(data))
    assert reader.outermost() == expected
    assert codes(reader) == []


@pytest.mark.parametrize(
    "data", ["04810101", "0482000101", "0484000000 0101", "0482008001" + "00" * 127]
)
def test_long_lengths_are_noted(data: str) -> None:
    """A length longer than needed is read all the same, and noted with the header's span."""
    raw = bytes.fromhex(data)
    reader = Reader(raw, base=10)
    tag, start, stop, after, _ = reader.outermost()
    assert (tag, stop, after) == (4, len(raw), len(raw))
    (anomaly,) = reader.findings()
    assert anomaly.code == "non-minimal-length"
    assert anomaly.span == Span(10, 10 + start)


def test_many_long_lengths_are_one_note() -> None:
    """Active Directory writes long lengths everywhere: that is one note with a count."""
    reader = Reader(bytes.fromhex("3084000000080481010104810102"))
    _, start, stop, _, _ = reader.outermost()
    assert len(reader.children(start, stop, 9)) == 2
    (anomaly,) = reader.findings()
    assert anomaly == ("non-minimal-length", Span(0, 6), "3 lengths, the first here")


@pytest.mark.parametrize("data", ["", "30", "3082", "308201", "30820100", "300504"])
def test_cut_token(data: str) -> None:
    """A token that ends before its own length is `truncated`, once, whatever is in it."""
    reader = Reader(bytes.fromhex(data))
    element = reader.outermost()
    if element is not None:
        reader.children(element[1], element[2], 9)
    assert codes(reader) == ["truncated"]
    assert reader.cut


def test_bytes_behind_the_token() -> None:
    """What follows the outermost element is reported with its span."""
    reader = Reader(bytes.fromhex("040101ffff"))
    reader.outermost()
    assert reader.findings() == (("trailing-bytes", Span(3, 5), "2 bytes"),)


def test_length_beyond_the_container() -> None:
    """An OCTET STRING too long for its container is read as far as it goes and marked partial."""
    reader = Reader(bytes.fromhex("3003040501"))
    assert reader.read(2, 5) == (OCTET_STRING, 4, 5, 5, 2)
    assert reader.partial == {4}
    assert codes(reader) == ["bad-length"]


def test_half_a_number_is_no_number() -> None:
    """A cut primitive other than an OCTET STRING is not read: it would be an invented value."""
    reader = Reader(bytes.fromhex("300302050102"))
    assert reader.read(2, 5) is None
    assert codes(reader) == ["bad-length"]


def test_indefinite_length_is_followed() -> None:
    """An indefinite length is no DER, but what it holds is read up to its end."""
    reader = Reader(bytes.fromhex("3080 0401aa 3080 0000 0000 ff"))
    assert reader.outermost() == (SEQUENCE, 2, 9, 11, 0)
    assert codes(reader) == ["not-der", "trailing-bytes"]


def test_unclosed_indefinite_length_ends_with_its_container() -> None:
    """Without its end mark an indefinite element takes all there is."""
    reader = Reader(bytes.fromhex("3004 3080 0400"))
    assert reader.read(2, 6) == (SEQUENCE, 4, 6, 6, 2)
    assert codes(reader) == ["not-der", "bad-length"]


def test_nested_indefinite_lengths_stop_at_the_limit() -> None:
    """Indefinite lengths are followed to a fixed depth."""
    reader = Reader(b"\x30\x80" * 40)
    reader.outermost()
    assert "limit-depth" in codes(reader)


def test_long_form_inside_indefinite_length() -> None:
    """The search for the end mark steps over contents, also over zeros in them."""
    content = b"\x04\x81\x80" + bytes(128) + b"\x04\x02\x00\x00"
    reader = Reader(b"\x30\x80" + content + b"\x00\x00")
    assert reader.outermost() == (SEQUENCE, 2, 2 + len(content), 4 + len(content), 0)


def test_long_tag_numbers_are_stepped_over() -> None:
    """A tag number in several octets is read past, with its first octet for a tag."""
    reader = Reader(bytes.fromhex("bf8f7f02aabb"))
    assert reader.outermost() == (0xBF, 4, 6, 6, 0)


def test_expected_tag() -> None:
    """An element of the wrong tag is reported and not returned."""
    reader = Reader(bytes.fromhex("0401aa"))
    assert reader.expect(0, 3, SEQUENCE, "the list") is None
    assert reader.findings() == (("bad-tag", Span(0, 3), "the list cannot have tag 04"),)


# -- members of a SEQUENCE ------------------------------------------------------------------------------


def test_members_by_number() -> None:
    """Explicit tags are taken off; the numbers may skip."""
    data = bytes.fromhex("a003020105 a203040177 a50404020102")
    reader = Reader(data)
    assert reader.members(0, len(data)) == {0: (2, 4, 5), 2: (4, 9, 10), 5: (4, 14, 16)}
    assert codes(reader) == []


def test_members_with_long_lengths() -> None:
    """Both length forms beyond 127 bytes are read on the fast path."""
    small, big = bytes(128), bytes(300)
    data = b"\xa0\x81\x83\x04\x81\x80" + small + b"\xa1\x82\x01\x30\x04\x82\x01\x2c" + big
    reader = Reader(data)
    assert reader.members(0, len(data)) == {0: (4, 6, 134), 1: (4, 142, 442)}
    assert reader.left == ELEMENT_LIMIT


def test_implicit_member() -> None:
    """A primitive context tag stands for its own type."""
    reader = Reader(bytes.fromhex("81020176"))
    assert reader.members(0, 4) == {1: (0x81, 2, 4)}


@pytest.mark.parametrize(
    ("data", "found", "expected"),
    [
        ("a003020105 a003020106", {0: (2, 4, 5)}, ["repeated-field"]),
        ("a203020105 a103020106", {2: (2, 4, 5), 1: (2, 9, 10)}, ["bad-tag"]),
        ("020105 a103020106", {1: (2, 7, 8)}, ["bad-tag"]),
        ("a000 a103020106", {1: (2, 6, 7)}, ["bad-length"]),
        ("a005020105 0500", {0: (2, 4, 5)}, ["bad-length"]),
        ("a009020105", {0: (2, 4, 5)}, ["bad-length"]),
        ("a003020505", {}, ["bad-length"]),
        ("a0030201", {}, ["bad-length", "bad-length"]),
        ("a0", {}, ["bad-length"]),
        ("a0820003020105", {0: (2, 6, 7)}, ["non-minimal-length"]),
        ("a004 02810105", {0: (2, 5, 6)}, ["non-minimal-length"]),
        ("bf2a0101", {}, ["bad-tag"]),
    ],
)
def test_odd_members(data: str, found: dict[int, tuple[int, ...]], expected: list[str]) -> None:
    """Members out of form are read as far as they can be, and reported."""
    raw = bytes.fromhex(data)
    reader = Reader(raw)
    assert reader.members(0, len(raw)) == found
    assert codes(reader) == expected


def test_sequence_of_members() -> None:
    """The SEQUENCE around members is read with them, and its usual first octets may be left out."""
    data = bytes.fromhex("300a a003020105 a10302010e")
    reader = Reader(data)
    assert reader.sequence(0, 12, "x").keys() == {0, 1}
    assert reader.sequence(0, 12, "x", bytes.fromhex("a003020105")).keys() == {1}
    assert reader.sequence(0, 12, "x", bytes.fromhex("a003020106")).keys() == {0, 1}
    assert codes(reader) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [("0400", ["bad-tag"]), ("30000500", ["bad-length"]), ("", ["bad-length"])],
)
def test_no_sequence(data: str, expected: list[str]) -> None:
    """Something else than one SEQUENCE is reported."""
    raw = bytes.fromhex(data)
    reader = Reader(raw)
    assert reader.sequence(0, len(raw), "x") == {}
    assert codes(reader) == expected


def test_usual_octets_must_lie_inside() -> None:
    """Octets behind the SEQUENCE are not taken for its usual beginning."""
    reader = Reader(bytes.fromhex("3002 a003 020105"))
    assert reader.sequence(0, 4, "x", bytes.fromhex("a003020105")) == {}
    assert codes(reader) == ["bad-length", "bad-length"]


# -- limits -------------------------------------------------------------------------------------------------


def test_children_stop_at_their_limit() -> None:
    """A SEQUENCE OF is read up to the limit given."""
    reader = Reader(b"\x05\x00" * 5)
    assert len(reader.children(0, 10, 3)) == 3
    assert reader.findings() == (("limit-count", Span(6, 10), "more than 3 elements"),)


def test_odd_elements_have_a_budget() -> None:
    """Elements off the fast path are counted; beyond the budget nothing is read."""
    data = b"\x04\x81\x00" * (ELEMENT_LIMIT + 5)
    reader = Reader(data)
    assert len(reader.children(0, len(data), 9999)) == ELEMENT_LIMIT
    assert "limit-count" in codes(reader)
    assert reader.read(0, len(data)) is None


def test_anomalies_have_a_limit() -> None:
    """A token with a thousand faults reports some and says that there are more."""
    data = b"\x05\x00" * 500
    reader = Reader(data)
    assert reader.members(0, len(data)) == {}
    found = codes(reader)
    assert len(found) == ANOMALY_LIMIT + 1
    assert found[-1] == "limit-anomalies"
