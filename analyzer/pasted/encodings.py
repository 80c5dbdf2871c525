"""Bytes out of base64 and hex as people paste them: wrapped, spaced, with `0x`, URL-safe, unpadded."""

from __future__ import annotations

import base64
import binascii
import re

HEX = re.compile(r"^(?:0x)?(?:[0-9a-fA-F]{2}[\s:,-]*)+$")
BASE64 = re.compile(r"^[A-Za-z0-9+/_-]+={0,2}$")


def base64_bytes(text: str) -> bytes | None:
    """Bytes of base64 text, white space aside; None if it is none."""
    compact = "".join(text.split())
    if not BASE64.match(compact):
        return None
    compact = compact.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def hex_bytes(text: str) -> bytes | None:
    """Bytes of hex digits in pairs, apart by nothing, spaces, colons or commas; None if it is none."""
    text = text.strip()
    if not HEX.match(text):
        return None
    return bytes.fromhex(re.sub(r"[\s:,-]", "", text.removeprefix("0x")))


def encoded_bytes(text: str) -> bytes | None:
    """Bytes of hex or else base64; a text that could be both is hex."""
    found = hex_bytes(text)
    return base64_bytes(text) if found is None else found
