"""One TCP stream put back in order: what is delivered, what is lost for good, what contradicts.

Offsets count the bytes of a direction without bound; sequence numbers are compared modulo 2^32. What comes
before its turn waits, as `Waiting` says. Nothing is ever put in a hole.

The first copy of a byte wins. A later copy is compared with what still waits and with the latest bytes
that were delivered; bytes that the consumer skipped are not remembered.

Spec: RFC 9293 sections 3.4, 3.8.4 (keep-alive) and 3.8.6 (zero-window probes); RFC 7323 2.2 (windows).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.capture.delivery import Segment, StreamReusedError
from analyzer.capture.direction import FARTHEST_AHEAD, MODULUS, Direction
from analyzer.capture.hold import Hold, Mark, compare
from analyzer.capture.pool import SEGMENT_COST
from analyzer.capture.streams import ACK, FIN, RST, SYN
from analyzer.capture.waiting import Waiting

if TYPE_CHECKING:
    from analyzer.capture.direction import Proof

FARTHEST_BEHIND = 1 << 24
"""No sender repeats bytes this old."""
STRAYS = 4
"""Segments in a row that fit each other but not the stream: the 4-tuple is used anew, unseen."""
CUTS = 4096
"""Segments cut by the snap length and known to be so, of one direction, behind a hole."""
EARLY = 65_536
"""Bytes delivered while a segment from before the first one may still be news, not a repetition."""


class TcpStream(Waiting):
    """A stream that is followed, packet by packet where `take_runs` is not enough."""

    __slots__ = ()

    def take(self, side: int, segment: Segment) -> None:
        """Take one packet, whatever is odd about it."""
        self.packets += 1
        flags, other = segment.flags, self.directions[side ^ 1]
        acked = other.acknowledged(segment.ack) if flags & ACK and not self.reset else 0
        if flags & RST:
            self._reset(side, acked, segment)
        elif segment.size or flags & FIN:
            direction = self.directions[side]
            seq = (segment.seq + 1) & MODULUS if flags & SYN else segment.seq
            ahead = direction.ahead(seq)
            if ahead < 0 and direction.given_up[0] == direction.offset:
                ahead = self._found(direction, ahead, segment)
            if not -FARTHEST_BEHIND <= ahead <= FARTHEST_AHEAD:
                self._stray(side, segment)
                return
            self.strays = []
            begin = direction.offset + ahead
            if flags & FIN and direction.fin is None:
                direction.fin = (begin + segment.size, segment.frame, segment.ts_ns, acked)
            if segment.size:
                self._payload(side, begin, acked, segment)
        first, second = self._go_on()
        self._note_holes(first, second, segment.now)
        if self.waiting and flags & ACK and other.doom is None:
            behind, answer = (first, second) if side else (second, first)
            self._acknowledged(side ^ 1, self._hole(side ^ 1, behind, answer), segment)

    def _found(self, direction: Direction, ahead: int, segment: Segment) -> int:
        """Go back to bytes that were given up, for nothing but an acknowledgement had shown them.

        Their offsets stay behind; what was told of them cannot be taken back. Return how far ahead the packet
        stands then.
        """
        offset, length, skipped = direction.given_up
        back = min(-ahead, length)
        if ahead + segment.size + (segment.flags & FIN) <= -length:
            return ahead  # older ones
        if direction.first is not None or direction.fin is not None or direction.cuts:
            return ahead  # by now something is behind them
        assert direction.next_seq is not None
        direction.next_seq = (direction.next_seq - back) & MODULUS
        direction.given_up = offset, length - back, 0
        direction.skip += min(back, skipped)
        self.pool.forget(direction)  # its offsets are no longer those of its numbers
        direction.since, direction.proof = segment.frame, None  # it was told already
        self.pool.account.tcp_bytes_missing -= back
        return ahead + back

    def _payload(self, side: int, begin: int, acked: int, segment: Segment) -> None:
        direction = self.directions[side]
        offset = direction.offset
        data, frame, ts_ns = segment.data, segment.frame, segment.ts_ns
        end = begin + segment.size
        if begin < offset:
            if segment.size > 1 or end < offset:  # else a keep-alive, whose byte means nothing
                self._contradicts(side, begin, data, frame, ts_ns)
                self._before_the_start(direction, begin, end)
            if end <= offset:
                return
            data = data[offset - begin :]
            begin = offset
        if data:
            held = direction.hold is not None and direction.hold.starts
            other = self.directions[side ^ 1]
            heard = acked <= other.offset or acked <= other.reached
            if begin == offset and not held and heard:
                self._deliver(side, data, frame, ts_ns)
            else:
                self._put_aside(side, data, (begin, frame, ts_ns, acked))
        if begin + len(data) < end and len(direction.cuts) < CUTS:
            direction.cuts[begin + len(data)] = (end, frame, ts_ns, acked)

    def _put_aside(self, side: int, data: bytes, mark: Mark) -> None:
        direction = self.directions[side]
        hold = direction.hold
        if hold is None:
            hold = direction.hold = Hold()
        before = hold.bytes + SEGMENT_COST * hold.segments
        differences = hold.add(data, mark)
        self.pool.held += hold.bytes + SEGMENT_COST * hold.segments - before
        for offset, length in differences:
            self.consumer.conflict(side, offset, length, mark[1], mark[2])

    def _contradicts(self, side: int, begin: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Compare a later copy with what was delivered; tell of differences."""
        for offset, known in reversed(self.directions[side].memory):
            if offset + len(known) <= begin:
                break
            difference = compare(offset, known, begin, data)
            if difference is not None:
                self.consumer.conflict(side, *difference, frame, ts_ns)

    def _before_the_start(self, direction: Direction, begin: int, end: int) -> None:
        """Count bytes that came too late to be the first ones of a stream without SYN."""
        if self.start != "captured" or begin >= direction.floor:
            return
        if direction.offset - direction.origin <= EARLY:
            self.pool.account.tcp_bytes_missing += min(end, direction.floor) - begin
            direction.floor = begin

    def _stray(self, side: int, segment: Segment) -> None:
        if not segment.size:
            return
        previous = [stray for by, stray in self.strays if by == side]
        if previous and (previous[-1].seq + previous[-1].size) & MODULUS != segment.seq:
            self.strays = []
        self.strays.append((side, segment))
        if len(self.strays) >= STRAYS:
            raise StreamReusedError

    # -- the end -------------------------------------------------------------------------------------

    def _reset(self, side: int, acked: int, segment: Segment) -> None:
        direction, other = self.directions[side], self.directions[side ^ 1]
        if direction.reset or direction.rst is not None:
            return
        stands, ahead = direction.offset, 0
        if direction.next_seq is not None:
            ahead = direction.ahead(segment.seq)
            farthest = min(stands, FARTHEST_BEHIND) if self.start == "syn" else FARTHEST_BEHIND
            if not -farthest <= ahead <= FARTHEST_AHEAD:
                return  # in no window, so nobody heeds it
        if direction.fin is not None:
            ahead = min(ahead, direction.fin[0] - stands)
        self.aborted = True
        if ahead > 0 or acked > other.reached:
            direction.rst = (stands + max(ahead, 0), segment.frame, segment.ts_ns, acked)
            direction.stood = stands
        else:
            self._tell_rst(side, segment.frame, segment.ts_ns)

    @property
    def ending(self) -> bool:
        """A RST was told, or waits, and its side has sent nothing since."""
        return self.reset or any(
            direction.rst is not None and direction.offset == direction.stood
            for direction in self.directions
        )

    def prove(self, side: int, proof: Proof) -> None:
        """Note that bytes of a side were acknowledged, to be told if nothing of it comes any more."""
        direction = self.directions[side]
        if self.aborted or not self.own_numbers or direction.fin is not None:
            return
        if direction.next_seq is not None:
            missing = direction.ahead(proof.ack)
        elif self.start == "resumed":
            return  # what came before is not known
        else:
            missing = (proof.ack - proof.first) & MODULUS
        if not 0 < missing <= FARTHEST_AHEAD:
            return
        known = direction.proof
        if known is None or 0 < (proof.ack - known.ack) & MODULUS <= FARTHEST_AHEAD:
            direction.proof = proof
