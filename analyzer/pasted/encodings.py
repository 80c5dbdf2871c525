"""Bytes out of base64, hex and what programs print, as people paste them.

Base64 wrapped or not, URL-safe, unpadded, in quotes, between PEM's lines; hex spaced, with `0x`, as a dump
or an array; decimal numbers. Text can be read in more than one way: what makes a token counts first.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from analyzer.pasted.dumps import FIRST_LINE, dump_bytes
from analyzer.pasted.literals import decimal_array, escaped_bytes, hex_array, string_content
from dissectors.recognise import kind_of
from dissectors.records import NamedTuple

HEX = re.compile(r"^(?:0x)?(?:[0-9a-fA-F]{2}[\s:,-]*)+$")
BASE64 = re.compile(r"^[A-Za-z0-9+/_-]+={0,2}$")
BORDER = re.compile(r"^\s*-{4,5} ?(?:BEGIN|END) [^\n]*-{4,5}\s*$", re.MULTILINE)
PREFIX = re.compile(r"^\s*base64\s*[:,]\s*", re.IGNORECASE)
ESCAPES = re.compile(r"^(?:\\x[0-9a-fA-F]{2}\s*)+$")
LEAST_BYTES = 8  # of pasted text in which no token is recognised
UNSURE = frozenset({"opaque", "per-message", "kerberos-message"})  # two bytes tell no more
LONG_WORD = 16  # characters of a piece of wrapped base64, of whatever width
MIXED = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))
MIXED_LENGTH = 24  # characters in which all three kinds are no chance


class Reading(NamedTuple):
    """Bytes that a text may stand for. `sure`: its form says so, even if they are no known token."""

    data: bytes
    sure: bool


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


def is_token(data: bytes | None) -> bool:
    """Bytes that begin as a context token does: four bytes of a signature prove nothing."""
    return data is not None and len(data) >= LEAST_BYTES and kind_of(data) not in UNSURE


def read_encoded(text: str) -> Reading | None:
    """What a text stands for: the first reading that is a token, else the first that is sure, else any."""
    found: list[Reading] = []
    for reading in _readings(text):
        if is_token(reading.data):
            return reading
        found.append(reading)
    return next((reading for reading in found if reading.sure), found[0] if found else None)


def encoded_bytes(text: str) -> bytes | None:
    """The bytes alone; a text that could be hex and base64, and is a token as neither, is hex."""
    reading = read_encoded(text)
    return None if reading is None else reading.data


def _readings(text: str) -> Iterator[Reading]:
    """All readings of a text, the more certain ones first."""
    quoted = string_content(text)
    if quoted is not None:
        yield from _quoted(text, quoted)
        return
    found = [data for data in (dump_bytes(text), hex_array(text)) if data]
    if not found and not FIRST_LINE.match(text):  # offsets that do not add up are no bytes either
        found = [data for data in (hex_bytes(text),) if data]
    yield from (Reading(data, sure=True) for data in found)
    data = decimal_array(text)
    if data:
        yield Reading(data, sure=False)
    if found:  # as base64 it could be read too, and by chance be a token
        return
    bare = text.strip()
    whole = ESCAPES.match(bare) is not None
    data = escaped_bytes("".join(bare.split()) if whole else bare)
    if data:
        yield Reading(data, sure=whole)
    plain = PREFIX.sub("", BORDER.sub("", text)).strip()
    data = base64_bytes(plain)
    if data and _is_wrapped(plain):
        yield Reading(data, sure=plain != text.strip() or _is_no_word(plain))


def _quoted(text: str, content: str) -> Iterator[Reading]:
    """Readings of a string: the text in it, or its very bytes if they are written as bytes."""
    yield from _readings(content)
    if "\\" not in content and content.isascii() and text.strip()[0] in "bB":
        yield Reading(content.encode(), sure=True)


def _is_wrapped(text: str) -> bool:
    """Whether the words of base64 are lines of one width, or long enough to be no words."""
    *most, last = text.split()
    width = len(most[0]) if most else 0
    if len(last) <= width and all(len(word) == width for word in most):
        return True
    return all(len(word) >= LONG_WORD for word in most)


def _is_no_word(text: str) -> bool:
    """Whether base64 shows by itself that it is neither a word nor a path."""
    if text.endswith("="):
        return True
    mixed = len(text) >= MIXED_LENGTH and all(kind.search(text) for kind in MIXED)
    return mixed and not text.startswith("/")
