"""Hold a run of TLVs against DER, octet by octet, and name each departure with its bytes.

No schema is needed: what DER says about tags, lengths and the content of universal types holds for
every type. The walk is a loop over a stack of ends, bounded in elements, depth and findings.

Spec: X.690 8.1 (identifier, length, end-of-contents), 8.14 (tagged values), 10.1-10.2 (DER).
Not handled: the order of SET OF, which no token has.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.records import NamedTuple
from dissectors.span import Span
from dissectors.tokens.strict_content import (
    CONSTRUCTED_TYPES,
    NAMES,
    STRING_TYPES,
    content_fault,
    type_name,
)

ELEMENT_LIMIT = 1024
"""Elements looked at in one token, tokens inside included."""
DEPTH_LIMIT = 32
"""Nested elements; a PA-FX-FAST-REQUEST in a TGS-REQ has 11."""
FINDING_LIMIT = 32
"""Departures named of one token."""

_PLACES_SHOWN = 8
_LONGEST_TAG = 5
_LONGEST_LENGTH = 8
_CONSTRUCTED = 0x20
_CLASS = 0xC0
_OID = 6


class Header(NamedTuple):
    """Identifier and length of one element: where it begins, its content `[start, stop)`."""

    at: int
    tag: int  # the first identifier octet
    number: int
    start: int
    stop: int
    indefinite: bool


class DerWalk:
    """Walks parts of one token and gathers their departures; offsets are those of `data`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.findings: list[Anomaly] = []
        self.stopped = False  # a limit was reached: pyasn1, which knows none, must not read on
        self._left = ELEMENT_LIMIT
        self._long_lengths: list[Span] = []

    # -- results -----------------------------------------------------------------------------------

    def report(self, code: str, start: int, stop: int, detail: str) -> None:
        """Note a departure of `data[start:stop]`; past the limit only that there are more."""
        if len(self.findings) > FINDING_LIMIT:
            return
        if len(self.findings) == FINDING_LIMIT:
            code, detail = "limit-anomalies", f"more than {FINDING_LIMIT} departures"
        self.findings.append(Anomaly(code, Span(start, stop), detail))

    def long_lengths(self, told: frozenset[int] = frozenset()) -> Anomaly | None:
        """All lengths that are longer than needed, as one departure: some stacks write only such.

        Those that end at one of `told` are left out.
        """
        places = [span for span in self._long_lengths if span.end not in told]
        if not places:
            return None
        first, *others = places
        detail = f"{first.length} octets where fewer would do"
        if others:
            shown = ", ".join(f"{span.start}-{span.end}" for span in others[:_PLACES_SHOWN])
            hidden = len(others) - _PLACES_SHOWN
            detail += f"; also {shown}" + (f" and {hidden} more" if hidden > 0 else "")
        return Anomaly("non-minimal-length", first, detail)

    # -- the walk ----------------------------------------------------------------------------------

    def one(self, start: int, stop: int) -> int:
        """Check the one element that should fill `[start, stop)`; return where it ends."""
        end = self._walk(start, stop)
        if end is None:
            return stop
        self._trailing(end, stop)
        return end

    def frame(self, at: int, stop: int) -> tuple[int, int] | None:
        """Check tag, length and thisMech of a GSS-API frame; return where its innerToken lies."""
        outer = self._header(at, stop, root=True)
        if outer is None or outer.indefinite:
            return None
        self._trailing(outer.stop, stop)
        mech = self._header(outer.start, outer.stop)
        if mech is None or mech.tag != _OID:
            return None
        self._content(mech)
        return mech.stop, outer.stop

    def _trailing(self, at: int, stop: int) -> None:
        if at < stop:
            count = stop - at
            noun = "byte follows" if count == 1 else "bytes follow"
            self.report("trailing-bytes", at, stop, f"{count} {noun} the value")

    def _walk(self, at: int, end: int) -> int | None:
        """Check one element and all in it; None if its end can't be told."""
        open_ends: list[tuple[int, bool]] = []  # of the elements around; True: of indefinite length
        while True:
            header = self._header(at, end, root=not open_ends)
            if header is None:
                if self.stopped or not open_ends:
                    return None
                at = end  # what can't be read hides the rest of its container
            elif not header.tag & _CONSTRUCTED:
                self._content(header)
                at = header.stop
            elif len(open_ends) == DEPTH_LIMIT:
                self._stop("limit-depth", header.at, end, f"{DEPTH_LIMIT} levels")
                return None
            else:
                self._constructed(header)
                open_ends.append((header.stop, header.indefinite))
                at = header.start
            while open_ends:
                end, indefinite = open_ends[-1]
                if indefinite and self.data[at : min(at + 2, end)] == b"\0\0":
                    at += 2
                elif at < end:
                    break
                elif indefinite:
                    self.report("bad-length", at, at, "an indefinite length is never closed")
                open_ends.pop()
            if not open_ends:
                return at

    def _stop(self, code: str, start: int, stop: int, detail: str) -> None:
        self.stopped = True
        self.report(code, start, stop, f"more than {detail}")

    # -- identifier and length ---------------------------------------------------------------------

    def _header(self, at: int, end: int, *, root: bool = False) -> Header | None:
        """Read identifier and length of the element at `at` in a container that ends at `end`."""
        data = self.data
        if self._left <= 0:
            self._stop("limit-count", at, end, f"{ELEMENT_LIMIT} elements")
            return None
        self._left -= 1
        if at + 2 > end:
            self._short(at, end, "no room for tag and length", root)
            return None
        tag = data[at]
        number = tag & 0x1F
        place = at + 1
        if number == 0x1F:
            number = 0
            while place < end and data[place] & 0x80 and place - at <= _LONGEST_TAG:
                number = number << 7 | data[place] & 0x7F
                place += 1
            if place >= end or place - at > _LONGEST_TAG:
                self.report("bad-tag", at, min(place + 1, end), "the tag number has no end")
                return None
            number = number << 7 | data[place]
            place += 1
            if number < 0x1F or data[at + 1] == 0x80:
                self.report(
                    "not-der", at, place, f"tag number {number} in a longer form than needed"
                )
            if place >= end:
                self._short(at, end, "no room for the length", root)
                return None
        length = data[place]
        start = place + 1
        if length == 0x80:
            self.report("not-der", at, start, "indefinite length")
            if not tag & _CONSTRUCTED:
                self.report("bad-length", at, start, "indefinite length of a primitive element")
                return None
            return Header(at, tag, number, start, end, indefinite=True)
        if length > 0x7F:
            start += length & 0x7F
            if start > end or length & 0x7F > _LONGEST_LENGTH:
                self._short(at, min(start, end), "the length itself has no end", root)
                return None
            length = int.from_bytes(data[place + 1 : start])
            if length < 0x80 or not data[place + 1]:
                self._long_lengths.append(Span(place, start))
        if start + length > end:
            self._short(at, end, f"{length} bytes announced, {end - start} there", root)
            return None
        return Header(at, tag, number, start, start + length, indefinite=False)

    def _short(self, at: int, end: int, detail: str, root: bool) -> None:
        """Report an element that wants more than its container has."""
        whole = root and end == len(self.data)
        self.report("truncated" if whole else "bad-length", at, end, detail)

    # -- content -----------------------------------------------------------------------------------

    def _constructed(self, header: Header) -> None:
        tag, at, stop = header.tag, header.at, header.stop
        if tag & _CLASS or header.number in CONSTRUCTED_TYPES:
            return
        detail = f"constructed {type_name(header.number)}"
        if header.number in STRING_TYPES:
            self.report("not-der", at, stop, detail)
        elif header.number in NAMES:
            self.report("bad-tag", at, stop, detail)

    def _content(self, header: Header) -> None:
        """Check the content octets of a primitive element of a universal type."""
        if header.tag & _CLASS:
            return
        content = self.data[header.start : header.stop]
        fault = content_fault(header.number, content)
        if fault is not None:
            detail = f"{type_name(header.number)} {fault[1]}"
            self.report(fault[0], header.at, header.stop, detail)
