"""Amounts of bytes in words."""

import pytest

from dissectors.tokens.ntlm_amount import counted_bytes, hidden_bytes, part_there, zero_bytes


@pytest.mark.parametrize(
    ("count", "of", "text"),
    [
        (0, None, "0 bytes"),
        (1, None, "1 byte"),
        (24, None, "24 bytes"),
        (24, 24, "24 bytes"),
        (1, 24, "1 of 24 bytes"),
        (0, 1, "0 of 1 byte"),
    ],
)
def test_counts(count, of, text):
    """What is there, and of how many if some are missing."""
    assert counted_bytes(count, of) == text


def test_zeros():
    """One zero byte is no zero bytes."""
    assert [zero_bytes(1), zero_bytes(4)] == ["1 zero byte", "4 zero bytes"]


def test_what_a_cut_leaves():
    """A part, or nothing."""
    assert part_there(2, 6) == "2 of 6 bytes are there"
    assert part_there(0, 6) == "none of 6 bytes is there"


def test_hidden_bytes():
    """Only bytes that are there can be hidden."""
    assert [hidden_bytes(24, 24), hidden_bytes(10, 24), hidden_bytes(0, 24)] == [
        "24 bytes, not shown",
        "10 of 24 bytes, not shown",
        "none of 24 bytes is there",
    ]
