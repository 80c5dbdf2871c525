"""Record the fields of an ASN.1 token by a schema: every element, with name, text and byte range.

The decoders read values only, for speed; this walk is for showing. It follows a schema of nodes
and is as tolerant as the decoders: what the schema does not know keeps its tag as a name.

Spec: X.690 8; the schemas stand beside the decoders.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from dissectors import der
from dissectors.der import ELEMENT_LIMIT, Element, Reader, integer, oid_text, set_bits, string_text
from dissectors.mechs import MECHS
from dissectors.span import Field, Span
from dissectors.tokens.asn1_reader import Asn1Reader
from dissectors.visible import visible

Shown = tuple[Any, str]
"""Value and text of a field."""


class Leaf(NamedTuple):
    """A primitive type: content octets to value and text, if the tag is one of its own."""

    show: Callable[[bytes], Shown]
    tags: tuple[int, ...]


class Members(NamedTuple):
    """A SEQUENCE of context-tagged members, by number."""

    members: dict[int, tuple[str, Node]]


class ListOf(NamedTuple):
    """A SEQUENCE OF, shown up to a limit."""

    item: Node
    limit: int = 64


class ByTag(NamedTuple):
    """A member whose type, and with it its name, shows in its own tag."""

    choices: dict[int, tuple[str, Leaf | Members | ListOf]]


Node = Leaf | Members | ListOf | ByTag


# -- leaves ----------------------------------------------------------------------------------------


def number(names: dict[int, str] | None = None) -> Leaf:
    """INTEGER or ENUMERATED, with names for some values."""

    def show(content: bytes) -> Shown:
        value = integer(content)
        if value is None:
            return None, _size(content)
        if names is None:
            return value, str(value)
        return value, f"{value} ({names[value]})" if value in names else f"unknown({value})"

    return Leaf(show, (der.INTEGER, der.ENUMERATED))


def bits(names: dict[int, str]) -> Leaf:
    """BIT STRING of flags."""

    def show(content: bytes) -> Shown:
        value = set_bits(content)
        if value is None:
            return None, _size(content)
        flags = [names.get(bit, f"bit({bit})") for bit in value]
        return flags, ", ".join(flags) or "none"

    return Leaf(show, (der.BIT_STRING,))


def _text(content: bytes) -> Shown:
    value = string_text(content)
    return value, visible(value)


def _oid(content: bytes) -> Shown:
    value = oid_text(content)
    if value is None:
        return None, _size(content)
    return value, f"{value} ({MECHS[value]})" if value in MECHS else value


def _size(content: bytes) -> str:
    return f"<{len(content)} bytes>"


def _octets(content: bytes) -> Shown:
    return content, content.hex() if len(content) <= 32 else _size(content)


INTEGER = number()
TEXT = Leaf(
    _text,
    # an OCTET STRING is how older MIT releases write a realm in IAKERB
    (der.GENERAL_STRING, der.UTF8_STRING, der.GENERALIZED_TIME, der.OCTET_STRING),
)
OID = Leaf(_oid, (der.OID,))
OCTETS = Leaf(_octets, (der.OCTET_STRING,))
SECRET = Leaf(lambda content: (None, _size(content)), ())
"""Octets that are nobody's business: ciphers, tickets, checksums, inner tokens."""


# -- the walk --------------------------------------------------------------------------------------


def record(reader: Asn1Reader, element: Element, name: str, node: Node) -> None:
    """Record an element and all that is in it as field `name`, if fields are wanted."""
    fields, path = reader.fields, reader.path
    if fields is None:
        return
    data = reader.data
    shift = reader.base
    quiet = Reader(data)  # the decoder has reported what is odd
    pending = [(element, f"{path}.{name}" if path else name, name, node)]
    budget = ELEMENT_LIMIT
    while pending and budget:
        budget -= 1
        element, path, name, node = pending.pop()
        tag, start, stop, after, at = element
        span = Span(shift + at, shift + after)
        # context and APPLICATION tags are EXPLICIT: the type is inside; a ticket has both
        for _ in range(2):
            inner = quiet.read(start, stop) if tag & 0x20 and tag & 0xC0 else None
            if inner is not None:
                tag, start, stop, _, _ = inner
        if isinstance(node, ByTag):
            name, node = node.choices.get(tag, (name, SECRET))
            path = f"{path.rpartition('.')[0]}.{name}"
        if isinstance(node, Leaf):
            content = data[start:stop]
            known = tag in node.tags or tag & 0xE0 == 0x80  # its own tag, or an IMPLICIT one
            value, text = node.show(content) if known else (None, _size(content))
            fields.append(Field(path, name, value, text, span))
            continue
        fields.append(Field(path, name, None, "", span))
        within: list[tuple[Element, str, str, Node]] = []
        most = node.limit if isinstance(node, ListOf) else budget
        while start < stop and len(within) < most:
            child = quiet.read(start, stop)
            if child is None:
                break
            if isinstance(node, Members):
                number = child[0] & 0x1F
                label, part = node.members.get(number, (f"[{number}]", SECRET))
            else:
                label, part = str(len(within)), node.item
            within.append((child, f"{path}.{label}", label, part))
            start = child[3]
        pending += reversed(within)
