"""JSON in which nothing invisible stands raw."""

from __future__ import annotations

import json
import re
from typing import Any

from dissectors.visible import UNSAFE

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_text(value: Any) -> str:
    r"""JSON on one line in which every unsafe character stands as `\uXXXX`."""
    text = _encode(value)
    return text if text.isascii() and text.isprintable() else UNSAFE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x1_0000:
        return f"\\u{code:04x}"
    code -= 0x1_0000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
