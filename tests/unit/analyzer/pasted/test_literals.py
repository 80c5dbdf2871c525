"""Arrays and strings of programs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.pasted.encodings import encoded_bytes
from analyzer.pasted.literals import decimal_array, escaped_bytes, hex_array, string_content

DATA = bytes.fromhex("60480606")


@pytest.mark.parametrize(
    "text",
    [
        "0x60, 0x48, 0x6, 0x06",
        "0x60 0x48 0x06 0x06",
        "{0x60,0x48,0x06,0x06}",
        "static const unsigned char pkt1[4] = {\n0x60, 0x48, /* `H } */\n0x06, 0x06, // end\n};",
        "new byte[] { (byte)0x60, 0x48, 0x06, 0x06 }",
        "[0X60, 0x48, 0x06, 0x06]",
    ],
)
def test_arrays_of_hex_numbers(text: str) -> None:
    """With or without what declares them, and comments."""
    assert hex_array(text) == DATA
    assert encoded_bytes(text) == DATA


@pytest.mark.parametrize("text", ["[96, 72, 6, 6]", "96\n72\n6\n6\n", "96 72 6 6", "{96;72;6;6}"])
def test_arrays_of_decimal_numbers(text: str) -> None:
    """As Python and PowerShell print them."""
    assert decimal_array(text) == DATA


@pytest.mark.parametrize("text", ["", "[]", "256", "96, -1", "96, x", "1.5", "0x60", "1000"])
def test_other_numbers_are_none(text: str) -> None:
    """A byte is at most 255."""
    assert decimal_array(text) is None


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ('"abc"', "abc"),
        ("'abc'", "abc"),
        ("b'abc'", "abc"),
        ("\u201cabc\u201d", "abc"),
        ('"ab"\n  "c";', "abc"),
        ('("ab" +\n "c")', "abc"),
        ("abc", None),
        ('"abc', None),
        ('"abc" d', None),
        ('""', None),
        ("", None),
    ],
)
def test_content_of_strings(text: str, content: str | None) -> None:
    """One string, or several that a program puts together."""
    assert string_content(text) == content


@given(st.binary(min_size=1, max_size=60))
def test_python_s_bytes_are_read_back(data: bytes) -> None:
    """What `repr` writes, with its mixture of characters and escapes."""
    content = string_content(repr(data))
    assert content is not None
    made = escaped_bytes(content)
    assert (content.encode() if "\\" not in content else made) == data


@pytest.mark.parametrize("text", ["abc", "\\q", "\\x6", "\\", "\\x60\u00e9"])
def test_what_is_no_escape_is_none(text: str) -> None:
    """Other backslashes, and characters that are no bytes."""
    assert escaped_bytes(text) is None


def test_escapes_of_c() -> None:
    """Hex, octal, letters, and a line that goes on."""
    assert escaped_bytes("\\x60\\110\\n\\0\\\na\\\\") == b"`H\n\0a\\"
