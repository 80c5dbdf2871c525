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


@pytest.mark.parametrize(
    ("node", "data", "value", "text"),
    [
        (asn1.INTEGER, "020105", 5, "5"),
        (asn1.INTEGER, "0200", None, "<0 bytes>"),
        (asn1.number({1: "one"}), "020101", 1, "1 (one)"),
        (asn1.number({1: "one"}), "020102", 2, "unknown(2)"),
        (asn1.bits({0: "a"}), "030206c0", ["a", "bit(1)"], "a, bit(1)"),
        (asn1.bits({0: "a"}), "030100", [], "none"),
        (asn1.bits({0: "a"}), "0300", None, "<0 bytes>"),
        (asn1.TEXT, "1b03611b62", "a\x1bb", "a\\x1bb"),
        (asn1.OID, "06062b0601050502", "1.3.6.1.5.5.2", "1.3.6.1.5.5.2 (spnego)"),
        (asn1.OID, "06022a03", "1.2.3", "1.2.3"),
        (asn1.OID, "0600", None, "<0 bytes>"),
        (asn1.OCTETS, "0402aabb", b"\xaa\xbb", "aabb"),
        (asn1.OCTETS, "0421" + "00" * 33, bytes(33), "<33 bytes>"),
        (asn1.SECRET, "0402aabb", None, "<2 bytes>"),
        (asn1.bits({1: "b"}), "81020640", ["b"], "b"),
        (asn1.INTEGER, "040105", None, "<1 bytes>"),
        (asn1.TEXT, "020141", None, "<1 bytes>"),
        (asn1.OID, "3003020105", None, "<3 bytes>"),
    ],
)
def test_leaves(node: asn1.Node, data: str, value: Any, text: str) -> None:
    """Each primitive type has its value and its text; a secret has neither."""
    size = len(bytes.fromhex(data))
    assert fields_of(data, node) == [Field("x", "x", value, text, Span(0, size))]


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
        ("up.x.l.2", "<0 bytes>", (117, 119)),
        ("up.x.[2]", "<1 bytes>", (119, 124)),
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
    assert (other.path, other.value, other.text) == ("x.mic", None, "<1 bytes>")


def test_application_tags_are_taken_off() -> None:
    """A ticket has a context tag, an APPLICATION tag and a SEQUENCE; its members are below them."""
    node = asn1.Members({0: ("ticket", asn1.Members({0: ("vno", asn1.INTEGER)}))})
    data = "300b a009 6107 3005 a003020105"
    assert [f.path for f in fields_of(data, node)] == ["x", "x.ticket", "x.ticket.vno"]


def test_lists_are_shown_up_to_their_limit() -> None:
    """A long list does not crowd out what follows it."""
    fields = fields_of("3012" + "020101" * 6, asn1.ListOf(asn1.INTEGER, limit=4))
    assert [f.path for f in fields] == ["x", "x.0", "x.1", "x.2", "x.3"]


def test_cut_tree_ends_where_it_cannot_be_read() -> None:
    """Fields of a cut token are recorded as far as they are there, without raising."""
    node = asn1.Members({0: ("n", asn1.INTEGER), 1: ("m", asn1.INTEGER)})
    fields = fields_of("3014 a003020105 a1030201", node)
    assert [(f.path, f.value) for f in fields] == [("x", None), ("x.n", 5), ("x.m", None)]


def test_nothing_is_recorded_unless_wanted() -> None:
    """Without a list of fields nothing is walked."""
    reader = Asn1Reader(bytes.fromhex("020105"))
    element = reader.outermost()
    assert element is not None
    asn1.record(reader, element, "x", asn1.INTEGER)
    assert reader.fields is None
