"""Read BER and DER elements where they lie: positions in, positions out, nothing copied, nothing raised.

A decoder walks the structure its specification gives and asks for what it needs; there is no tree. Well-formed
DER runs through short loops; everything odd leaves them for `_read_odd`, which writes the anomalies. No method
calls itself: nesting is bounded by the decoders' own structure, repetition by `limit` and the budget `left`.

Spec: X.690 8 (BER), 10-11 (DER).
Not handled: constructed strings (`24 ..`), which the decoders report as a wrong tag; REAL; tags above 2^28.
"""

from __future__ import annotations

from functools import lru_cache

from dissectors.anomaly import Anomaly
from dissectors.span import Span

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OID = 0x06
ENUMERATED = 0x0A
UTF8_STRING = 0x0C
GENERALIZED_TIME = 0x18
GENERAL_STRING = 0x1B
SEQUENCE = 0x30

ELEMENT_LIMIT = 1024
"""Elements read off the fast path in one token; then `limit-count`, and reading stops."""
DEPTH_LIMIT = 16
"""Nested indefinite lengths that are followed to their end."""
OID_LIMIT = 64
"""Largest object identifier read, in octets."""
INTEGER_LIMIT = 8
"""Largest INTEGER or ENUMERATED read, in octets."""

_CONSTRUCTED = 0x20
_CLASS = 0xC0
_CONTEXT = 0x80


Element = tuple[int, int, int, int]
"""Identifier octet, content `[start, stop)`, and where the next element begins."""

Member = tuple[int, int, int]
"""Tag and content range of a SEQUENCE member, its EXPLICIT context tag already taken off."""


