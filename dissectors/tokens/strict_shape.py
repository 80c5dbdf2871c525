"""Hold the elements of a token against a type of its ASN.1 module, and name what is out of place.

pyasn1 says that a token does not conform, but neither where nor why. This walk goes along its types
and the bytes together: it names wrong, unknown, repeated and missing members by path and byte range,
and finds the leaves, whose values are judged and compared one by one.

Spec: X.680 24-28 (SEQUENCE, CHOICE, tagged types), X.690 8.9, 8.14.
"""

from __future__ import annotations

from typing import Any

from pyasn1.type import univ

from dissectors.records import NamedTuple
from dissectors.tokens.strict_der import DEPTH_LIMIT, ELEMENT_LIMIT, DerWalk

_CONSTRUCTED = 0x20
_THIS_MECH = "InitialContextToken.thisMech"

Key = str | int
"""Name of a member, or place in a SEQUENCE OF: how pyasn1 is asked for a value."""


class Leaf(NamedTuple):
    """A value of a primitive type: `[at, after)` with its tags, its content `[start, stop)`."""

    path: str
    keys: tuple[Key, ...]
    kind: Any
    at: int
    start: int
    stop: int


class Element(NamedTuple):
    """Identifier octet and content of an element, read without any complaint."""

    tag: int
    start: int
    stop: int


class Place(NamedTuple):
    """An element that should be of a type."""

    path: str
    keys: tuple[Key, ...]
    kind: Any
    at: int
    stop: int


def read_element(data: bytes, at: int, end: int) -> Element | None:
    """Read an element of definite length and low tag number; None if it is anything else."""
    if at + 2 > end or data[at] & 0x1F == 0x1F:
        return None
    length = data[at + 1]
    start = at + 2
    if length > 0x7F:
        start += length & 0x7F
        if length == 0x80 or start > end:
            return None
        length = int.from_bytes(data[at + 2 : start])
    return Element(data[at], start, start + length) if start + length <= end else None


