"""A token as lines of text: what it says in a sentence, its tree with byte ranges, what is odd about it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from analyzer.report.cells import counted
from analyzer.report.shown_bytes import hidden_spans
from dissectors.anomaly import CODES, Anomaly
from dissectors.span import Field, Span
from dissectors.tokens.model import DeleteContextToken, Token
from dissectors.visible import visible

HIDDEN = "··"
LEAST_ROOM = 30  # cells for the text of a field, however narrow the terminal and deep the field


def token_heading(token: Token) -> str:
    """Type and size; what deletes a context is a MIC by its type."""
    kind = token.token_type
    if isinstance(token, DeleteContextToken):
        kind += " (delete context)"
    return f"{kind}, {counted(len(token.raw), 'byte')}"


def tree_lines(
    token: Token, *, indent: str = "", width: int = 100, details: bool = False
) -> list[str]:
    """The token's fields, one a line: byte range, name, text; then what is odd about it.

    Without `details`, fields are left out that the one above them tells in its text.
    """
    return [
        f"{indent}{token_heading(token)}",
        *field_lines(token, indent=indent, width=width, details=details),
        *finding_lines(token.findings, indent=indent, width=width),
    ]


def told_lines(token: Token, indent: str, width: int, role: str | None = None) -> list[str]:
    """What the token says, in sentences; `role` is the sender's, if it is known."""
    from dissectors.tokens.sentence import token_sentence  # noqa: PLC0415 - only where one is explained

    return _hanging(indent, visible(token_sentence(token, role)), width)


def field_lines(
    token: Token,
    *,
    indent: str = "",
    width: int = 100,
    details: bool = True,
    meanings: bool = False,
    secrets: bool = False,
) -> list[str]:
    """The fields, one a line or more: byte range, name, text, and plain words if wanted."""
    from dissectors.tokens.meaning import (  # noqa: PLC0415 - only where one is shown
        field_meaning,
        is_detail,
    )

    fields = [field for field in token.fields if details or not is_detail(field)]
    digits = len(str(len(token.raw)))
    lines = []
    for field in fields:
        text = field.text
        if field.secret and secrets:
            text = token.bytes_of(field).hex()
        made = _field_lines(field, text, digits, indent, width)
        lines += made
        said = field_meaning(field) if meanings else None
        if said and len(made) == 1 and len(made[0]) + len(said) + 4 <= width:
            lines[-1] += f"  · {said}"
        elif said:
            margin = f"{indent}  {' ' * (2 * digits + 1)}  {'  ' * (field.path.count('.') + 1)}"
            lines += _hanging(f"{margin}· ", said, width)
    return lines


def finding_lines(
    findings: tuple[Anomaly, ...], *, indent: str = "", width: int = 100
) -> list[str]:
    """What is odd about a token, one finding a line or more."""
    lines = []
    for anomaly in findings:
        sentence = CODES[anomaly.code].sentence
        detail = f": {visible(anomaly.detail)}" if anomaly.detail else ""
        span = f"{anomaly.span.start}-{anomaly.span.end}"
        lines += _hanging(f"{indent}! bytes {span}  ", f"{anomaly.code}: {sentence}{detail}", width)
    return lines


def _field_lines(field: Field, text: str, digits: int, indent: str, width: int) -> list[str]:
    depth = field.path.count(".")
    span = f"{field.span.start:>{digits}}-{field.span.end:<{digits}}"
    head = f"{indent}  {span}  {'  ' * depth}{visible(field.name)}"
    return _hanging(head + ": ", visible(text), width) if text else [head]


def _hanging(head: str, text: str, width: int) -> list[str]:
    """The head and beside it the text, in as many lines as it needs; below it if there is no room."""
    if len(head) + len(text) <= width:
        return [head + text]
    room = width - len(head)
    if room < LEAST_ROOM:
        margin = " " * max(width - LEAST_ROOM, 0)
        return [head, *_wrapped(text, margin, LEAST_ROOM)]
    first, *rest = _wrapped(text, " " * len(head), room) or [""]
    return [head + first.lstrip(), *rest]


def _wrapped(text: str, margin: str, room: int) -> list[str]:
    if " " not in text:  # hex, maybe a megabyte of it: textwrap's time grows with its square
        return [margin + text[at : at + room] for at in range(0, len(text), room)]
    return [margin + part for part in textwrap.wrap(text, room, break_on_hyphens=False)]


def hex_lines(raw: bytes, hidden: Iterable[Span] = ()) -> list[str]:
    """Offsets, hex and printable text, 16 bytes a line; two dots for each byte of the ranges `hidden`."""
    dots = bytearray(len(raw))
    for start, end in hidden:
        dots[start:end] = b"\1" * (end - start)
    lines = []
    for start in range(0, len(raw), 16):
        row = [(raw[at], dots[at]) for at in range(start, min(start + 16, len(raw)))]
        octets = " ".join(HIDDEN if hide else f"{octet:02x}" for octet, hide in row)
        text = "".join(
            HIDDEN[0] if hide else chr(octet) if 0x20 <= octet < 0x7F else "."
            for octet, hide in row
        )
        lines.append(f"  {start:06x}  {octets:<47}  {text}")
    return lines


def token_hex_lines(token: Token, *, secrets: bool = False) -> list[str]:
    """The bytes of a token, those of its secrets as dots unless they are asked for."""
    return hex_lines(token.raw, () if secrets else hidden_spans(len(token.raw), token.fields))
