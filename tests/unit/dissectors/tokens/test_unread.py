"""Bytes that no decoder claimed."""

from __future__ import annotations

import pytest

from dissectors.span import Field, Span
from dissectors.tokens.unread import with_unread


def leaf(path: str, start: int, end: int) -> Field:
    return Field(path, path.rpartition(".")[2], 1, "1", Span(start, end))


def branch(path: str, start: int, end: int) -> Field:
    return Field(path, path.rpartition(".")[2], None, "", Span(start, end))


def made(fields: list[Field], data: bytes) -> list[tuple[str, tuple[int, int]]]:
    return [(field.path, tuple(field.span)) for field in with_unread(fields, data)]


def test_nothing_to_add() -> None:
    """A tree that tells all is returned as it is."""
    fields = [branch("a", 0, 4), leaf("a.b", 2, 4)]
    assert with_unread(fields, b"\x30\2\5\0") is fields


@pytest.mark.parametrize(
    ("fields", "data", "expected"),
    [
        # between, before and behind
        ([leaf("b", 1, 2), leaf("c", 3, 4)], b"12345", [(0, 1), (2, 3), (4, 5)]),
        # behind what ends in a branch, which has a header
        ([branch("a", 0, 5), leaf("a.b", 2, 4)], b"\x30\3\5\0x", [(4, 5)]),
        # two headers, the last one of a string with a token inside
        ([branch("a", 0, 6), leaf("a.b", 4, 6)], b"\xa2\4\4\2xx", []),
        # a branch that is no element
        ([branch("a", 0, 5), leaf("a.b", 2, 5)], b"\1\x01123", [(0, 2)]),
        # looks like an element, but ends before its child
        ([branch("a", 0, 5), leaf("a.b", 2, 5)], b"\x30\x00123", [(0, 2)]),
        # a branch without children
        ([branch("a", 0, 4)], b"\x30\2\5\0", [(2, 4)]),
        ([branch("a", 0, 2)], b"\x30\0", []),
        ([branch("a", 0, 4)], b"\x30\x48\6\6", [(2, 4)]),
        # long length, cut length, long tag
        ([branch("a", 0, 5), leaf("a.b", 4, 5)], b"\x30\x82\0\1x", []),
        ([branch("a", 0, 3)], b"\x30\x84\0", [(0, 3)]),
        ([branch("a", 0, 3)], b"\x3f\1x", [(0, 3)]),
        # hidden leaves and overlapping ones
        ([Field("a", "a", None, "3 bytes, not shown", Span(0, 3), True)], b"abc", []),
        ([branch("a", 0, 6), leaf("a.b", 0, 4), leaf("a.c", 1, 3)], b"abcdef", [(4, 6)]),
        ([], b"", []),
    ],
)
def test_gaps(fields: list[Field], data: bytes, expected: list[tuple[int, int]]) -> None:
    """Each run of bytes that is told nowhere gets a hidden field in its place."""
    found = [field for field in with_unread(fields, data) if field.name == "unread"]
    assert [tuple(field.span) for field in found] == expected
    assert all(field.secret and field.value is None for field in found)


def test_order() -> None:
    """Gaps stand among their neighbours, below their branch."""
    fields = [branch("a", 0, 8), leaf("a.b", 2, 3), leaf("a.c", 4, 5), leaf("d", 8, 9)]
    assert made(fields, b"\x30\x06123456d") == [
        ("a", (0, 8)),
        ("a.b", (2, 3)),
        ("a.unread", (3, 4)),
        ("a.c", (4, 5)),
        ("a.unread", (5, 8)),
        ("d", (8, 9)),
    ]


def test_end_of_contents() -> None:
    """What closes an indefinite length is called so."""
    data = b"\x30\x80\5\0\0\0"
    fields = with_unread([branch("a", 0, 6), leaf("a.b", 2, 4)], data)
    assert [(f.name, f.text, f.secret) for f in fields[2:]] == [("end-of-contents", "00 00", False)]