class Reader:
    """Reads elements of one token and gathers what is wrong with them.

    `base` is the offset of `data[0]` in the outermost token: anomaly spans count from there.
    """

    __slots__ = ("_long_lengths", "_root", "anomalies", "base", "cut", "data", "left", "partial")

    def __init__(self, data: bytes, base: int = 0) -> None:
        self.data = data
        self.base = base
        self.anomalies: list[Anomaly] = []
        self.cut = (
            False  # the token ends before its own length: lengths past the end follow from that
        )
        self.partial: frozenset[int] = frozenset()  # starts of OCTET STRINGs whose end is missing
        self.left = ELEMENT_LIMIT
        self._long_lengths: list[Span] = []
        self._root = -1  # where the outermost element begins

    # -- results ------------------------------------------------------------------------------------------

    def report(self, code: str, start: int, stop: int, detail: str = "") -> None:
        """Note an anomaly about `data[start:stop]`."""
        self.anomalies.append(Anomaly(code, Span(self.base + start, self.base + stop), detail))

    def findings(self) -> tuple[Anomaly, ...]:
        """All anomalies; long lengths are one note, however many there are (AD writes them everywhere)."""
        if self._long_lengths:
            count = len(self._long_lengths)
            detail = "one length" if count == 1 else f"{count} lengths, the first here"
            self.anomalies.append(Anomaly("non-minimal-length", self._long_lengths[0], detail))
            self._long_lengths = []
        return tuple(self.anomalies)

    # -- one element ----------------------------------------------------------------------------------------

    def outermost(self, pos: int = 0) -> Element | None:
        """Read the element that fills the token from `pos` on: tell whether it is cut or followed by more."""
        self._root = pos
        end = len(self.data)
        if pos >= end:
            return self._no_header(pos, end)
        element = self.read(pos, end)
        if element is not None and element[3] < end:
            self.report("trailing-bytes", element[3], end, f"{end - element[3]} bytes")
        return element

    def read(self, pos: int, end: int) -> Element | None:
        """Read the element at `pos` of a container that ends at `end`; None if it cannot be read."""
        data = self.data
        if pos + 1 < end:
            tag = data[pos]
            length = data[pos + 1]
            start = pos + 2
            if length > 0x7F:
                start += length & 0x7F
                length = int.from_bytes(data[pos + 2 : start])
                if length < 0x80 or not data[pos + 2]:
                    return self._read_odd(pos, end)
            stop = start + length
            if stop <= end and tag & 0x1F != 0x1F:
                return tag, start, stop, stop
        return self._read_odd(pos, end)

    def expect(self, pos: int, end: int, tag: int, what: str) -> Element | None:
        """Read the element at `pos`, which must have `tag`."""
        element = self.read(pos, end)
        if element is not None and element[0] != tag:
            self.report(
                "bad-tag", pos, element[2], f"{what} has tag {element[0]:02x}, not {tag:02x}"
            )
            return None
        return element

    # -- many elements ----------------------------------------------------------------------------------------

    def members(self, pos: int, end: int) -> dict[int, Member]:
        """Read the content of a SEQUENCE of context-tagged members: number -> what the tag holds.

        A primitive context tag is taken as IMPLICIT: its own octet stands for the type.
        """
        data = self.data
        found: dict[int, Member] = {}
        last = 0x9F
        brim = end - 3  # a member has four octets at least
        while pos < brim:
            tag = data[pos]
            length = data[pos + 1]
            start = pos + 2
            if length > 0x7F:
                start += length & 0x7F
                length = int.from_bytes(data[pos + 2 : start])
                if length < 0x80 or not data[pos + 2]:
                    break
            stop = start + length
            # rising numbers are all that DER allows, and what ends this loop after 31 rounds
            if not last < tag < 0xBF or stop > end or length < 2:
                break
            inner = data[start]
            length = data[start + 1]
            first = start + 2
            if length > 0x7F:
                first += length & 0x7F
                length = int.from_bytes(data[start + 2 : first])
                if length < 0x80 or not data[start + 2]:
                    break
            if first + length != stop:
                break
            found[tag & 0x1F] = (inner, first, stop)
            last = tag
            pos = stop
        while pos < end:
            pos = self._member_odd(pos, end, found)
        return found

    def children(self, pos: int, end: int, limit: int) -> list[Element]:
        """Read the content of a SEQUENCE OF, at most `limit` elements."""
        found: list[Element] = []
        while pos < end:
            if len(found) >= limit:
                self.report("limit-count", pos, end, f"more than {limit} elements")
                break
            element = self.read(pos, end)
            if element is None:
                break
            found.append(element)
            pos = element[3]
        return found

    # -- the odd ones -------------------------------------------------------------------------------------------

    def _member_odd(self, pos: int, end: int, found: dict[int, Member]) -> int:
        """Read one member the careful way; return where the next one begins."""
        element = self._read_odd(pos, end)
        if element is None:
            return end
        tag, start, stop, after = element
        number = tag & 0x1F
        if tag & _CLASS != _CONTEXT or number == 0x1F:
            self.report("bad-tag", pos, stop, f"tag {tag:02x} where a context tag belongs")
            return after
        if number in found:
            self.report("bad-tag", pos, stop, f"[{number}] a second time")
            return after
        if found and number < next(reversed(found)):
            self.report("bad-tag", pos, stop, f"[{number}] out of order")
        if not tag & _CONSTRUCTED:
            found[number] = (tag, start, stop)
            return after
        if start == stop:
            self.report("bad-length", pos, stop, f"[{number}] is empty")
            return after
        inner = self._read_odd(start, stop)
        if inner is not None:
            found[number] = inner[:3]
            if inner[3] < stop:
                self.report("bad-length", inner[3], stop, f"[{number}] holds more than its value")
        return after

    def _read_odd(self, pos: int, end: int) -> Element | None:
        """Read any element, well-formed or not, and report what DER forbids."""
        data = self.data
        if self.left <= 0:
            if self.left == 0:
                self.report("limit-count", pos, end, f"more than {ELEMENT_LIMIT} elements")
            self.left = -1
            return None
        self.left -= 1
        tag = data[pos]
        at = pos + 1
        if tag & 0x1F == 0x1F:  # the number stands in the next octets; none of our types has one
            while at < min(end, pos + 4) and data[at] & 0x80:
                at += 1
            at += 1
        if at >= end:
            return self._no_header(pos, end)
        length = data[at]
        start = at + 1
        after = -1
        if length == 0x80:
            self.report("not-der", pos, start, "indefinite length")
            closing = self._end_of_contents(start, end)
            if closing < 0:
                self._overrun(pos, end, "an indefinite length is never closed")
                return tag, start, end, end
            length = closing - start
            after = closing + 2
        elif length > 0x7F:
            start += length & 0x7F
            if start > end:
                return self._no_header(pos, end)
            length = int.from_bytes(data[at + 1 : start])
            if length < 0x80 or not data[at + 1]:
                self._long_lengths.append(Span(self.base + pos, self.base + start))
        stop = start + length
        if after < 0:
            after = stop
        if stop <= end:
            return tag, start, stop, after
        self._overrun(pos, end, f"{_count(length)} announced, {end - start} there")
        if tag & _CONSTRUCTED or tag == OCTET_STRING:
            if tag == OCTET_STRING:
                self.partial |= {start}
            return tag, start, end, end
        return None  # half a number or name would be an invented one

    def _no_header(self, pos: int, end: int) -> None:
        self._overrun(pos, end, "no room for tag and length")

    def _overrun(self, pos: int, end: int, detail: str) -> None:
        """Report an element that wants more than its container has, once per cause."""
        if pos == self._root:
            self.cut = True
            self.report("truncated", pos, end, detail)
        elif not self.cut or end != len(self.data):
            self.report("bad-length", pos, end, detail)

    def _end_of_contents(self, pos: int, end: int) -> int:
        """Find the `00 00` that closes an indefinite length; -1 if there is none within the limits."""
        data = self.data
        depth = 1
        while pos + 1 < end and self.left > 0:
            self.left -= 1
            tag = data[pos]
            length = data[pos + 1]
            start = pos + 2
            if tag == 0 and length == 0:
                depth -= 1
                if depth == 0:
                    return pos
            elif length == 0x80:
                depth += 1
                if depth > DEPTH_LIMIT:
                    self.report(
                        "limit-depth", pos, end, f"more than {DEPTH_LIMIT} indefinite lengths"
                    )
                    return -1
                length = 0
            elif length > 0x7F:
                start += length & 0x7F
                length = int.from_bytes(data[pos + 2 : start])
            pos = start + length
        return -1


