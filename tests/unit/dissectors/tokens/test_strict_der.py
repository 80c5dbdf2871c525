"""The walk through TLVs that names what DER forbids."""

from __future__ import annotations

import pytest
from support.messages import KERBEROS, der

from dissectors.tokens.strict_der import ELEMENT_LIMIT, FINDING_LIMIT, DerWalk


def departures(data: bytes) -> list[tuple[str, int, int, str]]:
    walk = DerWalk(data)
    walk.one(0, len(data))
    found = [(a.code, *a.span, a.detail) for a in walk.findings]
    long_lengths = walk.long_lengths()
    if long_lengths:
        found.append((long_lengths.code, *long_lengths.span, long_lengths.detail))
    return found


@pytest.mark.parametrize(
    "data",
    [
        "0500",
        "3000",
        "3003020105",
        "a00530030a0102",
        "048180" + "00" * 128,
        "bf1f020500",  # number 31, the first that needs the long form
        "bf8a39020500",
    ],
)
def test_der_passes(data: str) -> None:
    """DER has no departures."""
    assert departures(bytes.fromhex(data)) == []


@pytest.mark.parametrize(
    ("data", "code", "start", "stop", "words"),
    [
        ("30800201050000", "not-der", 0, 2, "indefinite length"),
        ("bf05020500", "not-der", 0, 2, "tag number 5 in a longer form"),
        ("bf8020020500", "not-der", 0, 3, "tag number 32 in a longer form"),
        ("24050403616263", "not-der", 0, 7, "constructed OCTET STRING"),
        ("23050303000102", "not-der", 0, 7, "constructed BIT STRING"),
        ("2203020105", "bad-tag", 0, 5, "constructed INTEGER"),
        ("1000", "bad-tag", 0, 2, "SEQUENCE not constructed"),
        ("3003010101", "not-der", 2, 5, "BOOLEAN TRUE as 01"),
        ("300402020005", "not-der", 2, 6, "INTEGER in 2 octets"),
        ("30020200", "bad-value", 2, 4, "INTEGER without content"),
        ("3003020305", "bad-length", 2, 5, "3 bytes announced, 1 there"),
        ("300502010502", "truncated", 0, 6, "5 bytes announced, 4 there"),
        ("3003020105ff", "trailing-bytes", 5, 6, "1 byte follows"),
        ("300102", "bad-length", 2, 3, "no room for tag and length"),
        ("30020000", "bad-tag", 2, 4, "end-of-contents outside"),
        ("0480", "bad-length", 0, 2, "indefinite length of a primitive"),
        ("3080020105", "bad-length", 5, 5, "never closed"),
        ("3004bfffffff", "bad-tag", 2, 6, "tag number has no end"),
        ("300389ffff", "bad-length", 2, 5, ""),
        ("30810102", "bad-length", 3, 4, "no room"),
        ("04810161", "non-minimal-length", 1, 3, "2 octets where fewer would do"),
        ("0482000161", "non-minimal-length", 1, 4, "3 octets where fewer would do"),
    ],
)
def test_departures_are_named(data: str, code: str, start: int, stop: int, words: str) -> None:
    """Each departure has its code, its byte range and a reason."""
    found = departures(bytes.fromhex(data))
    assert any(a[:3] == (code, start, stop) and words in a[3] for a in found), found


def test_long_lengths_are_one_departure() -> None:
    """A stack that writes only long lengths gets one line, with every place in it."""
    inner = b"\x02\x84\x00\x00\x00\x01\x05"
    data = b"\x30\x84\x00\x00\x00\x0e" + inner + inner
    walk = DerWalk(data)
    walk.one(0, len(data))
    assert walk.findings == []
    finding = walk.long_lengths()
    assert finding is not None
    assert (finding.code, finding.span) == ("non-minimal-length", (1, 6))
    assert finding.detail == "5 octets where fewer would do; also 7-12, 14-19"
    rest = walk.long_lengths(frozenset({6}))
    assert rest is not None
    assert rest.span == (7, 12)
    assert walk.long_lengths(frozenset({6, 12, 19})) is None


def test_indefinite_lengths_are_followed() -> None:
    """What is behind an indefinite length is still checked."""
    found = departures(bytes.fromhex("3080 3080 0000 010101 0000"))
    assert [a[:3] for a in found] == [
        ("not-der", 0, 2),
        ("not-der", 2, 4),
        ("not-der", 6, 9),
    ]


def test_what_cannot_be_read_hides_only_its_container() -> None:
    """After a broken element the walk goes on behind its container."""
    data = der(0x30, der(0x30, b"\x02\x09\x05"), b"\x01\x01\x01")
    assert [a[0] for a in departures(data)] == ["bad-length", "not-der"]


def test_limits_are_told() -> None:
    """Elements, depth and findings are bounded, and the bound is no silence."""
    many = der(0x30, b"\x05\x00" * ELEMENT_LIMIT)
    walk = DerWalk(many)
    walk.one(0, len(many))
    assert walk.stopped
    assert [a.code for a in walk.findings] == ["limit-count"]
    deep = b""
    for _ in range(40):
        deep = der(0x30, deep)
    assert [a[0] for a in departures(deep)] == ["limit-depth"]
    odd = departures(der(0x30, b"\x01\x01\x01" * 60))
    assert len(odd) == FINDING_LIMIT + 1
    assert odd[-1][0] == "limit-anomalies"


def test_frame_is_checked_alone() -> None:
    """Of a frame whose content is no ASN.1, its tag, length and mechanism are checked."""
    token = der(0x60, KERBEROS, b"\x01\x01free bytes")
    walk = DerWalk(token)
    assert walk.frame(0, len(token)) == (13, len(token))
    assert walk.findings == []
    odd = der(0x60, b"\x06\x02\x2a\x86", b"??") + b"more"
    walk = DerWalk(odd)
    walk.frame(0, len(odd))
    assert {a.code for a in walk.findings} == {"bad-value", "trailing-bytes"}
