"""One conversation on its way through a carrier: finds the carrier by content and keeps what it says.

Each of the first segments may be the start of a message, whatever came before; what has been seen is kept
meanwhile and read once the carrier is known. A conversation that speaks none is given up, and looked at
again when a message of a carrier that announces itself begins a segment.
"""

from __future__ import annotations

from dissectors.carriers import carriers_starting
from dissectors.carriers.base import CLIENT, Carrier, CarrierAnomaly, CarrierMessage

HEAD = 4096
"""Bytes of each side kept while the carrier is not known."""
TELLING = 64
"""Bytes of a message's start by which every carrier knows its own."""
PROBED_SEGMENTS = 12
"""Segments of a side tried as the start of a message before the conversation is given up."""
REOPENED = 8
"""Times that a conversation may be looked at again."""

_SMB = (b"\xfeSMB", b"\xffSMB", b"\xfdSMB", b"\xfcSMB")

Found = tuple[type[Carrier], int]
"""A carrier, and the side that has sent the message."""
Part = tuple[int, int, bytes, int, int]
"""Side, offset, bytes, frame and time (ns) of a segment."""


def probe(head: bytes) -> Found | None:
    """Tell whose message begins so."""
    for kind in carriers_starting(head[0]) if head else ():
        sender = kind.probe(head[:HEAD])
        if sender is not None:
            return kind, sender
    return None


class GssStream:
    """Listener of one TCP connection; `messages` are those that nobody has taken yet."""

    def __init__(
        self, *, roles_known: bool, started_before: bool, per_message: bool = True
    ) -> None:
        self.carrier: Carrier | None = None
        self.name = ""  # the carrier's, also when it is over
        self.messages: list[CarrierMessage] = []
        self._roles_known = roles_known
        self._started_before = started_before
        self._per_message = per_message
        self._swap = 0  # 1: our client is the carrier's server
        self._held: list[Part] = []
        self._begun = (bytearray(), bytearray())
        self._tried = [0, 0]
        self._given_up = 0
        self._looking = True

    def take(self) -> list[CarrierMessage]:
        """Give the new messages away."""
        taken, self.messages = self.messages, []
        return taken

    def emit(self, item: CarrierMessage | CarrierAnomaly) -> None:
        """Take what the carrier says; anomalies of the connection itself are not kept."""
        if isinstance(item, CarrierMessage):
            self.messages.append(item)

    def deliver(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Take the next bytes of a side."""
        carrier = self.carrier
        if carrier is None:
            self._search((side, offset, data, frame, ts_ns))
            return
        side ^= self._swap
        window = carrier.windows[side]
        window.append(offset, data, frame, ts_ns)
        if not window.skipping:
            carrier.feed(side)

    def lost(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> None:
        """Learn of a gap; what the carrier wanted to skip of it is skipped."""
        carrier = self.carrier
        if carrier is None:
            self._held = [part for part in self._held if part[0] != side]
            self._begun[side].clear()
            return
        side ^= self._swap
        window = carrier.windows[side]
        skipped = min(window.skipping, length)
        if skipped:
            window.append(offset + skipped, b"", frame, ts_ns)
            if not window.skipping:
                carrier.feed(side)
        if skipped == length:
            return
        window.restart(offset + length)
        window.frame, window.ts_ns = frame, ts_ns
        carrier.gap(side, length - skipped, frame, ts_ns)

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """Learn of the end."""
        carrier = self.carrier
        if carrier is None:
            return
        carrier.end(None if side is None else side ^ self._swap, how, frame, ts_ns)
        if side is None:
            carrier.release()
            self.carrier = None
            self._looking = False
            self._given_up = REOPENED

    # -- the search --------------------------------------------------------------------------------

    def _search(self, part: Part) -> None:
        side, _, data, _, _ = part
        if not data:
            return
        if not self._looking:
            if self._given_up >= REOPENED or not _announces_itself(data):
                return
            self._start_over()
        self._held.append(part)
        begun = self._begun[side]
        before = len(begun)
        begun += data
        self._tried[side] += 1
        found = probe(data)
        enough = self._tried[side] >= PROBED_SEGMENTS and len(begun) >= TELLING
        in_vain = enough or sum(map(len, self._begun)) > 2 * HEAD
        if found is None and (0 < before < TELLING or in_vain):
            found = probe(bytes(begun[:HEAD]))
        if found is not None:
            self._attach(found, side)
        elif in_vain:
            self._held = []
            self._given_up += 1
            self._looking = False

    def _start_over(self) -> None:
        self._looking = True
        self._tried = [0, 0]
        self._started_before = True
        for begun in self._begun:
            begun.clear()

    def _attach(self, found: Found, side: int) -> None:
        kind, sender = found
        if sender != side and not self._roles_known:
            self._swap = 1
        self.name = kind.name
        self.carrier = kind(self.emit, started_before=self._started_before)
        self.carrier.per_message_tokens = self._per_message
        held, self._held = self._held, []
        for begun in self._begun:
            begun.clear()
        for each in held:
            self.deliver(*each)


class GssDatagrams:
    """A UDP conversation: carriers that speak it read one payload at a time."""

    def __init__(self) -> None:
        self.carrier: Carrier | None = None
        self.name = ""  # the carrier's, also when it is over
        self.messages: list[CarrierMessage] = []
        self._swap = 0

    def take(self) -> list[CarrierMessage]:
        """Give the new messages away."""
        taken, self.messages = self.messages, []
        return taken

    def emit(self, item: CarrierMessage | CarrierAnomaly) -> None:
        """Take what the carrier says."""
        if isinstance(item, CarrierMessage):
            self.messages.append(item)

    def datagram(self, side: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Read one payload."""
        if self.carrier is None:
            found = probe(data)
            if found is None or not found[0].datagram:
                return
            self._swap = int(found[1] != side)
            self.name = found[0].name
            self.carrier = found[0](self.emit)
        self.carrier.datagram_received(side ^ self._swap, data, frame, ts_ns)


def read_alone(data: bytes) -> tuple[str, list[CarrierMessage]]:
    """Read one payload for itself, as if nothing came before or after: the carrier's name and messages."""
    found = probe(data)
    if found is None:
        return "", []
    kind, sender = found
    messages: list[CarrierMessage] = []

    def emit(item: CarrierMessage | CarrierAnomaly) -> None:
        if isinstance(item, CarrierMessage):
            messages.append(item)

    carrier = kind(emit, started_before=True)
    carrier.per_message_tokens = True
    side = CLIENT if sender == CLIENT else 1
    carrier.windows[side].append(0, data, 1, 0)
    carrier.feed(side)
    carrier.end(None, "capture-end", 1, 0)  # a message may still wait for its body
    whole = [each for each in messages if all(found.code != "gap" for found in each.anomalies)]
    for each in whole:  # that its question is elsewhere is no oddity of this payload
        each.anomalies = tuple(a for a in each.anomalies if a.code != "unmatched-response")
    return kind.name, whole


def _announces_itself(data: bytes) -> bool:
    return data[:4] == b"HTTP" or (data[:1] == b"\x00" and data[4:8] in _SMB)