# -- values -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def oid_text(value: bytes) -> str | None:
    """Dotted text of an object identifier's content; None if it is empty, endless or padded."""
    if not value or len(value) > OID_LIMIT or value[-1] & 0x80:
        return None
    arcs: list[int] = []
    arc = 0
    first = True
    for octet in value:
        if first and octet == 0x80:
            return None
        first = not octet & 0x80
        arc = arc << 7 | octet & 0x7F
        if first:
            arcs.append(arc)
            arc = 0
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:])))


def integer(value: bytes) -> int | None:
    """Value of an INTEGER's or ENUMERATED's content; None if it is empty or beyond all sense."""
    if not 0 < len(value) <= INTEGER_LIMIT:
        return None
    return int.from_bytes(value, signed=True)


@lru_cache(maxsize=256)
def set_bits(value: bytes) -> tuple[int, ...] | None:
    """Numbers of the bits set in a BIT STRING's content, bit 0 first; at most the first 32."""
    if not value or value[0] > 7 or (len(value) == 1 and value[0]):
        return None
    bits = value[1:5]
    number = int.from_bytes(bits)
    width = 8 * len(bits)
    used = width - value[0] if len(value) <= 5 else width
    return tuple(bit for bit in range(used) if number >> (width - 1 - bit) & 1)


def string_text(value: bytes) -> str:
    r"""Text of a GeneralString, UTF8String or time; octets that are no UTF-8 show as `\xNN`."""
    return value.decode("utf-8", "backslashreplace")


def _count(length: int) -> str:
    return f"{length} bytes" if length < 1 << 32 else "4 GiB or more"
