"""Which carrier a TCP stream speaks, told by the first bytes of its segments.

Each of the first segments may be the start of a message, whatever came before: a capture may begin
amid a connection. What has been seen is kept meanwhile, to be read once the carrier is known.
"""

from __future__ import annotations

from dissectors.carriers import carrier_class, carriers_starting
from dissectors.carriers.base import Carrier
from dissectors.records import NamedTuple

HEAD = 4096
"""Bytes of each direction kept while the carrier of a stream is not known."""
TELLING = 64
"""Bytes of a message's start by which every carrier knows its own; fewer may come in one segment."""
PROBED_SEGMENTS = 12
"""Segments of a direction tried as the start of a message before a stream of both sides is given up."""
TORN_BYTES = 1 << 20
"""Bytes behind a hole that say nothing against a carrier while the other side has not spoken."""
LOSSES = 64
"""Losses kept while the carrier is not known, the latest."""

Found = tuple[type[Carrier], int]
"""A carrier, and the side that it says has sent the message."""


Segment = tuple[int, int, bytes, int, int]
"""What a consumer is told of new bytes: side, offset, bytes, frame, time."""


class Loss(NamedTuple):
    """What a consumer is told of bytes that are not in the capture."""

    side: int
    offset: int
    length: int
    frame: int
    ts_ns: int
    cut: bool = False  # the end of a packet whose beginning was captured


def carrier_of(head: bytes | bytearray, forced: str | None = None) -> Found | None:
    """Tell whose message begins so; where a carrier is `forced`, only that one is asked."""
    if not head:
        return None
    for kind in carriers_starting(head[0]) if forced is None else (carrier_class(forced),):
        sender = kind.probe(bytes(head[:HEAD]))
        if sender is not None:
            return kind, sender
    return None


def announces_itself(data: bytes) -> bool:
    """Whether bytes begin as the messages of a carrier do that can be told amid a stream."""
    return data[5:8] == b"SMB" or data[:4] == b"HTTP"


class CarrierSearch:
    """The search for the carrier of one stream.

    Bytes behind a hole may lie amid a message of any carrier, so they count against none before the other
    side was heard: its answer may be the first whole message.
    """

    __slots__ = ("_forced", "_torn", "_tried", "begun", "held", "in_vain")

    def __init__(self, forced: str | None = None) -> None:
        self.held: list[Segment | Loss] = []
        self.begun = (bytearray(), bytearray())  # what is held of each side
        self.in_vain = False  # enough was seen: it is none of the carriers
        self._forced = forced  # the carrier that the user says it is
        self._tried = [0, 0]
        self._torn = [-1, -1]  # bytes of each side seen behind a hole; -1: there is none

    def add(self, segment: Segment) -> Found | None:
        """Look at one more segment."""
        side, _, data, _, _ = segment
        self.held.append(segment)
        begun = self.begun[side]
        before = len(begun)
        begun += data
        tried = self._tried[side] = self._tried[side] + 1
        found = carrier_of(data, self._forced)
        if found is None:
            # how a side cuts what it says is no word against it before the other one has spoken
            heard = self._tried[side ^ 1] > 0 or self._torn[side] >= 0
            enough = heard and tried >= PROBED_SEGMENTS and before + len(data) >= TELLING
            self.in_vain = enough or sum(map(len, self.begun)) > 2 * HEAD
            if 0 < before < TELLING or self.in_vain:  # a head may be cut into small segments
                found = carrier_of(begun, self._forced)
            if self._torn[side] >= 0 and found is None:
                self._bear_with(side, len(data))
        return found

    def _bear_with(self, side: int, length: int) -> None:
        """Wait for the other side's word; what was seen behind the hole begins no message."""
        self._torn[side] += length
        if self.in_vain and not self._tried[side ^ 1] and self._torn[side] <= TORN_BYTES:
            self.in_vain = False
            if len(self.begun[side]) > HEAD:
                self._forget(side)

    def lost(self, loss: Loss) -> list[Segment]:
        """Forget a side's bytes: those that come next do not follow on them. Return what was held."""
        dropped = self._forget(loss.side)
        self._torn[loss.side] = max(self._torn[loss.side], 0)
        cut = bool(dropped) and dropped[-1][3] == loss.frame
        self.held.append(loss._replace(cut=cut))
        if len(self.held) > LOSSES:
            losses = [at for at, each in enumerate(self.held) if isinstance(each, Loss)]
            if len(losses) > LOSSES:
                del self.held[losses[0]]
        return dropped

    def _forget(self, side: int) -> list[Segment]:
        dropped = [each for each in self.segments if each[0] == side]
        self.held = [each for each in self.held if isinstance(each, Loss) or each[0] != side]
        self.begun[side].clear()
        return dropped

    @property
    def segments(self) -> list[Segment]:
        """What is held, without the losses."""
        return [each for each in self.held if not isinstance(each, Loss)]

    def take(self) -> list[Segment | Loss]:
        """Hand out what was held, losses included, in the order of its coming, to be read."""
        held, self.held = self.held, []
        return held

    def give_up(self) -> list[Segment]:
        """Hand out the segments held; losses stay for a carrier that may still announce itself."""
        segments = self.segments
        self.held = [each for each in self.held if isinstance(each, Loss)]
        return segments

    def again(self, segment: Segment) -> Found | None:
        """Look, after all was in vain, at a segment that begins as carriers that announce themselves do."""
        data = segment[2]
        found = carrier_of(data, self._forced) if announces_itself(data) else None
        if found is not None:
            self.held.append(segment)
        return found
