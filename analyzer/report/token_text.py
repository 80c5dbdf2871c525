"""One token explained as a tree with byte ranges; also from pasted text: base64, hex, header lines."""

from __future__ import annotations

import base64
import binascii
import re
import textwrap
from dataclasses import dataclass
from html import escape
from typing import Any

from analyzer.errors import UsageError
from analyzer.report.cells import counted
from dissectors.anomaly import CODES
from dissectors.span import Field
from dissectors.tokens import dissect_token
from dissectors.tokens.model import Token
from dissectors.visible import visible

HEADER = re.compile(
    r"^\s*(?:[\w-]*(?:authenticat|authorization)[\w-]*\s*:\s*)?"
    r"(?:negotiate|ntlm|kerberos|credssp|nego2|pku2u|gss-spnego|gssapi)\s+(?P<value>[A-Za-z0-9+/=_\s-]+)$",
    re.IGNORECASE,
)
HEX = re.compile(r"^(?:0x)?(?:[0-9a-fA-F]{2}[\s:,]*)+$")

NO_TOKEN = "token: neither base64, hex nor an authentication header"
LEAST_BYTES = 8  # of pasted text in which no token is recognised
LEAST_ROOM = 30  # cells for the text of a field, however narrow the terminal and deep the field


@dataclass(frozen=True, slots=True)
class Explained:
    """A dissected token that prints as a tree; in a notebook as nested lists."""

    token: Token
    strict: tuple[Any, ...] = ()  # what the strict ASN.1 reading says, as Anomaly

    def lines(self, width: int = 100) -> list[str]:
        """The tree, texts wrapped at `width` cells."""
        return tree_lines(self.token, self.strict, width=width)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<{self.token.token_type}, {len(self.token.raw)} bytes>"

    def _repr_html_(self) -> str:
        return f"<pre style='font-family:monospace'>{escape(str(self))}</pre>"


def token_bytes(text: str) -> bytes:
    """Bytes of a token given as base64, hex or an authentication header line. Raises `UsageError`."""
    text = text.strip()
    header = HEADER.match(text)
    if header is not None:
        text = header["value"]
    compact = "".join(text.split())
    if not compact:
        raise UsageError("token: no token given")
    if header is None and HEX.match(text):
        return bytes.fromhex(re.sub(r"^0x|[\s:,]", "", text))
    compact = compact.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(NO_TOKEN) from None


def explain_token(data: bytes | str) -> Explained:
    """Dissect a token, with the strict reading beside it. Raises `UsageError` for text that is none."""
    from dissectors.tokens.spnego_asn1 import strict_check  # noqa: PLC0415 - pyasn1 only on demand

    raw = data if isinstance(data, bytes) else token_bytes(data)
    dissected = dissect_token(raw)
    if isinstance(data, str) and len(raw) < LEAST_BYTES and dissected.token_type == "opaque":
        raise UsageError(NO_TOKEN)  # a word can be base64 by chance
    return Explained(dissected, tuple(strict_check(dissected)))


def tree_lines(
    token: Token, strict: tuple[Any, ...] = (), *, indent: str = "", width: int = 100
) -> list[str]:
    """The token's fields, one a line: byte range, name, meaning; then what is odd about it."""
    fields = token.fields
    digits = len(str(len(token.raw)))
    lines = [f"{indent}{token.token_type}, {counted(len(token.raw), 'byte')}"]
    for field in fields:
        lines += _field_lines(field, digits, indent, width)
    for anomaly in (*token.findings, *strict):
        sentence = CODES[anomaly.code].sentence
        detail = f": {visible(anomaly.detail)}" if anomaly.detail else ""
        span = f"{anomaly.span.start}-{anomaly.span.end}"
        lines += _hanging(f"{indent}! bytes {span}  ", f"{anomaly.code}: {sentence}{detail}", width)
    return lines


def _field_lines(field: Field, digits: int, indent: str, width: int) -> list[str]:
    depth = field.path.count(".")
    span = f"{field.span.start:>{digits}}-{field.span.end:<{digits}}"
    text = visible(field.text)
    head = f"{indent}  {span}  {'  ' * depth}{visible(field.name)}"
    return _hanging(head + ": ", text, width) if text else [head]


def _hanging(head: str, text: str, width: int) -> list[str]:
    """The head and beside it the text, in as many lines as it needs."""
    if len(head) + len(text) <= width:
        return [head + text]
    parts = textwrap.wrap(text, max(width - len(head), LEAST_ROOM), break_on_hyphens=False)
    return [head + parts[0], *(" " * len(head) + part for part in parts[1:])] if parts else [head]


def hex_lines(raw: bytes) -> list[str]:
    """Offsets, hex and printable text, 16 bytes a line."""
    lines = []
    for start in range(0, len(raw), 16):
        part = raw[start : start + 16]
        shown = "".join(chr(b) if 0x20 <= b < 0x7F else "." for b in part)
        lines.append(f"  {start:06x}  {part.hex(' '):<47}  {shown}")
    return lines
