"""Which carrier a TCP stream speaks, told by the first bytes of its segments.

Each of the first segments may be the start of a message, whatever came before: a capture may begin
amid a connection. What has been seen is kept meanwhile, to be read once the carrier is known.
"""

from __future__ import annotations

from analyzer.signature import find_signature
from dissectors.carriers import carrier_class, carriers_starting
from dissectors.carriers.base import Carrier

HEAD = 4096
"""Bytes of each direction kept while the carrier of a stream is not known."""
TELLING = 64
"""Bytes of a message's start by which every carrier knows its own; fewer may come in one segment."""
PROBED_SEGMENTS = 12
"""Segments of a direction tried as the start of a message before its stream is given up."""

Found = tuple[type[Carrier], int]
"""A carrier, and the side that it says has sent the message."""


Segment = tuple[int, int, bytes, int, int]
"""What a consumer is told of new bytes: side, offset, bytes, frame, time."""


class CarrierSearch:
    """The search for the carrier of one stream."""

    __slots__ = ("_begun", "_forced", "_tried", "held", "in_vain")

    def __init__(self, forced: str | None = None) -> None:
        self.held: list[Segment] = []
        self.in_vain = False  # enough was seen: it is none of the carriers
        self._forced = forced  # the carrier that the user says it is
        self._begun = (bytearray(), bytearray())  # what is held of each side
        self._tried = [0, 0]

    def add(self, segment: Segment) -> Found | None:
        """Look at one more segment."""
        side, _, data, _, _ = segment
        self.held.append(segment)
        begun = self._begun[side]
        before = len(begun)
        begun += data
        tried = self._tried[side] = self._tried[side] + 1
        found = self._probe(data)
        if found is None:
            enough = tried >= PROBED_SEGMENTS and before + len(data) >= TELLING
            self.in_vain = enough or sum(map(len, self._begun)) > 2 * HEAD
            if 0 < before < TELLING or self.in_vain:  # a head may be cut into small segments
                found = self._probe(begun)
        return found

    def _probe(self, data: bytes | bytearray) -> Found | None:
        forced = self._forced
        for kind in carriers_starting(data[0]) if forced is None else (carrier_class(forced),):
            sender = kind.probe(bytes(data[:HEAD]))
            if sender is not None:
                return kind, sender
        return None

    def lost(self, side: int) -> list[Segment]:
        """Forget a side's bytes: those that come next do not follow on them. Return what was held."""
        dropped = [segment for segment in self.held if segment[0] == side]
        self.held = [segment for segment in self.held if segment[0] != side]
        self._begun[side].clear()
        return dropped

    def again(self, segment: Segment) -> Found | None:
        """Look, after all was in vain, at a segment that begins as carriers that announce themselves do."""
        data = segment[2]
        if data[5:8] != b"SMB" and data[:4] != b"HTTP":
            return None
        found = self._probe(data)
        if found is not None:
            self.held = [segment]
        return found

    @property
    def shows_token(self) -> bool:
        """Whether what was seen holds what looks like a token, whatever protocol it is."""
        return any(find_signature(begun) >= 0 for begun in self._begun)
