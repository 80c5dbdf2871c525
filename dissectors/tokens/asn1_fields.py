"""Record the fields of an ASN.1 token by a schema: every element, with name, text and byte range.

The decoders read values only, for speed; this walk is for showing. It follows a schema of nodes and is
as tolerant as the decoders. No byte is left out: octets of tag and length belong to their branch,
contents to a leaf; what the schema does not know keeps its tag as a name, and what cannot be read, or
is too much, is a field `unread`.

Spec: X.690 8; the schemas stand beside the decoders.
"""

from __future__ import annotations

from typing import Any

from dissectors.der import ELEMENT_LIMIT, OCTET_STRING, Element, Reader
from dissectors.der_values import integer
from dissectors.records import NamedTuple
from dissectors.span import Field, Span
from dissectors.tokens.asn1_leaves import (
    BOOLEAN,
    INTEGER,
    OCTETS,
    OID,
    OPAQUE,
    SECRET,
    TEXT,
    TIME,
    Leaf,
    Shown,
    bits,
    number,
)
from dissectors.tokens.asn1_nodes import (
    ByContent,
    ByMember,
    ByTag,
    Inside,
    Layout,
    ListOf,
    Members,
    Node,
)
from dissectors.tokens.asn1_reader import Asn1Reader

__all__ = [
    "BOOLEAN",
    "FIELD_LIMIT",
    "INTEGER",
    "OCTETS",
    "OID",
    "OPAQUE",
    "SECRET",
    "TEXT",
    "TIME",
    "ByContent",
    "ByMember",
    "ByTag",
    "Inside",
    "Layout",
    "Leaf",
    "ListOf",
    "Members",
    "Node",
    "Shown",
    "bits",
    "number",
    "record",
]

FIELD_LIMIT = ELEMENT_LIMIT
"""Fields recorded of one message; the octets of all others are one field."""

_CONSTRUCTED = 0x20
_CLASS = 0xC0
_CONTEXT = 0x80
_CLASSES = {0x00: "UNIVERSAL", 0x40: "APPLICATION", 0xC0: "PRIVATE"}
_INDEFINITE = 0x80


class _Place(NamedTuple):
    """An element to be recorded: under which name, as what, and as what if it is not that."""

    element: Element
    path: str
    name: str
    node: Node
    other: Leaf


def record(reader: Asn1Reader, element: Element, name: str, node: Node) -> None:
    """Record an element and all that is in it as field `name`, if fields are wanted."""
    if reader.fields is None:
        return
    path = f"{reader.path}.{name}" if reader.path else name
    walk = _Walk(reader.data, reader.base, reader.fields)
    pending = [_Place(element, path, name, node, OCTETS)]
    for _ in range(FIELD_LIMIT):
        if not pending:
            return
        pending += reversed(walk.take(pending.pop()))
    if pending:
        walk.take(_unread(pending[-1].element[4], element[3], path))


