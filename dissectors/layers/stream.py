"""One conversation on its way through a carrier: finds the carrier by content and keeps what it says.

Each of the first segments may be the start of a message, whatever came before; what has been seen is kept
meanwhile and read once the carrier is known. A conversation that speaks none is given up, and looked at
again when a message of a carrier that announces itself begins a segment.
"""

from __future__ import annotations

from dataclasses import replace

from dissectors.carriers.base import CLIENT, Carrier, CarrierAnomaly, CarrierMessage
from dissectors.carriers.carrier_search import CarrierSearch, Found, Loss, Segment, carrier_of
from dissectors.carriers.token_pieces import TokenPieces
from dissectors.carriers.window import LOSSES


class _Told:
    """Messages of one conversation, as its carrier says them; `messages` are those nobody has taken yet.

    Of a token that its sender cut over several messages the last one has all of it; an earlier one tells in
    `context["piece"]` how many bytes of it came there.
    """

    def __init__(self) -> None:
        self.carrier: Carrier | None = None
        self.name = ""  # the carrier's, also when it is over
        self.messages: list[CarrierMessage] = []
        self._swap = 0  # 1: our client is the carrier's server
        self._pieces = TokenPieces()

    def take(self) -> list[CarrierMessage]:
        """Give the new messages away."""
        taken, self.messages = self.messages, []
        return taken

    def emit(self, item: CarrierMessage | CarrierAnomaly) -> None:
        """Take what the carrier says; anomalies of the connection itself are not kept.

        Nor is what goes to and from a KDC: that is no GSS token.
        """
        if isinstance(item, CarrierAnomaly) or item.kind == "kdc":
            return
        piece = len(item.token or b"")
        if piece and self._pieces.whole(item) is None:
            context = item.context | {"piece": piece}
            item = replace(item, token=None, token_span=None, carried=(), runs=(), context=context)
        while self._pieces.abandoned:
            self.messages.append(self._pieces.abandoned.pop())
        self.messages.append(item)


class GssStream(_Told):
    """Listener of one TCP connection."""

    def __init__(
        self, *, roles_known: bool, started_before: bool, per_message: bool = True
    ) -> None:
        super().__init__()
        self._roles_known = roles_known
        self._started_before = started_before
        self._per_message = per_message
        self._search: CarrierSearch | None = CarrierSearch()  # None: found, or over
        self._given_up = False

    def deliver(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Take the next bytes of a side."""
        carrier = self.carrier
        if carrier is None:
            if data:
                self._look((side, offset, data, frame, ts_ns))
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
            if self._search is not None:
                self._search.lost(Loss(side, offset, length, frame, ts_ns))
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
        """Learn of the end; a token that never became whole is told as far as it came."""
        carrier = self.carrier
        if carrier is not None:
            carrier.end(None if side is None else side ^ self._swap, how, frame, ts_ns)
        if side is None:
            self._search = None
            self.messages += self._pieces.left()
            if carrier is not None:
                carrier.release()
                self.carrier = None

    # -- the search --------------------------------------------------------------------------------

    def _look(self, segment: Segment) -> None:
        search = self._search
        if search is None:
            return
        if self._given_up:
            found = search.again(segment)
            self._started_before = True
        else:
            found = search.add(segment)
        if found is not None:
            self._attach(found, segment[0], search.take())
        elif search.in_vain:
            self._search = CarrierSearch()  # forgets what it held
            self._given_up = True

    def _attach(self, found: Found, side: int, held: list[Segment | Loss]) -> None:
        kind, sender = found
        if sender != side and not self._roles_known:
            self._swap = 1
        self.name = kind.name
        self._search = None
        self.carrier = kind(self.emit, started_before=self._started_before)
        self.carrier.per_message_tokens = self._per_message
        for each in held:
            if isinstance(each, Loss):
                self.lost(*each[:5])
            else:
                self.deliver(*each)


class GssDatagrams(_Told):
    """A UDP conversation: carriers that speak it read one payload at a time."""

    def datagram(self, side: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Read one payload."""
        if self.carrier is None:
            found = carrier_of(data)
            if found is None or not found[0].datagram:
                return
            self._swap = int(found[1] != side)
            self.name = found[0].name
            self.carrier = found[0](self.emit)
        self.carrier.datagram_received(side ^ self._swap, data, frame, ts_ns)


def read_alone(data: bytes) -> tuple[str, list[CarrierMessage]]:
    """Read one payload for itself, as if nothing came before or after: the carrier's name and messages."""
    found = carrier_of(data)
    if found is None:
        return "", []
    kind, sender = found
    messages: list[CarrierMessage] = []

    def emit(item: CarrierMessage | CarrierAnomaly) -> None:
        if isinstance(item, CarrierMessage) and item.kind != "kdc":
            messages.append(item)

    carrier = kind(emit, started_before=True)
    carrier.per_message_tokens = True
    side = CLIENT if sender == CLIENT else 1
    carrier.windows[side].append(0, data, 1, 0)
    carrier.feed(side)
    carrier.end(None, "capture-end", 1, 0)  # a message may still wait for its body
    whole = [each for each in messages if all(a.code not in LOSSES for a in each.anomalies)]
    for each in whole:  # that its question is elsewhere is no oddity of this payload
        each.anomalies = tuple(a for a in each.anomalies if a.code != "unmatched-response")
    return kind.name, whole