class ShapeWalk:
    """Goes along one type and the bytes `[at, stop)` that should be of it."""

    def __init__(self, walk: DerWalk) -> None:
        self._walk = walk
        self._data = walk.data
        self.leaves: list[Leaf] = []

    def go(self, kind: Any, at: int, stop: int, path: str) -> None:
        """Walk; findings go to the `DerWalk`, leaves to `leaves`."""
        pending = [Place(path, (), kind, at, stop)]
        budget = 2 * ELEMENT_LIMIT  # an element with a tag around it is one place, a CHOICE another
        while pending and budget:
            budget -= 1
            place = pending.pop()
            content = self._untagged(place)
            if content is None:
                continue
            start, stop = content
            kind = place.kind
            if isinstance(kind, univ.Choice):
                within = self._alternative(place, start, stop)
            elif isinstance(kind, univ.Sequence):
                within = self._members(place, start, stop)
            elif isinstance(kind, univ.SequenceOf):
                within = self._items(place, start, stop)
            else:
                self.leaves.append(Leaf(place.path, place.keys, kind, place.at, start, stop))
                continue
            if len(place.keys) < DEPTH_LIMIT:
                pending += reversed(within)

    def _untagged(self, place: Place) -> tuple[int, int] | None:
        """Take the tags of a place's type off; None if one is wrong or can't be read."""
        at, stop = place.at, place.stop
        for tag in reversed(place.kind.tagSet.superTags):
            wanted = tag.tagClass | tag.tagFormat | tag.tagId
            element = read_element(self._data, at, stop)
            if element is None:
                return None  # the walk through the bytes has said why
            if element.tag != wanted:
                if element.tag != wanted | _CONSTRUCTED:  # that is named as what it is
                    detail = f"{place.path}: tag {element.tag:02x} where {wanted:02x} belongs"
                    self._walk.report("bad-tag", at, element.stop, detail)
                return None
            if element.stop < stop:
                detail = f"{place.path}: more than one value in its tag"
                self._walk.report("bad-length", element.stop, stop, detail)
            at, stop = element.start, element.stop
        return at, stop

    # -- constructed types -------------------------------------------------------------------------

    def _alternative(self, place: Place, start: int, stop: int) -> list[Place]:
        """The alternative of a CHOICE that is there."""
        element = read_element(self._data, start, stop)
        if element is None:
            return []
        for alternative in place.kind.componentType.namedTypes:
            if identifier(alternative.asn1Object) == element.tag:
                name = alternative.name
                path = f"{place.path}.{name}"
                return [Place(path, (*place.keys, name), alternative.asn1Object, start, stop)]
        self._stranger(place, element.tag, start, element.stop)
        return []

    def _members(self, place: Place, start: int, stop: int) -> list[Place]:
        """The members of a SEQUENCE, each where it belongs; the others are named."""
        members = place.kind.componentType.namedTypes
        found: list[Place] = []
        due = 0  # the first member that may come next
        at = start
        while at < stop:
            element = read_element(self._data, at, stop)
            if element is None:
                return found  # what is missing may be in what can't be read
            number = next(
                (
                    n
                    for n, member in enumerate(members)
                    if identifier(member.asn1Object) == element.tag
                ),
                None,
            )
            if number is None and (member := _implicit(members, element.tag)):
                wanted = identifier(member.asn1Object)
                tags = f"tag {element.tag:02x}, an IMPLICIT one where {wanted:02x} belongs"
                detail = f"{place.path}.{member.name}: {tags}"
                self._walk.report("bad-tag", at, element.stop, detail)
            elif number is None:
                self._stranger(place, element.tag, at, element.stop)
            elif number < due:
                name = members[number].name
                repeated = any(other.path == f"{place.path}.{name}" for other in found)
                code = "repeated-field" if repeated else "bad-tag"
                what = "once more" if repeated else "out of order"
                self._walk.report(code, at, element.stop, f"{place.path}.{name} {what}")
            else:
                self._absent(place, members[due:number], start, stop)
                member = members[number]
                path = f"{place.path}.{member.name}"
                if member.name == "thisMech":
                    path = _THIS_MECH
                elif member.name == "innerContextToken":
                    path = place.path  # the frame is no level of a message's own tree
                keys = (*place.keys, member.name)
                found.append(Place(path, keys, member.asn1Object, at, element.stop))
                due = number + 1
            at = element.stop
        self._absent(place, members[due:], start, stop)
        return found

    def _items(self, place: Place, start: int, stop: int) -> list[Place]:
        """The elements of a SEQUENCE OF."""
        found: list[Place] = []
        at = start
        while at < stop and len(found) < ELEMENT_LIMIT:
            element = read_element(self._data, at, stop)
            if element is None:
                return found
            index = len(found)
            path = f"{place.path}.{index}"
            found.append(
                Place(path, (*place.keys, index), place.kind.componentType, at, element.stop)
            )
            at = element.stop
        if not found and getattr(place.kind, "non_empty", False):
            self._walk.report("strict-mismatch", place.at, place.stop, f"{place.path} is empty")
        return found

    def _absent(self, place: Place, members: Any, start: int, stop: int) -> None:
        for member in members:
            if not member.isOptional:
                self._walk.report("missing-field", start, stop, f"{place.path}.{member.name}")

    def _stranger(self, place: Place, tag: int, at: int, stop: int) -> None:
        """Report an element that the type doesn't know; a later version of it may."""
        if place.kind.extensible:
            detail = f"{place.path}: tag {tag:02x}, an extension"
            self._walk.report("unknown-value", at, stop, detail)
        else:
            detail = f"{place.path}: tag {tag:02x} has no place in it"
            self._walk.report("bad-tag", at, stop, detail)


def _implicit(members: Any, tag: int) -> Any:
    """The member whose tag stands there in place of its type's own, instead of around it; else None."""
    wanted = tag | _CONSTRUCTED
    return next((m for m in members if tag != wanted == identifier(m.asn1Object)), None)


def identifier(kind: Any) -> int | None:
    """First identifier octet of a type's encoding; None of an untagged CHOICE or ANY."""
    tags = kind.tagSet.superTags
    if not tags:
        return None
    outer = tags[-1]
    return int(outer.tagClass | outer.tagFormat | outer.tagId)
