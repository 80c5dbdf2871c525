"""The walk along types and bytes together."""

from __future__ import annotations

from typing import Any

import pytest
from support.messages import NTLM, SPNEGO, der

from dissectors.tokens.asn1 import kerberos, padata, pku2u, spnego
from dissectors.tokens.build import ap_rep, neg_token_init
from dissectors.tokens.strict_der import DerWalk
from dissectors.tokens.strict_shape import ShapeWalk, identifier, read_element

MECHS = der(0xA0, der(0x30, NTLM))
TOKEN = der(0xA2, der(0x04, b"token"))


def shape(
    kind: Any, data: bytes, path: str = "T"
) -> tuple[list[tuple[str, int, int, str]], ShapeWalk]:
    walk = DerWalk(data)
    found = ShapeWalk(walk)
    found.go(kind, 0, len(data), path)
    return [(a.code, *a.span, a.detail) for a in walk.findings], found


def test_leaves_have_paths_and_ranges() -> None:
    """Every value of a type is found, with the bytes of its tags and those of its content."""
    data = der(0x60, SPNEGO, der(0xA0, der(0x30, MECHS, TOKEN)))
    found, walk = shape(spnego.FRAMED_INIT, data, "NegTokenInit")
    assert found == []
    assert [leaf.path for leaf in walk.leaves] == [
        "InitialContextToken.thisMech",
        "NegTokenInit.mechTypes.0",
        "NegTokenInit.mechToken",
    ]
    token = walk.leaves[-1]
    assert data[token.at : token.stop] == TOKEN
    assert data[token.start : token.stop] == b"token"
    assert token.keys == ("innerContextToken", "mechToken")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ((TOKEN,), [("missing-field", "T.mechTypes")]),
        ((MECHS, TOKEN, MECHS), [("repeated-field", "T.mechTypes once more")]),
        (
            (TOKEN, MECHS),
            [("missing-field", "T.mechTypes"), ("bad-tag", "T.mechTypes out of order")],
        ),
        ((MECHS, der(0xA9, b"\5\0")), [("unknown-value", "T: tag a9, an extension")]),
        (
            (MECHS, der(0x82, b"token")),
            [("bad-tag", "T.mechToken: tag 82, an IMPLICIT one where a2 belongs")],
        ),
        (
            (MECHS, der(0xA2, der(0x0C, b"x"))),
            [("bad-tag", "T.mechToken: tag 0c where 04 belongs")],
        ),
        (
            (MECHS, der(0xA2, der(4, b"x"), der(4, b"y"))),
            [("bad-length", "T.mechToken: more than one value in its tag")],
        ),
        ((der(0xA0, der(0x31, NTLM)),), [("bad-tag", "T.mechTypes: tag 31 where 30 belongs")]),
        ((der(0xA0, der(0x30, b"\4\0")),), [("bad-tag", "T.mechTypes.0: tag 04 where 06 belongs")]),
    ],
)
def test_what_is_out_of_place_is_named(
    members: tuple[bytes, ...], expected: list[tuple[str, str]]
) -> None:
    """Wrong, unknown, repeated and missing members are told by path."""
    found, _ = shape(spnego.NegTokenInit, der(0x30, *members))
    assert [(code, detail) for code, _, _, detail in found] == expected


def test_unknown_members_of_closed_types_have_no_place() -> None:
    """A type without extension marker takes nothing more."""
    data = ap_rep(form="bare")
    extra = der(0x6F, der(0x30, data[4:], der(0xA9, b"\5\0")))
    found, _ = shape(kerberos.AP_REP, extra, "AP-REP")
    assert [(a[0], a[3]) for a in found] == [("bad-tag", "AP-REP: tag a9 has no place in it")]


def test_choices_are_told_by_their_tags() -> None:
    """An alternative of a CHOICE is followed; one that is unknown is named."""
    checksum = der(0x30, der(0xA0, b"\2\1\x10"), der(0xA1, der(4, b"sum")))
    cipher = der(0x30, der(0xA0, b"\2\1\x12"), der(0xA2, der(4, b"cipher")))
    request = der(0x30, der(0xA1, checksum), der(0xA2, cipher))
    found, walk = shape(padata.PA_FX_FAST_REQUEST, der(0xA0, request))
    assert found == []
    assert walk.leaves[0].path == "T.armored-data.req-checksum.cksumtype"
    assert walk.leaves[0].keys == ("armored-data", "req-checksum", "cksumtype")
    found, walk = shape(padata.PA_FX_FAST_REQUEST, der(0xA5, request))
    assert [a[0] for a in found] == ["unknown-value"]
    assert walk.leaves == []


def test_any_is_a_leaf() -> None:
    """What a type leaves open is one value."""
    name = der(0x30, der(0xA0, der(0xA0, der(0x82, b"host"))))
    found, walk = shape(pku2u.InitiatorNameAssertion, name)
    assert found == []
    assert [leaf.path for leaf in walk.leaves] == ["T.initiatorName.nameNotInCert"]


def test_empty_lists_that_must_not_be() -> None:
    """SEQUENCE SIZE (1..MAX) OF nothing is named."""
    assert shape(padata.ETYPE_INFO2, b"\x30\x00")[0] == [("strict-mismatch", 0, 2, "T is empty")]
    assert shape(padata.ETYPE_INFO, b"\x30\x00")[0] == []


def test_what_cannot_be_read_is_left_to_the_other_walk() -> None:
    """Indefinite and broken lengths end this walk without a word."""
    assert shape(spnego.BARE_INIT, b"\xa0\x80\x30\x00\0\0")[0] == []
    assert shape(spnego.BARE_INIT, b"\xa0\x05\x30\x00")[0] == []


def test_elements_and_identifiers() -> None:
    """Elements are read by definite lengths only; types know their first octet."""
    assert read_element(b"\x04\x81\x80" + bytes(128), 0, 131) == (4, 3, 131)
    assert read_element(b"\x1f\x20\x00", 0, 3) is None
    assert read_element(b"\x04\x05abc", 0, 5) is None
    assert identifier(spnego.BARE_RESP) == 0xA1
    assert identifier(kerberos.AP_REQ) == 0x6E
    assert identifier(pku2u.InitiatorName) is None
    assert neg_token_init()[0] == identifier(spnego.FRAMED_INIT)
