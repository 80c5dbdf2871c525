"""Tokens from pasted text, and their trees."""

from __future__ import annotations

import pytest

from analyzer.errors import UsageError
from analyzer.report.token_text import explain_token

NEGOTIATE = "4e544c4d535350000100000097b208e2" + "00" * 16


@pytest.mark.parametrize("text", ["zzz", "abcdefgh", "00 01 02", "Negotiate abcd"])
def test_a_word_is_no_token(text: str) -> None:
    """Short words decode as base64 by chance; that is no reason to explain them."""
    with pytest.raises(UsageError, match="neither base64, hex nor"):
        explain_token(text)


def test_bytes_and_longer_text_are_taken_as_given() -> None:
    """Who hands over bytes, or more than a word, wants to see them."""
    assert explain_token(b"\xff").token.token_type == "opaque"
    assert len(explain_token("ff" * 8).token.raw) == 8


@pytest.mark.parametrize("width", [80, 100])
def test_long_fields_hang_below_their_names(width: int) -> None:
    """Flags by name do not fit a terminal's line; no word of them is lost or cut."""
    lines = explain_token(NEGOTIATE).lines(width)
    assert max(map(len, lines)) <= width
    (at,) = (number for number, line in enumerate(lines) if "NegotiateFlags: " in line)
    column = lines[at].index(": ") + 2
    assert lines[at + 1][:column].isspace()
    unwrapped = " ".join(" ".join(lines).split())
    whole = " ".join(" ".join(explain_token(NEGOTIATE).lines(10_000)).split())
    assert unwrapped == whole
