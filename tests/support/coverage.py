"""Whether the tree of a token's fields leaves out no byte; shares no code with what fills the gaps.

A byte is told if it lies in a leaf, or among the tag and length octets that begin a branch.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.span import Field, Span
from dissectors.tokens.model import Token
from dissectors.visible import UNSAFE

LIMITS = ("limit-",)
UNREAD = "unread"


def check_tree(token: Token) -> list[Field]:
    """Assert that the fields are a tree of all the token's bytes; return them."""
    fields = token.fields
    raw = token.raw
    parents = _parents(fields)
    for field, parent in zip(fields, parents, strict=True):
        span = field.span
        assert 0 <= span.start <= span.end <= len(raw), field
        assert field.path == field.name or field.path.endswith(f".{field.name}"), field
        assert not UNSAFE.search(field.text), field
        if field.secret:
            assert field.value is None, field
        if parent is not None:
            above = fields[parent]
            assert above.span.start <= span.start <= span.end <= above.span.end, (field, above)
    missing = uncovered(fields, raw)
    assert not missing, (raw.hex(), missing)
    return fields


def uncovered(fields: list[Field], raw: bytes) -> list[Span]:
    """Runs of bytes that no field tells."""
    told = bytearray(len(raw))
    first_child: dict[int, int] = {}
    for row, parent in enumerate(_parents(fields)):
        if parent is not None:
            start = fields[row].span.start
            first_child[parent] = min(start, first_child.get(parent, start))
    for row, field in enumerate(fields):
        start, end = field.span
        if row not in first_child:
            assert field.text or field.value is not None or _is_empty(raw[start:end]), field
            told[start:end] = b"\1" * (end - start)
        else:
            at = _headers(raw, start, end, first_child[row])
            told[start:at] = b"\1" * (at - start)
    return _runs(told)


def unexplained(token: Token, fields: list[Field]) -> list[Field]:
    """Fields of bytes nobody could read, though no anomaly touches them."""
    findings: tuple[Anomaly, ...] = token.findings
    if any(anomaly.code.startswith(LIMITS) for anomaly in findings):
        return []
    spans = [anomaly.span for anomaly in findings]
    return [
        field
        for field in fields
        if field.name == UNREAD
        and not any(span.start <= field.span.end and field.span.start <= span.end for span in spans)
    ]


def _parents(fields: list[Field]) -> list[int | None]:
    """Row of each field's parent: the nearest one before it whose path begins its own."""
    found: list[int | None] = []
    open_rows: list[int] = []
    for row, field in enumerate(fields):
        while open_rows and not field.path.startswith(f"{fields[open_rows[-1]].path}."):
            open_rows.pop()
        found.append(open_rows[-1] if open_rows else None)
        open_rows.append(row)
    return found


def _headers(raw: bytes, at: int, end: int, child: int) -> int:
    """Skip tag and length octets up to the first child; each element must reach as far as it says."""
    while at + 1 < child:
        length = raw[at + 1]
        after = at + 2 + (length & 0x7F if length > 0x80 else 0)
        if after > child:
            break
        size = int.from_bytes(raw[at + 2 : after]) if length > 0x80 else length
        constructed = raw[at] & 0x20
        if not constructed and after != child:
            break
        if length != 0x80 and after + size < child:
            break  # it would end before what stands in it
        at = after
    return at


def _is_empty(content: bytes) -> bool:
    """Whether nothing but headers is there: `30 00`, `a1 02 30 00`."""
    while len(content) >= 2 and content[0] & 0x20:
        length = content[1]
        content = content[2 + (length & 0x7F if length > 0x80 else 0) :]
    return not content


def _runs(told: bytearray) -> list[Span]:
    runs = []
    start = told.find(0)
    while start >= 0:
        end = told.find(1, start)
        end = len(told) if end < 0 else end
        runs.append(Span(start, end))
        start = told.find(0, end)
    return runs