class _Walk:
    """Writes one field after another and tells what stands inside it."""

    __slots__ = ("_data", "_fields", "_quiet", "_shift")

    def __init__(self, data: bytes, shift: int, fields: list[Field]) -> None:
        self._data = data
        self._shift = shift
        self._fields = fields
        self._quiet = Reader(data)  # the decoder has reported what is odd

    def take(self, place: _Place) -> list[_Place]:
        """Record one field; return the places of what is inside it or behind it, in wire order."""
        inmost, closing = self._inmost(place.element)
        tag, start, stop, _, _ = inmost
        node = place.node
        if isinstance(node, ByTag):
            name, node = node.choices.get(tag, (place.name, place.other))
            path = f"{place.path.rpartition('.')[0]}.{name}"
            place = place._replace(path=path.lstrip("."), name=name)
        if isinstance(node, ByContent):
            node = node.choose(self._data[start:stop])
        if isinstance(node, Leaf):
            return self._leaf(place, inmost, node, closing)
        content: list[_Place] | Leaf
        if not isinstance(node, Members | ListOf):
            content = self._content(place, inmost, node)
        elif tag & _CONSTRUCTED:
            content = self._elements(place, inmost, node)
        else:
            content = SECRET
        if isinstance(content, Leaf):
            return self._leaf(place, inmost, content, closing)
        about = ""
        if isinstance(node, Members) and node.about is not None:
            about = node.about(self._data[start:stop])
        after, at = place.element[3:]
        self._add(place, None, about, Span(at, after))
        if content:
            start = content[-1].element[3]
        return content + self._behind(start, stop, after, closing, place.path)

    def _inmost(self, element: Element) -> tuple[Element, int]:
        """Take EXPLICIT tags off; count the octets that must close indefinite lengths.

        A ticket has a context tag, an APPLICATION tag and a SEQUENCE.
        """
        closing = 0
        for level in range(3):
            tag, start, stop, after, at = element
            if self._data[at + 1 : start] == b"\x80":
                closing += after - stop
            if level == 2 or not tag & _CONSTRUCTED or not tag & _CLASS:
                break
            inner = self._quiet.read(start, stop)
            if inner is None or inner[0] & _CLASS == _CONTEXT:  # IMPLICIT, or a CHOICE
                break
            element = inner
        return element, closing

    def _leaf(self, place: _Place, inmost: Element, leaf: Leaf, closing: int) -> list[_Place]:
        """Record a value; octets between its end and that of its tag are a field of their own."""
        tag, start, stop, end, _ = inmost
        if leaf.tags and tag not in leaf.tags and tag & 0xE0 != _CONTEXT:  # nor IMPLICIT
            leaf = place.other
        value, text = leaf.show(self._data[start:stop])
        after, at = place.element[3:]
        above = place.path.rpartition(".")[0]
        if not above or end - stop + closing:
            end = after
        self._add(place, value, text, Span(at, end), secret=leaf.secret)
        return [_unread(end, after, above)] if end < after else []

    def _behind(self, start: int, stop: int, after: int, closing: int, path: str) -> list[_Place]:
        """Places of the octets between the last child and the end of a branch."""
        if start == after:
            return []
        if start == stop and closing == after - stop:
            element = 0, stop, after, after, stop
            return [_Place(element, f"{path}.end-of-contents", "end-of-contents", OCTETS, OCTETS)]
        return [_unread(start, after, path)]

    def _content(self, place: _Place, inmost: Element, node: Node) -> list[_Place] | Leaf:
        """Places of what an OCTET STRING holds; a leaf if it does not hold that."""
        tag, start, stop, _, _ = inmost
        if not isinstance(node, Inside | Layout) or (
            tag != OCTET_STRING and tag & 0xE0 != _CONTEXT
        ):
            return place.other
        if isinstance(node, Inside):
            if start == stop:
                return OCTETS
            inner = self._quiet.read(start, stop)
            if inner is None or inner[0] not in node.choices:
                return node.other
            name, part = node.choices[inner[0]]
            return [_Place(inner, f"{place.path}.{name}", name, part, node.other)]
        if sum(size for _, size, _ in node.parts) > stop - start:
            return place.other
        places = []
        for name, size, leaf in node.parts:
            element = 0, start, start + size, start + size, start
            places.append(_Place(element, f"{place.path}.{name}", name, leaf, leaf))
            start += size
        return places

    def _elements(self, place: _Place, inmost: Element, node: Members | ListOf) -> list[_Place]:
        """Places of members or items, as far as they can be read."""
        _, start, stop, _, _ = inmost
        places: list[_Place] = []
        seen: dict[int, Element] = {}
        most = node.limit if isinstance(node, ListOf) else FIELD_LIMIT
        other = SECRET if isinstance(node, Members) and node.hidden else place.other
        while start < stop and len(places) < most:
            child = self._quiet.read(start, stop)
            if child is None:
                break
            if isinstance(node, ListOf):
                label, part = str(len(places)), node.item
            else:
                label, part = self._member(child, node, seen, other)
            places.append(_Place(child, f"{place.path}.{label}", label, part, other))
            start = child[3]
        return places

    def _member(
        self, child: Element, node: Members, seen: dict[int, Element], other: Leaf
    ) -> tuple[str, Node]:
        """Name and type of a member; an earlier one may tell the type."""
        tag = child[0]
        number = tag & 0x1F
        if tag & _CLASS != _CONTEXT:
            return node.untagged.get(tag, (f"[{_CLASSES[tag & _CLASS]} {number}]", other))
        seen.setdefault(number, child)
        label, part = node.members.get(number, (f"[{number}]", other))
        if isinstance(part, ByMember):
            told = seen.get(part.number)
            value: int | None = None
            if told is not None:
                _, start, stop, _, _ = self._inmost(told)[0]
                value = integer(self._data[start:stop])
            part = part.other if value is None else part.nodes.get(value, part.other)
        return label, part

    def _add(
        self, place: _Place, value: Any, text: str, span: Span, *, secret: bool = False
    ) -> None:
        shifted = Span(self._shift + span.start, self._shift + span.end)
        self._fields.append(Field(place.path, place.name, value, text, shifted, secret))


def _unread(start: int, stop: int, path: str) -> _Place:
    """Place of octets that no type claims: they may be the rest of a secret."""
    return _Place((0, start, stop, stop, start), f"{path}.unread", "unread", SECRET, SECRET)
