"""Content octets of universal types held against BER and DER."""

from __future__ import annotations

import pytest

from dissectors.tokens.strict_content import content_fault, type_name


@pytest.mark.parametrize(
    ("number", "content"),
    [
        (1, "00"),
        (1, "ff"),
        (2, "00"),
        (2, "80"),
        (2, "0080"),
        (2, "ff7f"),
        (3, "00"),
        (3, "0176"),
        (3, "0520"),
        (5, ""),
        (6, "2a864886f712010202"),
        (10, "03"),
        (12, "c3a9"),
        (4, ""),
        (27, "e9"),  # a GeneralString may hold anything
        (24, "32"),  # the form of a time is a matter of its type
    ],
)
def test_content_that_conforms(number: int, content: str) -> None:
    """What X.690 allows has no fault."""
    assert content_fault(number, bytes.fromhex(content)) is None


@pytest.mark.parametrize(
    ("number", "content", "code", "words"),
    [
        (1, "01", "not-der", "TRUE as 01, not ff"),
        (1, "", "bad-value", "of 0 octets"),
        (1, "0000", "bad-value", "of 2 octets"),
        (2, "", "bad-value", "without content"),
        (2, "0005", "not-der", "in 2 octets where fewer would do"),
        (2, "ffff80", "not-der", "in 3 octets where fewer would do"),
        (10, "0001", "not-der", "in 2 octets where fewer would do"),
        (3, "", "bad-value", "without content"),
        (3, "0800", "bad-value", "with 8 unused bits"),
        (3, "01", "bad-value", "with 1 unused bits of none"),
        (3, "0177", "not-der", "with unused bits set"),
        (5, "00", "bad-value", "holds something"),
        (6, "", "bad-value", "without content"),
        (6, "2a86", "bad-value", "whose last arc has no end"),
        (6, "2a8001", "bad-value", "with an arc in more octets than needed"),
        (6, "8001", "bad-value", "with an arc in more octets than needed"),
        (12, "ff", "bad-text", "is not UTF-8"),
        (0, "", "bad-tag", "outside an indefinite length"),
        (16, "", "bad-tag", "not constructed"),
    ],
)
def test_content_with_a_fault(number: int, content: str, code: str, words: str) -> None:
    """Each departure has its code and its words."""
    assert content_fault(number, bytes.fromhex(content)) == (code, words)


def test_names_of_types() -> None:
    """Types have the names of X.680; the rest keeps its number."""
    assert type_name(27) == "GeneralString"
    assert type_name(0) == "end-of-contents"
    assert type_name(9) == "type 9"
