"""Where a value came from: byte ranges and the fields of a token's tree."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_HIDDEN = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f\xad\u061c"  # C0, DEL, C1, soft hyphen, Arabic letter mark
    "\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, bidi
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # surrogates and non-characters
    "\U000e0000-\U000e0fff"  # tags and variation selectors
    "]"
)


def visible(text: str) -> str:
    r"""`text` with every character that does not show itself written as `\x1b` or `\u202e`."""
    return _HIDDEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Span(NamedTuple):
    """A half-open byte range `[start, end)`, counted from the first byte of the token or message."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Number of bytes covered."""
        return self.end - self.start


class Field(NamedTuple):
    """One decoded value of a token, with its place in the tree and in the bytes.

    `path` is the dotted place in the tree (`NegTokenInit.mechTypes.0`), `name` the specification's
    spelling, `value` the decoded value (int, str, bytes, list or None for a mere branch), `text` what
    people read (never raw control characters, never a secret), `span` the bytes of the whole element.
    """

    path: str
    name: str
    value: Any
    text: str
    span: Span
