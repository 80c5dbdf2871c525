"""The walk that records fields of ASN.1 tokens."""

from __future__ import annotations

from typing import Any

import pytest

from dissectors.der import OCTET_STRING, SEQUENCE
from dissectors.span import Field, Span
from dissectors.tokens import asn1_fields as asn1
from dissectors.tokens.asn1_reader import Asn1Reader


def fields_of(data: str, node: asn1.Node, base: int = 0, path: str = "") -> list[Field]:
    fields: list[Field] = []
    reader = Asn1Reader(bytes.fromhex(data), base, fields, path)
    element = reader.outermost()
    assert element is not None
    asn1.record(reader, element, "x", node)
    return fields


def paths(data: str, node: asn1.Node) -> list[str]:
    return [field.path for field in fields_of(data, node)]


@pytest.mark.parametrize(
    ("node", "data", "value", "text"),
    [
        (asn1.INTEGER, "020105", 5, "5"),
        (asn1.bits({1: "b"}), "81020640", ["b"], "b"),
        (asn1.INTEGER, "040105", b"\x05", "05"),
        (asn1.TEXT, "020141", b"A", "41"),
        (asn1.OID, "3003020105", b"\x02\x01\x05", "020105"),
    ],
)
def test_leaves(node: asn1.Node, data: str, value: Any, text: str) -> None:
    """A value of its type is shown as that, also under an IMPLICIT tag; another as its octets."""
    size = len(bytes.fromhex(data))
    assert fields_of(data, node) == [Field("x", "x", value, text, Span(0, size))]


def test_secrets_are_marked() -> None:
    """Of a secret the number of octets is shown, and that it is one."""
    (field,) = fields_of("0402aabb", asn1.SECRET)
    assert field == Field("x", "x", None, "2 bytes, not shown", Span(0, 4), secret=True)


def test_tree_in_wire_order() -> None:
    """Members, lists and unknown members are recorded depth first, spans with their headers."""
    node = asn1.Members({0: ("n", asn1.INTEGER), 1: ("l", asn1.ListOf(asn1.INTEGER))})
    data = "3016 a003020105 a10a3008 020101 020102 0500 a203020107"
    found = [(f.path, f.text, tuple(f.span)) for f in fields_of(data, node, 100, "up")]
    assert found == [
        ("up.x", "", (100, 124)),
        ("up.x.n", "5", (102, 107)),
        ("up.x.l", "", (107, 119)),
        ("up.x.l.0", "1", (111, 114)),
        ("up.x.l.1", "2", (114, 117)),
        ("up.x.l.2", "empty", (117, 119)),
        ("up.x.[2]", "07", (119, 124)),
    ]


def test_type_by_tag() -> None:
    """A member whose type is told by its tag takes the name of that type."""
    node = asn1.Members(
        {
            3: (
                "mic",
                asn1.ByTag(
                    {
                        OCTET_STRING: ("mic", asn1.SECRET),
                        SEQUENCE: ("hints", asn1.Members({0: ("name", asn1.TEXT)})),
                    }
                ),
            )
        }
    )
    names = [f.path for f in fields_of("3009 a3073005a0031b0161", node)]
    assert names == ["x", "x.hints", "x.hints.name"]
    assert [f.path for f in fields_of("3005 a303040161", node)] == ["x", "x.mic"]
    (_, other) = fields_of("3005 a303020161", node)
    assert (other.path, other.value, other.text) == ("x.mic", b"a", "61")


def test_application_tags_are_taken_off() -> None:
    """A ticket has a context tag, an APPLICATION tag and a SEQUENCE; its members are below them."""
    node = asn1.Members({0: ("ticket", asn1.Members({0: ("vno", asn1.INTEGER)}))})
    data = "300b a009 6107 3005 a003020105"
    assert [f.path for f in fields_of(data, node)] == ["x", "x.ticket", "x.ticket.vno"]


def test_lists_are_shown_up_to_their_limit() -> None:
    """A long list does not crowd out what follows it; its rest is one field."""
    fields = fields_of("3012" + "020101" * 6, asn1.ListOf(asn1.INTEGER, limit=4))
    assert [f.path for f in fields] == ["x", "x.0", "x.1", "x.2", "x.3", "x.unread"]
    assert (fields[-1].text, fields[-1].span) == ("6 bytes, not shown", Span(14, 20))


