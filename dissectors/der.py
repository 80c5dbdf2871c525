r"""Read BER and DER elements where they lie: positions in, positions out, nothing raised.

A decoder walks the structure of its specification and asks for what it needs; no tree is made.
Well-formed DER runs through short loops; everything odd leaves them for `_read_odd`, which writes
the anomalies. Nothing here recurses: nesting is bounded by the decoders' own structure,
repetition by `limit` and by the budget `left`.

Spec: X.690 8 (BER), 10-11 (DER).
Not handled: constructed strings (`24 ..`), which decoders report as a wrong tag; REAL.
"""

from __future__ import annotations

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
"""Elements of one token read off the fast path; then `limit-count`, and reading stops."""
DEPTH_LIMIT = 16
"""Nested indefinite lengths that are followed to their end."""
ANOMALY_LIMIT = 32
"""Anomalies noted of one token; the next is `limit-anomalies`, the rest is silence."""

Element = tuple[int, int, int, int, int]
"""Identifier octet, content `[start, stop)`, where the next element begins, where this one does."""

Member = tuple[int, int, int]
"""Identifier octet and content of a SEQUENCE member, its EXPLICIT context tag taken off."""

_CONSTRUCTED = 0x20
_CLASS = 0xC0
_CONTEXT = 0x80


