"""JSON in which nothing invisible stands raw."""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring as quoted
from typing import Any

from dissectors.visible import UNSAFE

__all__ = ["is_plain", "json_text", "quoted", "visible_json"]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_text(value: Any) -> str:
    r"""JSON on one line in which every unsafe character stands as `\uXXXX`."""
    return visible_json(_encode(value))


def visible_json(text: str) -> str:
    """The JSON with the unsafe characters that JSON leaves as they are written as escapes."""
    return text if is_plain(text) else UNSAFE.sub(_escaped, text)


def is_plain(text: str) -> bool:
    """Whether JSON holds nothing to be escaped; JSON itself escapes what stands before the blank."""
    return text.isascii() and "\x7f" not in text


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x1_0000:
        return f"\\u{code:04x}"
    code -= 0x1_0000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
