"""Base64 and hex as people paste them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.pasted.encodings import base64_bytes, encoded_bytes, hex_bytes


@given(st.binary(min_size=1, max_size=200), st.integers(1, 80))
def test_wrapped_base64_is_read(data: bytes, width: int) -> None:
    """Lines of any width, padded or not, standard or URL-safe."""
    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        wrapped = "\n".join(text[at : at + width] for at in range(0, len(text), width))
        assert base64_bytes(wrapped) == data
        assert base64_bytes(text.rstrip("=")) == data


@given(st.binary(min_size=1, max_size=100), st.sampled_from(["", " ", ":", ", ", "\n", "-"]))
def test_hex_is_read_however_it_is_spaced(data: bytes, between: str) -> None:
    """Pairs of digits with the usual separators, in both cases, with 0x."""
    text = data.hex("\0").replace("\0", between)
    assert hex_bytes(text) == hex_bytes(text.upper()) == hex_bytes("0x" + text) == data
    assert encoded_bytes(text) == data


@pytest.mark.parametrize("text", ["", "a", "abc!", "=abc", "ab=cd", "abcde", "\u00e9a"])
def test_what_is_no_base64_is_none(text: str) -> None:
    """Characters outside the alphabet, padding inside, an impossible length."""
    assert base64_bytes(text) is None


@pytest.mark.parametrize("text", ["", "0", "0g", "abc", "0x"])
def test_what_is_no_hex_is_none(text: str) -> None:
    """Odd digits, other letters, nothing."""
    assert hex_bytes(text) is None
