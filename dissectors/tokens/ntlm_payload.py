"""The payload of an NTLM message: what its fields claim, held against the message and each other.

A message's fixed part holds descriptors (length, maximum length, offset); the bytes themselves
follow in any order. Where the first of them stands tells which optional elements the fixed part has.

Spec: MS-NLMP 2.2.1 (maximum lengths are ignored on receipt), appendix B <11>, <12>.
"""

from __future__ import annotations

import struct
from codecs import ascii_decode, utf_16_le_decode

from dissectors.anomaly import Anomaly
from dissectors.span import Span
from dissectors.tokens.ntlm_text import rescued_oem, rescued_utf16

_DESCRIPTOR = struct.Struct("<HxxI")
_ALIGNMENT = 16
"""Bytes that padding may put between the fields of a message that is merely cut."""
_NOWHERE = 1 << 32
"""Beyond any offset: no field has a byte."""

Claim = tuple[int, int, int, str, int]
"""A field: `[start, stop)` is there of its `length` bytes; its name; where its descriptor is."""


class Payload:
    """All payload fields of one message, read from its descriptors.

    `fixed` is where a payload can begin at the earliest, `first` where it does; `base` is where the
    message lies in the token that carries it, from whose start anomalies count.
    """

    __slots__ = ("_beyond", "anomalies", "base", "claims", "data", "first", "fixed", "size")

    def __init__(self, data: bytes, fixed: int, base: int) -> None:
        self.data = data
        self.fixed = fixed
        self.base = base
        self.size = len(data)
        self.first = _NOWHERE
        self.claims: list[Claim] = []
        self.anomalies: list[Anomaly] = []
        self._beyond: list[Claim] = []
        if self.size < fixed:
            self.report("truncated", 0, self.size, f"{self.size} bytes of at least {fixed}")

    def report(self, code: str, start: int, stop: int, detail: str) -> None:
        """Note an anomaly about `data[start:stop]`."""
        self.anomalies.append(Anomaly(code, Span(self.base + start, self.base + stop), detail))

    # -- fields ------------------------------------------------------------------------------------

    def read(self, at: int, names: tuple[str, ...]) -> list[Claim | None]:
        """Read consecutive descriptors; None for one that the message is too short for."""
        size = self.size
        found: list[Claim | None] = []
        for name in names:
            after = at + 8
            if after > size:
                found.append(None)
                continue
            length, offset = _DESCRIPTOR.unpack_from(self.data, at)
            if length:
                stop = offset + length
                claim = (offset, stop, length, name, at)
                if offset < self.fixed:
                    self.report("overlapping-fields", at, after, f"{name} begins in the fixed part")
                elif offset < self.first:
                    self.first = offset
                if stop > size:
                    self._beyond.append(claim)
                    claim = (min(offset, size), size, length, name, at)
            else:  # the offset of nothing means nothing, and often is nothing
                claim = (0, 0, 0, name, at)
            self.claims.append(claim)
            found.append(claim)
            at = after
        return found

    def reaches(self, offset: int) -> bool:
        """Tell whether the fixed part goes up to `offset`: bytes are there, and none of the payload."""
        return self.size >= offset <= self.first

    def lacks(self, offset: int) -> bool:
        """Tell whether the fixed part should go up to `offset`, but the message is cut before it."""
        return self.size < offset <= self.first != _NOWHERE

    def expect(self, offset: int) -> None:
        """Report a message of empty fields that ends before an element which its flags announce."""
        if self.first == _NOWHERE and self.size < offset:
            self.report("truncated", self.size, self.size, f"{self.size} bytes of {offset}")

    def bytes_of(self, claim: Claim | None) -> bytes:
        """Return what is there of a field."""
        return self.data[claim[0] : claim[1]] if claim else b""

    def text_of(self, claim: Claim | None, unicode: bool) -> str | None:
        """Read a field as text; None without its descriptor, or if a part of it is missing."""
        if claim is None:
            return None
        start, stop, length, name, _ = claim
        if not length:
            return ""
        if stop - start != length:
            return None  # half a name would be an invented one
        raw = self.data[start:stop]
        try:
            return utf_16_le_decode(raw, "strict", True)[0] if unicode else ascii_decode(raw)[0]
        except UnicodeDecodeError:
            encoding = "UTF-16LE" if unicode else "ASCII, and the OEM code page is not known"
            self.report("bad-text", start, stop, f"{name} is not {encoding}")
            return rescued_utf16(raw) if unicode else rescued_oem(raw)

    # -- the whole ---------------------------------------------------------------------------------

    def findings(self) -> tuple[Anomaly, ...]:
        """All anomalies, those included that only show once every field is known."""
        last = fixed = self.fixed
        for start, stop, length, name, _ in sorted(self.claims):
            if not length:
                continue
            if fixed <= start < last:
                self.report("overlapping-fields", start, min(stop, last), f"{name} shares bytes")
            last = max(last, stop)
        if self._beyond:
            self._report_beyond()
        elif self.size > last > self.fixed and any(self.data[last:]):
            self.report("trailing-bytes", last, self.size, f"{self.size - last} bytes")
        return tuple(self.anomalies)

    def _report_beyond(self) -> None:
        """Tell a cut message, whose fields fit each other, from one with false offsets."""
        claimed = {claim[4]: claim for claim in (*self.claims, *self._beyond)}.values()
        end = max(claim[1] for claim in claimed)
        gaps = end - self.first - sum(claim[2] for claim in claimed)
        if 0 <= gaps <= _ALIGNMENT or self.first > self.size:
            if self.size >= self.fixed:  # else it is told already
                self.report("truncated", self.size, self.size, f"{self.size} of {end} bytes")
            return
        for offset, stop, length, name, at in self._beyond:
            code = "bad-length" if offset <= self.size else "bad-offset"
            detail = f"{name}: {length} bytes at {offset}, up to {stop} of {self.size}"
            self.report(code, at, at + 8, detail)
