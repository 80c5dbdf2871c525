"""Explained tokens as HTML for notebooks: a static tree of nested lists, no script, nothing unescaped.

Branches that hold details only are closed. Each field has its byte range; its bytes stand in its tooltip
as hex, unless some of them are a secret's.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from dissectors.anomaly import CODES
from dissectors.span import Field
from dissectors.tokens.meaning import field_meaning, is_detail
from dissectors.tokens.model import Token
from dissectors.tokens.sentence import token_sentence
from dissectors.visible import visible

if TYPE_CHECKING:
    from analyzer.report.explained import Explained, ExplainedExchange

TOOLTIP_BYTES = 64
MONO = "font-family:monospace"
FAINT = "opacity:.7"


def token_html(explained: Explained) -> str:
    """One token: heading, sentence, tree, findings."""
    token = explained.token
    parts = [
        f"<div class='negoscope-token'><b>{_safe(explained.heading)}</b>",
        f"<div>{_safe(token_sentence(token, explained.role))}</div>",
        _tree(token, token.fields),
    ]
    for found in (*token.findings, *explained.strict):
        detail = f": {found.detail}" if found.detail else ""
        text = (
            f"bytes {found.span.start}-{found.span.end} {found.code}: {CODES[found.code].sentence}"
        )
        parts.append(f"<div>⚠ {_safe(text + detail)}</div>")
    return "".join(parts) + "</div>"


def exchange_html(explained: ExplainedExchange) -> str:
    """Several tokens: the negotiations' ladders, then every token folded away."""
    ladders = "".join(
        f"<pre style='{MONO}'>{escape(chr(10).join(exchange.lines()[2:]))}</pre>"
        for exchange in explained.negotiations
    )
    tokens = "".join(
        f"<details><summary>{_safe(token.heading)}</summary>{token_html(token)}</details>"
        for token in explained.tokens
    )
    return f"<div class='negoscope-exchange'>{ladders}{tokens}</div>"


def _tree(token: Token, fields: list[Field]) -> str:
    """Fields as nested details; a field belongs to the last one before it that is less deep."""
    secrets = [field.span for field in fields if field.secret]
    made: list[str] = []
    branches: list[int] = []  # depths of those that are still open
    for place, field in enumerate(fields):
        depth = field.path.count(".")
        while branches and branches[-1] >= depth:
            made.append("</div></details>")
            branches.pop()
        hides = any(field.span.start < span.end and span.start < field.span.end for span in secrets)
        row = _row(token, field, shown=not hides)
        if place + 1 < len(fields) and fields[place + 1].path.count(".") > depth:
            opened = "" if is_detail(fields[place + 1]) else " open"
            made.append(f"<details{opened}><summary>{row}</summary><div style='margin-left:1.5em'>")
            branches.append(depth)
        else:
            made.append(f"<div>{row}</div>")
    made += ["</div></details>"] * len(branches)
    return f"<div style='{MONO}'>{''.join(made)}</div>"


def _row(token: Token, field: Field, *, shown: bool) -> str:
    """One field; `shown`: none of its bytes is a secret's."""
    raw = token.bytes_of(field)
    title = raw[:TOOLTIP_BYTES].hex(" ") if shown else ""
    if title and len(raw) > TOOLTIP_BYTES:
        title += " …"
    meaning = field_meaning(field)
    said = f" <span style='{FAINT}'>{_safe(meaning)}</span>" if meaning else ""
    text = f": {_safe(field.text)}" if field.text else ""
    span = f"<span style='{FAINT}'>{field.span.start}-{field.span.end}</span>"
    return f"{span} <span title='{title}'><b>{_safe(field.name)}</b>{text}</span>{said}"


def _safe(text: str) -> str:
    return escape(visible(text))
