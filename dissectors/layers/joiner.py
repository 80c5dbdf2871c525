"""Puts one TCP connection back in order, packet by packet: for packets that come one at a time.

Bytes behind a hole wait until it is filled or given up: when the other side has acknowledged them and a
grace has passed, when too much waits, or when the connection ends. Nothing is ever put in a hole, and the
first copy of a byte wins. Sequence numbers are compared modulo 2^32.

Spec: RFC 9293 3.4 and 3.8.4 (keep-alive).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from operator import itemgetter
from typing import Protocol

from dissectors.records import NamedTuple

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

HELD_BYTES = 1 << 20
"""Bytes of one direction behind a hole."""
HELD_PIECES = 4096
GRACE_PACKETS = 64
"""Packets of the connection after the ACK that covers a hole, until it is given up."""
GRACE_NS = 200_000_000
FARTHEST = 1 << 30
"""A segment farther ahead or behind belongs to another connection."""

_MODULUS = 0xFFFF_FFFF

Piece = tuple[int, bytes, int, int]
"""Offset, bytes, frame, time (ns) of what waits."""


class Heard(NamedTuple):
    """One packet of the connection; `size` counts payload bytes on the wire, `data` may be fewer."""

    seq: int
    ack: int
    flags: int
    data: bytes
    size: int
    frame: int
    ts_ns: int


class Listener(Protocol):
    """Receives both directions in order; side 0 is the client."""

    def deliver(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Take the next bytes."""

    def lost(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> None:
        """Learn that bytes are missing for good."""

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """Learn of `fin` or `rst` by a side, and of the end: `closed`, `reused`, `evicted`, `capture-end`."""


class _Direction:
    """What one side sent."""

    __slots__ = ("cuts", "doom", "fin", "fin_told", "held", "held_bytes", "offset", "seq")

    def __init__(self) -> None:
        self.seq: int | None = None  # of the next byte; None before the first
        self.offset = 0  # of the next byte
        self.held: list[Piece] = []  # by offset, without overlaps
        self.held_bytes = 0
        self.cuts: dict[int, int] = {}  # offset -> end of bytes that the snap length cut off
        self.fin: int | None = None  # offset
        self.fin_told = False
        self.doom: tuple[int, int, int] | None = None  # offset acknowledged, packet, time

    @property
    def behind_hole(self) -> int | None:
        """Offset of what waits; None if there is no hole."""
        if self.held:
            return self.held[0][0]
        return self.fin if self.fin is not None and not self.fin_told else None


class Joiner:
    """One connection; `take` is told its packets in the order of their capture."""

    __slots__ = ("_directions", "_packets", "finished", "listener", "silent")

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.finished = False  # both sides have ended
        self.silent = True  # no payload yet
        self._directions = (_Direction(), _Direction())
        self._packets = 0

    def held_bytes(self) -> int:
        """Bytes that wait behind holes."""
        return self._directions[0].held_bytes + self._directions[1].held_bytes

    def is_another(self, side: int, heard: Heard) -> bool:
        """Whether a SYN opens a new connection between the same ends."""
        if not heard.flags & SYN or heard.flags & RST:
            return False
        if self.finished:
            return True
        seq = self._directions[side].seq
        return seq is not None and not self.silent and abs(_ahead(heard.seq, seq)) > HELD_BYTES

    def take(self, side: int, heard: Heard) -> None:
        """Take one packet of `side`."""
        if self.finished:
            return
        self._packets += 1
        self._give_up_doomed(heard)
        this, other = self._directions[side], self._directions[side ^ 1]
        if heard.flags & ACK:
            self._acknowledged(other, heard)
        if heard.flags & RST:
            self._reset(side, heard)
            return
        if heard.flags & SYN and not this.offset and not this.held:
            this.seq = heard.seq
        elif this.seq is None and (heard.size or heard.flags & FIN):
            keep_alive = heard.size == 1 and not heard.flags & PSH
            this.seq = (heard.seq + keep_alive) & _MODULUS
        if not heard.size and not heard.flags & FIN:
            return
        assert this.seq is not None
        ahead = _ahead(heard.seq, this.seq)
        if abs(ahead) > FARTHEST:
            return
        self.silent = False
        begin = this.offset + ahead
        if heard.flags & FIN and this.fin is None:
            this.fin = begin + heard.size
        self._payload(side, begin, heard)
        self._go_on(side, heard)

    def finish(self, how: str, frame: int, ts_ns: int) -> None:
        """Give up all holes and end the connection."""
        if self.finished:
            return
        for side in (0, 1):
            self._give_up(side, None, frame, ts_ns)
        self.finished = True
        self.listener.end(None, how, frame, ts_ns)

    def relieve(self, frame: int, ts_ns: int) -> None:
        """Give up all holes: too much waits elsewhere."""
        for side in (0, 1):
            self._give_up(side, None, frame, ts_ns)

    # -- parts -------------------------------------------------------------------------------------

    def _payload(self, side: int, begin: int, heard: Heard) -> None:
        direction = self._directions[side]
        end = begin + heard.size
        if end <= direction.offset:
            return
        data = heard.data
        if begin < direction.offset:
            data = data[direction.offset - begin :]
            begin = direction.offset
        captured = begin + len(data)
        if captured < end and len(direction.cuts) < HELD_PIECES:
            direction.cuts[captured] = max(end, direction.cuts.get(captured, 0))
        if not data:
            return
        if begin == direction.offset and not direction.held:
            self._deliver(side, data, heard.frame, heard.ts_ns)
            return
        for piece in list(_news(direction.held, begin, data, heard)):
            insort(direction.held, piece, key=itemgetter(0))
            direction.held_bytes += len(piece[1])

    def _go_on(self, side: int, heard: Heard) -> None:
        """Deliver what is no longer behind a hole."""
        direction = self._directions[side]
        while True:
            if direction.held and direction.held[0][0] <= direction.offset:
                _, data, frame, ts_ns = direction.held.pop(0)
                direction.held_bytes -= len(data)
                self._deliver(side, data, frame, ts_ns)
                continue
            stop = direction.held[0][0] if direction.held else direction.offset + FARTHEST
            cut_end = direction.cuts.pop(direction.offset, None) if direction.cuts else None
            if cut_end is not None:
                self._lose(side, min(cut_end, stop), heard.frame, heard.ts_ns)
            elif direction.held and (
                direction.held_bytes > HELD_BYTES or len(direction.held) > HELD_PIECES
            ):
                self._lose(side, stop, heard.frame, heard.ts_ns)
            else:
                break
        if direction.fin is not None and direction.fin <= direction.offset:
            self._tell_fin(side, heard.frame, heard.ts_ns)
        if direction.behind_hole is None:
            direction.doom = None
            direction.cuts.clear()

    def _deliver(self, side: int, data: bytes, frame: int, ts_ns: int) -> None:
        direction = self._directions[side]
        offset = direction.offset
        self._advance(direction, len(data))
        self.listener.deliver(side, offset, data, frame, ts_ns)

    def _lose(self, side: int, stop: int, frame: int, ts_ns: int) -> None:
        direction = self._directions[side]
        offset, length = direction.offset, stop - direction.offset
        if length > 0:
            self._advance(direction, length)
            self.listener.lost(side, offset, length, frame, ts_ns)

    @staticmethod
    def _advance(direction: _Direction, length: int) -> None:
        assert direction.seq is not None
        direction.offset += length
        direction.seq = (direction.seq + length) & _MODULUS

    def _acknowledged(self, direction: _Direction, heard: Heard) -> None:
        behind = direction.behind_hole
        if behind is None or direction.doom is not None or direction.seq is None:
            return
        acked = direction.offset + _ahead(heard.ack, direction.seq)
        if acked >= behind:
            direction.doom = acked, self._packets, heard.ts_ns

    def _give_up_doomed(self, heard: Heard) -> None:
        for side, direction in enumerate(self._directions):
            if direction.doom is None:
                continue
            acked, packet, since = direction.doom
            if self._packets - packet >= GRACE_PACKETS or heard.ts_ns - since >= GRACE_NS:
                direction.doom = None
                self._give_up(side, acked, heard.frame, heard.ts_ns)

    def _give_up(self, side: int, acked: int | None, frame: int, ts_ns: int) -> None:
        """Give up the holes below `acked`, or all of them."""
        direction = self._directions[side]
        while (behind := direction.behind_hole) is not None and (acked is None or behind <= acked):
            if direction.held:
                _, _, frame, ts_ns = direction.held[0]
            self._lose(side, behind, frame, ts_ns)
            self._go_on(side, Heard(0, 0, 0, b"", 0, frame, ts_ns))

    def _reset(self, side: int, heard: Heard) -> None:
        for each in (0, 1):
            self._give_up(each, None, heard.frame, heard.ts_ns)
        if not self.finished:
            self.listener.end(side, "rst", heard.frame, heard.ts_ns)
            self.finished = True
            self.listener.end(None, "closed", heard.frame, heard.ts_ns)

    def _tell_fin(self, side: int, frame: int, ts_ns: int) -> None:
        direction = self._directions[side]
        if direction.fin_told:
            return
        direction.fin_told = True
        self.listener.end(side, "fin", frame, ts_ns)
        if self._directions[side ^ 1].fin_told:
            self.finished = True
            self.listener.end(None, "closed", frame, ts_ns)


def _ahead(seq: int, other: int) -> int:
    """Distance of a sequence number from another one; negative if it lies behind."""
    return ((seq - other + 0x8000_0000) & _MODULUS) - 0x8000_0000


def _news(held: list[Piece], begin: int, data: bytes, heard: Heard) -> Iterator[Piece]:
    """The stretches of `data` that are not held yet."""
    end = begin + len(data)
    at = begin
    index = max(bisect_left(held, begin, key=itemgetter(0)) - 1, 0)
    while index < len(held) and held[index][0] < end:
        start, known, _, _ = held[index]
        if at < start:
            yield at, data[at - begin : start - begin], heard.frame, heard.ts_ns
        at = max(at, start + len(known))
        index += 1
    if at < end:
        yield at, data[at - begin :], heard.frame, heard.ts_ns
