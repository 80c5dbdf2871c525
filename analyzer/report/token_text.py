"""One token explained as a tree with byte ranges; also from pasted text: base64, hex, header lines."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from html import escape
from typing import Any

from analyzer.errors import UsageError
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


@dataclass(frozen=True, slots=True)
class Explained:
    """A dissected token that prints as a tree; in a notebook as nested lists."""

    token: Token
    strict: tuple[Any, ...] = ()  # what the strict ASN.1 reading says, as Anomaly

    def __str__(self) -> str:
        return "\n".join(tree_lines(self.token, self.strict))

    def __repr__(self) -> str:
        return f"<{self.token.token_type}, {len(self.token.raw)} bytes>"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


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
        raise UsageError("token: neither base64, hex nor an authentication header") from None


def explain_token(data: bytes | str) -> Explained:
    """Dissect a token, with the strict reading beside it. Raises `UsageError` for text that is none."""
    from dissectors.tokens.spnego_asn1 import strict_check  # noqa: PLC0415 - pyasn1 only on demand

    raw = data if isinstance(data, bytes) else token_bytes(data)
    dissected = dissect_token(raw)
    return Explained(dissected, tuple(strict_check(dissected)))


def tree_lines(token: Token, strict: tuple[Any, ...] = (), *, indent: str = "") -> list[str]:
    """The token's fields, one a line: byte range, name, meaning; then what is odd about it."""
    fields = token.fields
    digits = len(str(len(token.raw)))
    lines = [f"{indent}{token.token_type}, {len(token.raw)} bytes"]
    lines.extend(indent + _field_line(field, digits) for field in fields)
    for anomaly in (*token.findings, *strict):
        sentence = CODES[anomaly.code].sentence
        detail = f": {visible(anomaly.detail)}" if anomaly.detail else ""
        span = f"{anomaly.span.start}-{anomaly.span.end}"
        lines.append(f"{indent}! bytes {span}  {anomaly.code}: {sentence}{detail}")
    return lines


def _field_line(field: Field, digits: int) -> str:
    depth = field.path.count(".")
    span = f"{field.span.start:>{digits}}-{field.span.end:<{digits}}"
    text = visible(field.text)
    return f"  {span}  {'  ' * depth}{visible(field.name)}" + (f": {text}" if text else "")


def hex_lines(raw: bytes) -> list[str]:
    """Offsets, hex and printable text, 16 bytes a line."""
    lines = []
    for start in range(0, len(raw), 16):
        part = raw[start : start + 16]
        shown = "".join(chr(b) if 0x20 <= b < 0x7F else "." for b in part)
        lines.append(f"  {start:06x}  {part.hex(' '):<47}  {shown}")
    return lines
