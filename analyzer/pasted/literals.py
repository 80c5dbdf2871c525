r"""Bytes as programs write them: arrays of numbers, and strings with escapes.

    { 0x60, 0x48 }   static const unsigned char t[2] = {0x60, 0x48};   [96, 72]   96\n72   (byte)0x60
    "\x60\x48"   b'`H\x06'   \x60\x48   "YEgG..."

Numbers without `0x` could be anything: whoever asks must see whether they make a token.
"""

from __future__ import annotations

import re

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
HEX_ITEM = re.compile(r"^(?:\(byte\))?0[xX]([0-9a-fA-F]{1,2})[uU]?$")
DECIMAL_ITEM = re.compile(r"^\d{1,3}$")
STRING = re.compile(
    r"\s*[bBuU]?(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|\u201c([^\u201d]*)\u201d)\s*[+\\]?",
    re.DOTALL,
)
PIECE = re.compile(r"([^\\]+)|\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([abfnrtv\\'\"/\n]))")
PLAIN = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
BYTE = 0x100


def hex_array(text: str) -> bytes | None:
    """Bytes of numbers with `0x`, in braces, brackets or none; None if there is anything else."""
    matches = [HEX_ITEM.match(item) for item in _items(text)]
    found = [int(match[1], 16) for match in matches if match]
    return bytes(found) if found and len(found) == len(matches) else None


def decimal_array(text: str) -> bytes | None:
    """Bytes of decimal numbers from 0 to 255; None if there is anything else."""
    items = _items(text)
    if not items or not all(DECIMAL_ITEM.match(item) and int(item) < BYTE for item in items):
        return None
    return bytes(map(int, items))


def string_content(text: str) -> str | None:
    """What stands between quotes, of several strings one behind the other; None if it is no string."""
    text = text.strip().removeprefix("(").removesuffix(";").removesuffix(")")
    made: list[str] = []
    at = 0
    while at < len(text):
        match = STRING.match(text, at)
        if match is None or match.end() == at:
            return None
        made.append(next(part for part in match.groups() if part is not None))
        at = match.end()
    return "".join(made) or None


def escaped_bytes(text: str) -> bytes | None:
    r"""Bytes of text with at least one escape such as `\x60`; None if it has none, or one of another kind."""
    if "\\" not in text or not text.isascii():
        return None
    made = bytearray()
    at = 0
    for match in PIECE.finditer(text):
        if match.start() != at:
            return None
        at = match.end()
        plain, digits, octal, letter = match.groups()
        if plain:
            made += plain.encode()
        elif digits:
            made.append(int(digits, 16))
        elif octal:
            made.append(int(octal, 8) & 0xFF)
        elif letter != "\n":
            made.append(PLAIN.get(letter, ord(letter)))
    return bytes(made) if at == len(text) else None


def _items(text: str) -> list[str]:
    """The numbers of an array, without the brackets around them and what stands before."""
    text = COMMENT.sub(" ", text)
    for first, last in ("{}", "[]"):
        start, stop = text.find(first), text.rfind(last)
        if 0 <= start < stop:
            text = text[start + 1 : stop]
            break
    return [item for item in re.split(r"[\s,;]+", text) if item]