class Reader:
    """Reads elements of one token and gathers what is wrong with them.

    `base` is the offset of `data[0]` in the outermost token: anomaly spans count from there.
    """

    __slots__ = (
        "_long_length",
        "_long_lengths",
        "_root",
        "anomalies",
        "base",
        "cut",
        "data",
        "left",
        "partial",
    )

    def __init__(self, data: bytes, base: int = 0) -> None:
        self.data = data
        self.base = base
        self.anomalies: list[Anomaly] = []
        self.cut = False  # the token ends early: later lengths past its end are no news
        self.partial: frozenset[int] = frozenset()  # starts of OCTET STRINGs that are not all there
        self.left = ELEMENT_LIMIT
        self._root = -1  # where the outermost element begins
        self._long_lengths = 0
        self._long_length: Span | None = None  # the first of them

    # -- results -----------------------------------------------------------------------------------

    def report(self, code: str, start: int, stop: int, detail: str = "") -> None:
        """Note an anomaly about `data[start:stop]`."""
        if len(self.anomalies) > ANOMALY_LIMIT:
            return
        if len(self.anomalies) == ANOMALY_LIMIT:
            code, detail = "limit-anomalies", ""
        self.anomalies.append(Anomaly(code, Span(self.base + start, self.base + stop), detail))

    def findings(self) -> tuple[Anomaly, ...]:
        """Return all anomalies; long lengths make one note, as AD writes them everywhere."""
        if self._long_length is not None:
            count = self._long_lengths
            detail = "one length" if count == 1 else f"{count} lengths, the first here"
            self.anomalies.append(Anomaly("non-minimal-length", self._long_length, detail))
            self._long_length = None
        return tuple(self.anomalies) if self.anomalies else ()

    # -- one element -------------------------------------------------------------------------------

    def outermost(self, pos: int = 0, *, alone: bool = True) -> Element | None:
        """Read the element that fills the token from `pos` on; tell if it is cut, or (`alone`) followed."""
        self._root = pos
        end = len(self.data)
        element = self.read(pos, end)
        if alone and element is not None and element[3] < end:
            self.report("trailing-bytes", element[3], end, f"{end - element[3]} bytes")
        return element

    def read(self, pos: int, end: int) -> Element | None:
        """Read the element at `pos` of a container that ends at `end`; None if there is none."""
        data = self.data
        if pos + 1 < end:
            tag = data[pos]
            length = data[pos + 1]
            start = pos + 2
            if length > 0x7F:
                if length == 0x82 and start + 1 < end and data[start]:
                    length = data[start] << 8 | data[start + 1]
                    start += 2
                elif length == 0x81 and start < end and data[start] > 0x7F:
                    length = data[start]
                    start += 1
                else:
                    return self._read_odd(pos, end)
            stop = start + length
            if stop <= end and tag & 0x1F != 0x1F:
                return tag, start, stop, stop, pos
        return self._read_odd(pos, end)

    def expect(self, pos: int, end: int, tag: int, what: str) -> Element | None:
        """Read the element at `pos`, which must have `tag`."""
        element = self.read(pos, end)
        if element is not None and element[0] != tag:
            self.wrong_tag(element[0], pos, element[2], what)
            return None
        return element

    def wrong_tag(self, tag: int, start: int, stop: int, what: str) -> None:
        """Report an element of another type than `what` must be."""
        self.report("bad-tag", start, stop, f"{what} cannot have tag {tag:02x}")

    # -- many elements -----------------------------------------------------------------------------

    def members(self, pos: int, end: int) -> dict[int, Member]:
        """Read the content of a SEQUENCE of context-tagged members, by number.

        A primitive context tag is taken as IMPLICIT: its own octet stands for the type.
        """
        data = self.data
        found: dict[int, Member] = {}
        last = 0x9F
        brim = end - 3  # a member with its value has four octets at least
        while pos < brim:
            tag = data[pos]
            length = data[pos + 1]
            start = pos + 2
            if length > 0x7F:
                if length == 0x82 and data[start]:
                    length = data[start] << 8 | data[start + 1]
                    start += 2
                elif length == 0x81 and data[start] > 0x7F:
                    length = data[start]
                    start += 1
                else:
                    break
            stop = start + length
            # numbers must rise: DER wants it, and it ends this loop after 31 rounds
            if not last < tag < 0xBF or stop > end or length < 2:
                break
            inner = data[start]
            length = data[start + 1]
            first = start + 2
            if length > 0x7F:
                if stop - first < 2:
                    break
                if length == 0x82 and data[first]:
                    length = data[first] << 8 | data[first + 1]
                    first += 2
                elif length == 0x81 and data[first] > 0x7F:
                    length = data[first]
                    first += 1
                else:
                    break
            if first + length != stop:
                break
            found[tag & 0x1F] = (inner, first, stop)
            last = tag
            pos = stop
        while pos < end:
            pos = self._member_odd(pos, end, found)
        return found

    def sequence(self, pos: int, end: int, what: str, usual: bytes = b"") -> dict[int, Member]:
        """Read the members of the SEQUENCE that fills `[pos, end)`.

        If the first members are encoded as `usual`, they are taken as read and left out.
        """
        element = self.read(pos, end)
        if element is None:
            return {}
        tag, start, stop, after, _ = element
        if tag != SEQUENCE:
            self.wrong_tag(tag, pos, stop, what)
            return {}
        if after < end:
            self.report("bad-length", after, end, f"{what} holds more than its SEQUENCE")
        if usual and self.data.startswith(usual, start, stop):
            start += len(usual)
        return self.members(start, stop)

    def children(self, pos: int, end: int, limit: int) -> list[Element]:
        """Read the content of a SEQUENCE OF, at most `limit` elements."""
        found: list[Element] = []
        while pos < end:
            if len(found) == limit:
                self.report("limit-count", pos, end, f"more than {limit} elements")
                break
            element = self.read(pos, end)
            if element is None:
                break
            found.append(element)
            pos = element[3]
        return found

    # -- the odd ones ------------------------------------------------------------------------------

    def _member_odd(self, pos: int, end: int, found: dict[int, Member]) -> int:
        """Read one member the careful way; return where the next one begins."""
        element = self._read_odd(pos, end)
        if element is None:
            return end
        tag, start, stop, after, _ = element
        number = tag & 0x1F
        if tag & _CLASS != _CONTEXT or number == 0x1F:
            self.report("bad-tag", pos, stop, f"tag {tag:02x} where a context tag belongs")
            return after
        if number in found:
            self.report("repeated-field", pos, stop, f"[{number}]")
            return after
        if found and number < next(reversed(found)):
            self.report("bad-tag", pos, stop, f"[{number}] out of order")
        if not tag & _CONSTRUCTED:
            found[number] = (tag, start, stop)
            return after
        if start == stop:
            self._overrun(pos, stop, f"[{number}] is empty")
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
        at = pos + 1
        if pos < end and data[pos] & 0x1F == 0x1F:  # a long number; none of our types has one
            while at < end and data[at] & 0x80:
                at += 1
            at += 1
        if at >= end:
            self._overrun(pos, end, "no room for tag and length")
            return None
        tag = data[pos]
        length = data[at]
        start = at + 1
        if length == 0x80:
            self.report("not-der", pos, start, "indefinite length")
            closing = self._end_of_contents(start, end)
            if closing is None:
                self._overrun(pos, end, "an indefinite length is never closed")
                return tag, start, end, end, pos
            return tag, start, closing, closing + 2, pos
        if length > 0x7F:
            start += length & 0x7F
            if start > end:
                self._overrun(pos, end, "the length itself is cut")
                return None
            length = int.from_bytes(data[at + 1 : start])
            if length < 0x80 or not data[at + 1]:
                self._long_lengths += 1
                if self._long_length is None:
                    self._long_length = Span(self.base + pos, self.base + start)
        if start + length <= end:
            return tag, start, start + length, start + length, pos
        wanted = f"{length} bytes" if length < 1 << 32 else "4 GiB or more"
        self._overrun(pos, end, f"{wanted} announced, {end - start} there")
        if tag == OCTET_STRING:
            self.partial |= {start}
        elif not tag & _CONSTRUCTED:
            return None  # half a number or a name would be an invented one
        return tag, start, end, end, pos

    def _overrun(self, pos: int, end: int, detail: str) -> None:
        """Report an element that wants more than its container has, once per cause."""
        if pos == self._root:
            self.cut = True
            self.report("truncated", pos, end, detail)
        elif not self.cut or end != len(self.data):
            self.report("bad-length", pos, end, detail)

    def _end_of_contents(self, pos: int, end: int) -> int | None:
        """Find the `00 00` that closes an indefinite length."""
        data = self.data
        depth = 1
        while pos + 1 < end and self.left > 0:
            self.left -= 1
            tag = data[pos]
            length = data[pos + 1]
            pos += 2
            if tag == 0 and length == 0:
                depth -= 1
                if depth == 0:
                    return pos - 2
            elif length == 0x80:
                depth += 1
                if depth > DEPTH_LIMIT:
                    self.report("limit-depth", pos - 2, end, f"more than {DEPTH_LIMIT} levels")
                    return None
            elif length > 0x7F:
                octets = data[pos : pos + (length & 0x7F)]
                pos += len(octets) + int.from_bytes(octets)
            else:
                pos += length
        return None
