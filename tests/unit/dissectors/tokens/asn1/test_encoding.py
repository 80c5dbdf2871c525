"""DER where pyasn1's own encoders fall short."""

from __future__ import annotations

import pytest
from pyasn1.codec.der import encoder
from pyasn1.type import univ

from dissectors.tokens.asn1 import spnego
from dissectors.tokens.asn1.encoding import encode


@pytest.mark.parametrize(
    ("number", "content"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "0080"),
        (255, "00ff"),
        (256, "0100"),
        (-1, "ff"),
        (-128, "80"),
        (-129, "ff7f"),
        (-32768, "8000"),
        ((1 << 32) - 1, "00ffffffff"),
    ],
)
def test_numbers_are_as_short_as_can_be(number: int, content: str) -> None:
    """Every number has the fewest octets, also those that pyasn1 writes an octet too long."""
    octets = bytes.fromhex(content)
    assert encode(univ.Integer(number)) == bytes((2, len(octets))) + octets


def test_what_is_put_right() -> None:
    """The day pyasn1 writes -128 in one octet, this module can shrink."""
    assert encoder.encode(univ.Integer(-128)) == bytes.fromhex("0202ff80")


def test_booleans() -> None:
    """TRUE is ff."""
    assert encode(univ.Boolean(1)) == b"\x01\x01\xff"
    assert encode(univ.Boolean(0)) == b"\x01\x01\x00"


def test_empty_members() -> None:
    """An OPTIONAL SEQUENCE that is empty is left out, unless it is wanted."""
    token = spnego.BARE_INIT_2.clone()
    token["mechTypes"].extend(["1.2.3"])
    token["negHints"].clear()
    without = bytes.fromhex("a0 0a 30 08 a0 06 30 04 06 02 2a 03")
    assert encode(token) == without
    assert encode(token, keep_empty=True).endswith(bytes.fromhex("a3 02 30 00"))