def test_a_message_has_a_limited_number_of_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fields beyond the limit are one field, to the end of the message."""
    monkeypatch.setattr(asn1, "FIELD_LIMIT", 3)
    node = asn1.Members({0: ("l", asn1.ListOf(asn1.INTEGER)), 1: ("n", asn1.INTEGER)})
    fields = fields_of("3012 a00b3009020101020102020103 a103020105", node)
    assert [f.path for f in fields] == ["x", "x.l", "x.l.0", "x.unread"]
    assert fields[-1].span == Span(9, 20)


def test_cut_tree_ends_where_it_cannot_be_read() -> None:
    """Fields of a cut token are recorded as far as they are there, without raising."""
    node = asn1.Members({0: ("n", asn1.INTEGER), 1: ("m", asn1.INTEGER), 2: ("s", asn1.SECRET)})
    found = [(f.path, f.value) for f in fields_of("3014 a003020105 a1030201", node)]
    assert found == [("x", None), ("x.n", 5), ("x.m", b"\x02\x01")]
    assert paths("3014 a003020105 a2", node) == ["x", "x.n", "x.unread"]


def test_extra_octets_are_shown() -> None:
    """Octets behind a value, a SEQUENCE or a member that cannot be read have a field each."""
    node = asn1.Members({0: ("n", asn1.INTEGER), 1: ("l", asn1.ListOf(asn1.INTEGER))})
    assert paths("3007 a005020105 0500", node) == ["x", "x.n", "x.unread"]
    fields = fields_of("300b a1093003020105 0c0261ff", node)
    assert [(f.path, tuple(f.span)) for f in fields[1:]] == [
        ("x.l", (2, 13)),
        ("x.l.0", (6, 9)),
        ("x.l.unread", (9, 13)),
    ]
    assert paths("3006 a003020105 ff", node) == ["x", "x.n", "x.unread"]


def test_indefinite_lengths_have_their_end() -> None:
    """The octets that close an indefinite length are shown as what they are."""
    node = asn1.Members({0: ("n", asn1.INTEGER), 1: ("l", asn1.ListOf(asn1.INTEGER))})
    fields = fields_of("3080 a0800201050000 a1803080020106 0000 0000 0000", node)
    assert [(f.path, tuple(f.span)) for f in fields] == [
        ("x", (0, 22)),
        ("x.n", (2, 9)),
        ("x.l", (9, 20)),
        ("x.l.0", (13, 16)),
        ("x.l.end-of-contents", (16, 20)),
        ("x.end-of-contents", (20, 22)),
    ]
    zeros = fields_of("3009 a107 3003020105 0000", node)
    assert zeros[-1].name == "unread"


def test_members_of_other_classes_keep_their_tag() -> None:
    """A member without a context tag is no member of that number, unless it may come untagged."""
    node = asn1.Members({2: ("n", asn1.INTEGER)})
    assert paths("3003 020105", node) == ["x", "x.[UNIVERSAL 2]"]
    assert paths("3003 420105", node) == ["x", "x.[APPLICATION 2]"]
    untagged = node._replace(untagged={2: ("m", asn1.INTEGER)})
    assert paths("3003 020105", untagged) == ["x", "x.m"]


def test_hidden_members_hide_what_is_odd_in_them() -> None:
    """Where a secret belongs, a damaged tag does not bring it to light."""
    secret = asn1.Members({0: ("n", asn1.INTEGER), 2: ("cipher", asn1.SECRET)}, hidden=True)
    node = asn1.Members({0: ("part", secret)})
    for odd in ("a30404026162", "a00404026162", "04026162", "a2040402 6162"):
        size = len(bytes.fromhex(odd))
        data = f"30{size + 4:02x} a0{size + 2:02x} 30{size:02x} {odd}"
        assert fields_of(data, node)[-1].secret
    assert fields_of("3006 a004 04026162", node)[-1] == Field(
        "x.part", "part", None, "2 bytes, not shown", Span(2, 8), secret=True
    )


def test_type_by_an_earlier_member() -> None:
    """The type of a hole is told by a number before it; without one it is octets."""
    node = asn1.Members(
        {0: ("type", asn1.INTEGER), 1: ("value", asn1.ByMember(0, {1: asn1.TEXT, 2: asn1.SECRET}))}
    )
    for number, text in (("01", "a"), ("02", "1 byte, not shown"), ("03", "61")):
        assert fields_of(f"300a a0030201{number} a103040161", node)[-1].text == text
    assert fields_of("3005 a103040161", node)[-1].text == "61"


def test_type_by_content() -> None:
    """The type of a hole can show in its own octets."""
    node = asn1.ByContent(lambda content: asn1.SECRET if content == b"a" else asn1.TEXT)
    assert fields_of("040161", node)[0].secret
    assert fields_of("040162", node)[0].value == "b"


def test_elements_inside_octet_strings() -> None:
    """What an OCTET STRING holds has spans in the token; what it should not hold is octets."""
    node = asn1.Members({0: ("v", asn1.Inside({0x30: ("L", asn1.ListOf(asn1.INTEGER))}))})
    fields = fields_of("3009 a007 0405 3003020105", node, 100)
    assert [(f.path, tuple(f.span)) for f in fields] == [
        ("x", (100, 111)),
        ("x.v", (102, 111)),
        ("x.v.L", (106, 111)),
        ("x.v.L.0", (108, 111)),
    ]
    assert paths("300b a009 0407 3003020105 0500", node)[-1] == "x.v.unread"
    for odd in ("0403020105", "040130", "0400", "020105"):
        size = len(bytes.fromhex(odd))
        (_, field) = fields_of(f"30{size + 2:02x} a0{size:02x} {odd}", node)
        assert (field.path, field.secret) == ("x.v", False)


def test_parts_of_fixed_sizes() -> None:
    """A layout that is no DER is shown part by part, if it is all there."""
    node = asn1.Layout((("a", 1, asn1.OCTETS), ("b", 2, asn1.OCTETS)))
    fields = fields_of("0404 01020304", node)
    assert [(f.path, f.text, tuple(f.span)) for f in fields] == [
        ("x", "", (0, 6)),
        ("x.a", "01", (2, 3)),
        ("x.b", "0203", (3, 5)),
        ("x.unread", "1 byte, not shown", (5, 6)),
    ]
    assert [f.text for f in fields_of("04020102", node)] == ["0102"]


def test_branches_can_tell_what_they_hold() -> None:
    """A SEQUENCE may have a text for the whole of it."""
    node = asn1.Members({0: ("n", asn1.INTEGER)}, about=lambda content: f"{len(content)} octets")
    assert fields_of("3005 a003020105", node)[0].text == "5 octets"


def test_nothing_is_recorded_unless_wanted() -> None:
    """Without a list of fields nothing is walked."""
    reader = Asn1Reader(bytes.fromhex("020105"))
    element = reader.outermost()
    assert element is not None
    asn1.record(reader, element, "x", asn1.INTEGER)
    assert reader.fields is None
