"""Text that is not valid in its encoding."""

import pytest

from dissectors.tokens.ntlm_text import rescued_oem, rescued_utf16


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\0\x00\xd8b\0", "a\\ud800b"),
        (b"\x3d\xd8\x00\xde\xff", "😀\\xff"),
        (b"\x00\xdc\x00\xd8", "\\udc00\\ud800"),
        (b"a\0b", "a\\x62"),
        (b"\x07", "\\x07"),
    ],
)
def test_utf16_keeps_every_byte(raw, text):
    """Lone surrogates and an odd byte show as their numbers."""
    assert rescued_utf16(raw) == text


def test_oem_keeps_every_byte():
    """Bytes beyond ASCII are not guessed."""
    assert rescued_oem(b"M\x81LLER\xff") == "M\\x81LLER\\xff"
