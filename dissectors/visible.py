"""The border at which text from the wire becomes text for people: nothing invisible gets past it."""

from __future__ import annotations

import re

UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f\u00ad\u061c"  # C0, DEL, C1, soft hyphen, Arabic letter mark
    "\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0"  # fillers and other blanks
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffb"  # zero width, bidi, separators
    "\ufe00-\ufe0f\U000e0000-\U000e0fff"  # variation selectors and tags
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # lone surrogates and noncharacters
    "]"
)
"""Characters that do not show themselves, or change how others are shown."""

SHOWN_CHARACTERS = 512
"""Characters of a text from the wire that are written out where it is one value among many."""


def visible(text: str) -> str:
    r"""`text` with every unsafe character written as `\x1b` or `\u202e`; a backslash stays one backslash."""
    if text.isascii() and text.isprintable():  # nearly all of it, and far quicker told
        return text
    return UNSAFE.sub(_escaped, text)


def shortened(text: str) -> str:
    """The text, or of a long one its beginning and its length."""
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]}... ({len(text)} characters)"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x1_0000 else f"\\U{code:08x}"
