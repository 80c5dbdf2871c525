"""One negotiation as plain values, for those who draw it: notebook, explorer and report.

All text is safe to print (nothing invisible in it) but not escaped for HTML: that is the drawer's part.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from analyzer.report.legs import ends, legs
from analyzer.report.shown_bytes import hidden_spans
from analyzer.report.token_text import token_heading
from analyzer.report.verdict import verdict_parts
from dissectors.anomaly import CODES, Anomaly
from dissectors.span import Span
from dissectors.tokens.meaning import field_meaning, is_detail
from dissectors.tokens.model import Token
from dissectors.tokens.sentence import token_sentence
from dissectors.visible import visible

if TYPE_CHECKING:
    from analyzer.report.exchange import Exchanged

SECRET = 1
DETAIL = 2
BYTES_SHOWN = 4096
"""Of each token; the fields of longer ones are all told, their bytes are not."""
FIELDS_SHOWN = 2000


def closeup(exchanged: Exchanged, *, with_secrets: bool = False) -> dict[str, Any]:
    """Return a negotiation as a dict of JSON's types.

    `id`, `capture`, `client`, `server` (with ports), `outcome`, `title` (the outcome in words), `verdict`
    (pairs of label and text), `started_ns`, and `legs`: each `frame`, `after_ns` (since `started_ns`),
    `side` (0: client), `labels`, and `token`, a dict as of `token_closeup` with `where`; None without one.
    """
    negotiation = exchanged.negotiation
    client, server = ends(negotiation)
    title, verdict = verdict_parts(negotiation, of_text=exchanged.of_text)
    shown = legs(negotiation)
    started = shown[0].ts_ns if shown else 0
    return {
        "id": negotiation.negotiation_id,
        "capture": visible(exchanged.capture),
        "client": client,
        "server": server,
        "outcome": negotiation.outcome,
        "title": title,
        "verdict": verdict,
        "started_ns": started,
        "legs": [
            {
                "frame": leg.frame,
                "after_ns": leg.ts_ns - started,
                "side": leg.side,
                "labels": list(leg.labels),
                "token": _token(exchanged, place, with_secrets=with_secrets),
            }
            for place, leg in enumerate(shown)
        ],
    }


def _token(exchanged: Exchanged, place: int, *, with_secrets: bool) -> dict[str, Any] | None:
    step = exchanged.steps[place]
    if step.token is None or not step.token.raw:
        return None
    return {
        "where": visible(exchanged.heading(step)),
        **token_closeup(step.token, role=step.role, with_secrets=with_secrets),
    }


def token_closeup(
    token: Token, *, role: str | None = None, with_secrets: bool = False
) -> dict[str, Any]:
    """Return a token as a dict of JSON's types.

    `heading`, `sentence`, `length`, `bytes` (base64 of the first 4,096, hidden ones as zeros), `hidden`
    (byte ranges), `fields`: lists of depth, name, text, meaning, first byte, end, flags (1: secret, 2: told
    in the branch above too), `findings`: lists of first byte, end, code, sentence.
    """
    fields = token.fields
    shown = bytearray(token.raw[:BYTES_SHOWN])
    hidden = [] if with_secrets else hidden_spans(len(shown), fields)
    for start, end in hidden:
        shown[start:end] = bytes(end - start)
    return {
        "heading": visible(token_heading(token)),
        "sentence": visible(token_sentence(token, role)),
        "length": len(token.raw),
        "bytes": b64encode(shown).decode(),
        "hidden": [list(span) for span in hidden],
        "fields": [
            [
                field.path.count("."),
                visible(field.name),
                token.bytes_of(field).hex()
                if field.secret and with_secrets
                else visible(field.text),
                visible(field_meaning(field) or ""),
                *_clipped(field.span, len(token.raw)),
                SECRET * field.secret | DETAIL * is_detail(field),
            ]
            for field in fields[:FIELDS_SHOWN]
        ],
        "more_fields": max(0, len(fields) - FIELDS_SHOWN),
        "findings": [finding_closeup(found) for found in token.findings],
    }


def _clipped(span: Span, size: int) -> Span:
    return Span(min(span.start, size), min(span.end, size))


def finding_closeup(found: Anomaly) -> list[Any]:
    """Return what is odd about a token: first byte, end, code, sentence."""
    detail = f": {found.detail}" if found.detail else ""
    return [*found.span, found.code, visible(CODES[found.code].sentence + detail)]
