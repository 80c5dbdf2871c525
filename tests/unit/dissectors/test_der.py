"""The BER/DER reader: what is well-formed is read, what is not is reported and survived."""

from __future__ import annotations

import pytest

from dissectors.der import (
    ANOMALY_LIMIT,
    ELEMENT_LIMIT,
    OCTET_STRING,
    SEQUENCE,
    Reader,
    element_end,
    inside,
    integer,
    oid_text,
    set_bits,
    string_text,
)
from dissectors.span import Span


def codes(reader: Reader) -> list[str]:
    return [anomaly.code for anomaly in reader.findings()]


# -- the usual ones ------------------------------------------------------------------------------------


def long(size: int) -> str:
    return f"04{size:02x}" if size < 128 else f"0481{size:02x}" if size < 256 else f"0482{size:04x}"


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535])
def test_inside_reads_each_length_that_der_allows(size: int) -> None:
    """An element that fills its place begins and ends where the careful reader says."""
    raw = b"ahead" + bytes.fromhex(long(size)) + bytes(size)
    element = Reader(raw).read(5, len(raw))
    assert element is not None
    assert inside(raw, 5, len(raw), b"\x04") == element[1]
    assert element_end(raw + b"behind", 5) == element[3] == len(raw)


def test_inside_opens_nested_elements() -> None:
    """Elements that fill one another are opened at once, down to the content of the last."""
    raw = bytes.fromhex("a0083006040474657874")
    assert inside(raw, 0, 10, b"\xa0") == 2
    assert inside(raw, 0, 10, b"\xa0\x30\x04") == 6
    assert inside(raw, 2, 10, b"\x30\x04") == 6
    assert inside(raw, 7, 10, b"") == 7


@pytest.mark.parametrize(
    ("data", "tags"),
    [
        ("0402 0000", "05"),  # another tag
        ("0401 0000", "04"),  # more behind it
        ("0403 0000", "04"),  # it goes further
        ("0481 02 0000", "04"),  # lengths longer than needed
        ("0482 0002 0000", "04"),
        ("0482 0080" + "00" * 128, "04"),
        ("0483 000002 0000", "04"),
        ("0480 0000", "04"),  # the indefinite length
        ("a003 0400 00", "a004"),  # the inner one ends before the outer one
        ("a002 0401", "a004"),
        ("04", "04"),
        ("0481", "04"),
        ("0482 01", "04"),
        ("", "04"),
    ],
)
def test_inside_gives_up_what_is_not_usual(data: str, tags: str) -> None:
    """Whatever is no well-formed DER, or does not fill its place, is left to the careful reader."""
    raw = bytes.fromhex(data)
    with pytest.raises((ValueError, IndexError)):
        inside(raw, 0, len(raw), bytes.fromhex(tags))


@pytest.mark.parametrize("data", ["0480", "048102", "04820002", "0483000002", "0484", "04", "0482"])
def test_element_end_gives_up_other_lengths(data: str) -> None:
    """So is a length that DER forbids, or that is cut."""
    with pytest.raises((ValueError, IndexError)):
        element_end(bytes.fromhex(data), 0)


# -- single elements ----------------------------------------------------------------------------------


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


# -- values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("2b0601050502", "1.3.6.1.5.5.2"),
        ("2a864886f712010202", "1.2.840.113554.1.2.2"),
        ("2a864882f712010202", "1.2.840.48018.1.2.2"),
        ("2b06010401823702020a", "1.3.6.1.4.1.311.2.2.10"),
        ("00", "0.0"),
        ("8837", "2.999"),
        ("", None),
        ("2b86", None),
        ("2b8001", None),
        ("2b" + "01" * 63, "1.3" + ".1" * 63),
        ("2b" + "01" * 64, None),
    ],
)
def test_object_identifiers(content: str, text: str | None) -> None:
    """Dotted text of object identifiers; cut, padded and endless ones have none."""
    assert oid_text(bytes.fromhex(content)) == text


@pytest.mark.parametrize(
    ("content", "value"),
    [("05", 5), ("ff", -1), ("00ffffffff", 0xFFFFFFFF), ("", None), ("01" * 9, None)],
)
def test_integers(content: str, value: int | None) -> None:
    """INTEGERs are signed; empty and huge ones have no value."""
    assert integer(bytes.fromhex(content)) == value


@pytest.mark.parametrize(
    ("content", "bits"),
    [
        ("0000", ()),
        ("0176", (1, 2, 3, 5, 6)),
        ("0020000000", (2,)),
        ("0180", (0,)),
        ("04ff", (0, 1, 2, 3)),
        ("00", ()),
        ("00000000ff80", (24, 25, 26, 27, 28, 29, 30, 31)),
        ("0000000001", (31,)),
        (
            "0780ffffffff",
            (
                0,
                8,
                9,
                10,
                11,
                12,
                13,
                14,
                15,
                16,
                17,
                18,
                19,
                20,
                21,
                22,
                23,
                24,
                25,
                26,
                27,
                28,
                29,
                30,
                31,
            ),
        ),
        ("", None),
        ("01", None),
        ("0800", None),
    ],
)
def test_bit_strings(content: str, bits: tuple[int, ...] | None) -> None:
    """Set bits by number, without the unused ones; the first 32 count."""
    assert set_bits(bytes.fromhex(content)) == bits


def test_text_survives_any_bytes() -> None:
    """What is no UTF-8 shows as escapes, never as a surrogate."""
    assert string_text("jürgen".encode()) == "jürgen"
    assert string_text(b"a\xffb") == "a\\xffb"
