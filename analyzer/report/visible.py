"""The border at which text from the wire becomes text for people: nothing invisible gets past it."""

from __future__ import annotations

import json
import re
from typing import Any

UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
"""Controls, bidi controls, zero-width and other invisible characters, lone surrogates, noncharacters."""


def visible(text: str) -> str:
    r"""Show every unsafe character as `\x1b` or `\u202e`; a backslash stays one backslash."""
    return UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x1_0000 else f"\\U{code:08x}"


def json_text(value: Any) -> str:
    r"""JSON on one line in which every unsafe character stands as `\uXXXX`."""
    return UNSAFE.sub(_json_escaped, json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _json_escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x1_0000:
        return f"\\u{code:04x}"
    code -= 0x1_0000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
