"""What a schema of fields is made of: constructed ASN.1 types, and what tells the type of a hole in them.

Spec: X.680 24-31 (SEQUENCE, SEQUENCE OF, CHOICE, tagged types).
"""

from __future__ import annotations

from collections.abc import Callable

from dissectors.records import NamedTuple
from dissectors.tokens.asn1_leaves import OCTETS, Leaf

ITEM_LIMIT = 64
"""Items shown of a list unless its schema says otherwise."""


class Members(NamedTuple):
    """A SEQUENCE of context-tagged members, by number.

    `untagged` are members that may come without that tag, by the tag of their type. `about` makes a text
    for the whole of its content. `hidden`: whatever is odd in it is as secret as the rest.
    """

    members: dict[int, tuple[str, Node]]
    about: Callable[[bytes], str] | None = None
    hidden: bool = False
    untagged: dict[int, tuple[str, Node]] = {}  # noqa: RUF012 - a default, never written to


class ListOf(NamedTuple):
    """A SEQUENCE OF, shown up to a limit."""

    item: Node
    limit: int = ITEM_LIMIT


class ByTag(NamedTuple):
    """A member whose type, and with it its name, shows in its own tag."""

    choices: dict[int, tuple[str, Node]]


class ByMember(NamedTuple):
    """A member whose type is told by the INTEGER in an earlier member, `number`."""

    number: int
    nodes: dict[int, Node]
    other: Node = OCTETS


class ByContent(NamedTuple):
    """A member whose type shows in its content octets."""

    choose: Callable[[bytes], Node]


class Inside(NamedTuple):
    """An OCTET STRING with one DER element inside, its name and type told by its tag."""

    choices: dict[int, tuple[str, Node]]
    other: Leaf = OCTETS


class Layout(NamedTuple):
    """An OCTET STRING with parts of fixed sizes inside: name, octets, type."""

    parts: tuple[tuple[str, int, Leaf], ...]


Node = Leaf | Members | ListOf | ByTag | ByMember | ByContent | Inside | Layout
