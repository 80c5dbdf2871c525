"""What must hold for a token of any bytes, told in three grades: each costs about ten times the one before."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from support.coverage import check_tree

from analyzer.report.explained import Explained
from dissectors import tokens
from dissectors.anomaly import CODES
from dissectors.tokens import dissect_token
from dissectors.tokens.meaning import field_meaning
from dissectors.tokens.model import Token
from dissectors.tokens.sentence import token_sentence
from dissectors.tokens.strict import strict_check
from dissectors.visible import UNSAFE

CLAIMS = (None, True, False)
"""What a carrier may say of the sender: `from_acceptor`."""
ANOMALIES_LIMIT = 400
FIELDS_LIMIT = 9_000
DEPTH_LIMIT = 60


def check_values(data: bytes, *, sasl_layer: bool = False) -> Token:
    """Decode it whoever is said to have sent it, twice: no exception, the same answer, sound findings."""
    for claim in CLAIMS:
        token = dissect_token(data, from_acceptor=claim, sasl_layer=sasl_layer)
        tokens._cache.clear()
        again = dissect_token(data, from_acceptor=claim, sasl_layer=sasl_layer)
        assert again is not token or not data
        assert again == token
        assert token.raw == data
        findings = token.findings
        assert len(findings) <= ANOMALIES_LIMIT
        for anomaly in findings:
            assert anomaly.code in CODES, anomaly
            assert 0 <= anomaly.span.start <= anomaly.span.end <= len(data), anomaly
            assert isinstance(anomaly.detail, str)
        assert repr(token).isprintable()
        depth = 0
        inner = token.inner
        while inner is not None:
            depth += 1
            inner = inner.inner
        assert depth <= tokens.DEPTH_LIMIT
    return token


def check_shown(token: Token) -> None:
    """Its tree, its sentence and its fields' meanings: all bytes told once, in order, in plain text."""
    fields = check_tree(token)
    assert len(fields) <= FIELDS_LIMIT
    assert token.fields == fields
    assert all(field.path.count(".") <= DEPTH_LIMIT for field in fields)
    assert token_sentence(token)  # escaped where it is printed
    for field in fields:
        field_meaning(field)
        assert isinstance(field.name, str)
        assert field.name


def check_told(token: Token) -> None:
    """The strict reading, and what people, programs and notebooks get of it."""
    found = strict_check(token)
    assert len(found) <= ANOMALIES_LIMIT
    for anomaly in found:
        assert anomaly.code in CODES, anomaly
        assert 0 <= anomaly.span.start <= anomaly.span.end <= len(token.raw), anomaly
    explained = Explained(token, tuple(found))
    for line in (*explained.lines(60), *explained.lines(secrets=True)):
        assert not UNSAFE.search(line)
    for secrets in (False, True):
        text = json.dumps(explained.to_dict(secrets=secrets), allow_nan=False)
        assert text.isascii()
    page = explained._repr_html_()
    assert not UNSAFE.search(page.replace("\n", ""))
    _Balanced().feed(page)


class _Balanced(HTMLParser):
    """Knows the few elements that a token's HTML is made of."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing that acts."""
        assert tag in {"div", "b", "span", "details", "summary", "h4", "pre", "style"}, tag
        assert {name for name, _ in attrs} <= {"class", "open"}
