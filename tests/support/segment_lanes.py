"""The two ways to read a segment, held against each other: straight from its bytes, and through the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from random import Random
from typing import Any

from support.carrier_checks import Event

from dissectors.carriers.base import Carrier, CarrierAnomaly, CarrierMessage, Exchange
from dissectors.carriers.http import HttpCarrier
from dissectors.carriers.ldap import LdapCarrier
from dissectors.carriers.smb import SmbCarrier

KINDS: dict[str, type[Carrier]] = {
    "http": HttpCarrier,
    "smb1": SmbCarrier,
    "smb2": SmbCarrier,
    "ldap": LdapCarrier,
}


def _plain(item: Any) -> Any:
    """A message with all that is in it, its exchange as it is now."""
    if isinstance(item, CarrierMessage | Exchange):
        return {each.name: _plain(getattr(item, each.name)) for each in fields(item)}
    return dict(item) if isinstance(item, dict) else item


class Lane:
    """One carrier, with all that it says after each event; `careful`: every segment goes through the window."""

    def __init__(self, kind: type[Carrier], *, careful: bool, started_before: bool) -> None:
        self.carrier = kind(self._emit, started_before=started_before)
        self.carrier.per_message_tokens = True
        self.careful = careful
        self.exchanges: list[Exchange] = []
        self.said: list[Any] = []

    def _emit(self, item: CarrierMessage | CarrierAnomaly) -> None:
        exchange = item.exchange
        number = -1
        if exchange is not None:
            same = [n for n, other in enumerate(self.exchanges) if other is exchange]
            number = same[0] if same else len(self.exchanges)
            if not same:
                self.exchanges.append(exchange)
        self.said.append((type(item).__name__, number, _plain(item)))

    def receive(self, side: int, offset: int, data: bytes, frame: int) -> int:
        """Take a segment."""
        if self.careful:
            return Carrier.receive(self.carrier, side, offset, data, frame, frame * 1000)
        return self.carrier.receive(side, offset, data, frame, frame * 1000)

    def lost(self, side: int, offset: int, length: int, frame: int) -> int:
        """Learn of a gap, as the pipeline tells it."""
        window = self.carrier.windows[side]
        window.restart(offset + length)
        window.frame, window.ts_ns = frame, frame * 1000
        self.carrier.gap(side, length, frame, frame * 1000)
        return window.skipping

    def state(self) -> Any:
        """All that was said, what the exchanges have become, and what is left unread."""
        windows = [
            (window.offset, window.peek(len(window)), window.skipping, window.frame, window.ts_ns)
            for window in self.carrier.windows
        ]
        return self.said, [_plain(exchange) for exchange in self.exchanges], windows


def check_lanes(kind: type[Carrier], events: Sequence[Event], random: Random) -> list[Any]:
    """Both ways say the same, event by event; return what was said."""
    before = random.random() < 0.3
    lanes = [Lane(kind, careful=careful, started_before=before) for careful in (False, True)]
    skips = [0, 0]
    frame = 0
    for what, side, offset, data in events:
        frame += (
            random.random() < 0.9
        )  # else the same frame, as of a segment that waited for another
        passed = min(skips[side], len(data))
        skips[side] -= passed
        if passed and skips[side]:
            continue
        rest = data[passed:]
        if what == "lost":
            if not rest:
                continue
            answers = [lane.lost(side, offset + passed, len(rest), frame) for lane in lanes]
        else:
            answers = [lane.receive(side, offset + passed, rest, frame) for lane in lanes]
        assert answers[0] == answers[1], (what, side, offset)
        skips[side] = answers[0]
        assert lanes[0].state() == lanes[1].state(), (what, side, offset)
    ends = [(random.randrange(2), "fin"), (random.randrange(2), "rst"), (None, "capture-end")]
    for by, how in ends[random.randrange(3) :]:
        for lane in lanes:
            lane.carrier.end(by, how, frame + 1, frame + 1)
        assert lanes[0].state() == lanes[1].state(), how
    return lanes[0].said
