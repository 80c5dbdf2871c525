"""The bytes of a token that no decoder claimed: they get fields of their own, so that none is lost.

A decoder records what it understands. Whatever else lies inside a branch - beyond its tag and length
octets and its children - is broken, beyond a limit or behind the end, and becomes a field `unread`;
the octets that close an indefinite length become `end-of-contents`.

Spec: X.690 8.1.2-8.1.5 (tag, length and end-of-contents octets).
"""

from __future__ import annotations

from dissectors.span import Field, Span
from dissectors.tokens.ntlm_amount import counted_bytes

_CONSTRUCTED = 0x20
_LONG_TAG = 0x1F
_INDEFINITE = 0x80
_HEADERS = 4  # APPLICATION tag, context tag, SEQUENCE: what one branch of a schema may take off
_END_OF_CONTENTS = b"\0\0"


class _Node:
    """A field, what stands below it, and which of its bytes are told otherwise."""

    __slots__ = ("below", "children", "field", "path")

    def __init__(self, field: Field | None, path: str) -> None:
        self.field = field
        self.path = path
        self.below = f"{path}." if path else ""
        self.children: list[_Node] = []


def with_unread(fields: list[Field], data: bytes) -> list[Field]:
    """Fields of a token with the bytes of `data` that they leave out, each gap in its place."""
    root = _Node(None, "")
    stack = [root]
    nodes = [root]
    for field in fields:
        while not field.path.startswith(stack[-1].below):
            stack.pop()
        node = _Node(field, field.path)
        stack[-1].children.append(node)
        stack.append(node)
        nodes.append(node)
    found = False
    for node in nodes:
        found |= _fill(node, data)
    return _flat(root) if found else fields


def _fill(node: _Node, data: bytes) -> bool:
    """Add a child for every gap of a branch; tell whether there was one."""
    field = node.field
    start, end = (0, len(data)) if field is None else field.span
    spans = sorted(child.field.span for child in node.children if child.field is not None)
    if not spans and field is not None:
        if field.value is not None or field.text or field.secret:
            return False  # a leaf
        at = _header_end(data, start, end, None)
    else:
        at = start
        if field is not None and spans and spans[0].start > start:
            at = _header_end(data, start, end, spans[0].start)
    gaps = []
    for first, last in spans:
        if first > at:
            gaps.append(Span(at, first))
        at = max(at, last)
    if at < end:
        gaps.append(Span(at, end))
    for gap in gaps:
        _insert(node, gap, data, closing=gap.end == end and _indefinite(data, start, end))
    return bool(gaps)


def _insert(node: _Node, gap: Span, data: bytes, *, closing: bool) -> None:
    if closing and data[gap.start : gap.end] == _END_OF_CONTENTS * (gap.length // 2):
        name, text, secret = "end-of-contents", data[gap.start : gap.end].hex(" "), False
    else:
        name, text, secret = "unread", f"{counted_bytes(gap.length)}, not shown", True
    path = f"{node.below}{name}"
    made = _Node(Field(path, name, None, text, gap, secret), path)
    for place, child in enumerate(node.children):
        if child.field is not None and child.field.span.start >= gap.end:
            node.children.insert(place, made)
            return
    node.children.append(made)


def _flat(root: _Node) -> list[Field]:
    """Fields of a tree, each before what is below it."""
    fields = []
    pending = [root]
    while pending:
        node = pending.pop()
        if node.field is not None:
            fields.append(node.field)
        pending += reversed(node.children)
    return fields


def _header_end(data: bytes, start: int, end: int, child: int | None) -> int:
    """Where the tag and length octets end that begin the branch `[start, end)`.

    `child` is where its first child begins: headers reach up to it, and the last of them may be that of
    a primitive type whose content is a token.
    """
    content = end if child is None else child
    at = start
    for _ in range(_HEADERS):
        if at >= content:
            break
        after = _after_header(data, at, end)
        if after is None or after > content:
            break
        if at == start and not _fills(data, start, after, end):
            break  # these bytes are something else, they only look like a header
        if not data[at] & _CONSTRUCTED and after != child:
            break
        at = after
    return at


def _after_header(data: bytes, at: int, end: int) -> int | None:
    """Where the content of the element at `at` begins; None if its header is cut."""
    if at + 2 > end or data[at] & _LONG_TAG == _LONG_TAG:
        return None
    length = data[at + 1]
    after = at + 2 + (length & 0x7F if length > _INDEFINITE else 0)
    return after if after <= end else None


def _fills(data: bytes, start: int, after: int, end: int) -> bool:
    """Whether the element with the header `[start, after)` goes on to `end`, or would go further."""
    if data[start + 1] == _INDEFINITE:
        return True
    length = int.from_bytes(data[start + 2 : after]) if after > start + 2 else data[start + 1]
    return after + length >= end


def _indefinite(data: bytes, start: int, end: int) -> bool:
    """Whether one of the headers that begin a branch has the indefinite length."""
    at = start
    for _ in range(_HEADERS):
        after = _after_header(data, at, end)
        if after is None or not data[at] & _CONSTRUCTED:
            return False
        if data[at + 1] == _INDEFINITE:
            return True
        at = after
    return False
