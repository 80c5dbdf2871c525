"""Explained tokens as plain values: what `negoscope token --format json` prints.

A field has `path`, `name`, `value`, `text`, `start` and `end` (bytes of the outermost token), `secret`
and, where there is one, `meaning`. Bytes are lower-case hex. Secrets have no value unless asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.report.cells import json_value
from analyzer.tables.schema import TABLES
from dissectors.anomaly import CODES, Anomaly
from dissectors.span import Field
from dissectors.tokens.meaning import field_meaning
from dissectors.tokens.model import Token
from dissectors.tokens.sentence import token_sentence

if TYPE_CHECKING:
    from analyzer.report.explained import Explained, ExplainedExchange


def token_dict(explained: Explained, *, secrets: bool) -> dict[str, Any]:
    """One token: type, sizes, sentence, fields, anomalies; its bytes only with `secrets`."""
    token = explained.token
    made: dict[str, Any] = {
        "token_type": token.token_type,
        "inner_type": token.inner.token_type if token.inner is not None else None,
        "length": len(token.raw),
        "role": explained.role,
        "line": explained.line,
        "explanation": token_sentence(token, explained.role),
        "fields": [_field_dict(token, field, secrets) for field in token.fields],
        "anomalies": [_finding_dict(found) for found in (*token.findings, *explained.strict)],
    }
    if secrets:
        made["token"] = token.raw.hex()
    return made


def exchange_dict(explained: ExplainedExchange, *, secrets: bool) -> dict[str, Any]:
    """Several tokens, and the rows of the negotiations that they make."""
    columns = TABLES["negotiations"].columns
    return {
        "tokens": [token_dict(token, secrets=secrets) for token in explained.tokens],
        "negotiations": [
            {column.name: json_value(column, exchange.row[column.name]) for column in columns}
            for exchange in explained.negotiations
        ],
    }


def _field_dict(token: Token, field: Field, secrets: bool) -> dict[str, Any]:
    value = token.bytes_of(field) if field.secret and secrets else field.value
    made: dict[str, Any] = {
        "path": field.path,
        "name": field.name,
        "value": _plain(value),
        "text": field.text,
        "start": field.span.start,
        "end": field.span.end,
        "secret": field.secret,
    }
    meaning = field_meaning(field)
    if meaning:
        made["meaning"] = meaning
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def _finding_dict(found: Anomaly) -> dict[str, Any]:
    code = CODES[found.code]
    return {
        "code": found.code,
        "group": code.group,
        "severity": code.severity,
        "detail": found.detail or code.sentence,
        "start": found.span.start,
        "end": found.span.end,
    }
