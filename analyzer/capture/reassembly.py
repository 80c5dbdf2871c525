"""One TCP stream put back in order: what is delivered, what is lost for good, what contradicts.

Offsets count the bytes of a direction without bound; sequence numbers are compared modulo 2^32. A packet
waits for the bytes before it, and for those of the other side that it acknowledges: its sender had them, so
they were said before. They come late, or are given up: when the other side has acknowledged what is missing
and a grace has passed, when too much waits, or when the stream ends. Nothing is ever put in a hole.

The first copy of a byte wins. A later copy is compared with what still waits and with the latest bytes
that were delivered; bytes that the consumer skipped are not remembered.

Spec: RFC 9293 sections 3.4, 3.8.4 (keep-alive) and 3.8.6 (zero-window probes); RFC 7323 2.2 (windows).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.capture.delivery import Delivery, Segment, StreamReusedError
from analyzer.capture.direction import FARTHEST_AHEAD, MODULUS, Direction, Doom
from analyzer.capture.hold import Hold, Mark, compare
from analyzer.capture.pool import SEGMENT_COST
from analyzer.capture.streams import ACK, FIN, RST, SYN

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


class TcpStream(Delivery):
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

    # -- what waits ----------------------------------------------------------------------------------

    def _go_on(self) -> tuple[Mark | None, Mark | None]:
        """Deliver what waits for nothing any more, of both sides in the order of their talk.

        Return what waits first then, of the client and of the server.
        """
        client, server = self.directions
        while True:
            first, second = client.first, server.first
            if first is None and second is None:
                return None, None
            side = self._next(first, second)
            if side is not None:
                self._let_go(side, alone=first is None or second is None)
            elif (side := self._overfull(first, second)) is not None:
                self._lose_hole(side, first, second)
            else:
                return first, second

    def _next(self, first: Mark | None, second: Mark | None) -> int | None:
        """Which side's first waiting thing, the client's `first` or the server's, may be delivered."""
        client, server = self.directions
        of_client = first is not None and first[0] <= client.offset
        of_server = second is not None and second[0] <= server.offset
        client_free = first is not None and of_client and first[3] <= server.reached
        server_free = second is not None and of_server and second[3] <= client.reached
        if client_free != server_free:
            return 0 if client_free else 1
        if first is None or second is None or not of_client or not of_server:
            return None
        return (
            0 if first[1] <= second[1] else 1
        )  # neither is free: they wait for each other for ever

    def _let_go(self, side: int, *, alone: bool) -> None:
        """Deliver what waits first in a direction and has nothing missing before it.

        `alone`: nothing of the other side waits, so that all goes that can.
        """
        direction, other = self.directions[side], self.directions[side ^ 1]
        hold = direction.hold
        if hold is not None and hold.starts and hold.starts[0] <= direction.offset:
            more = True
            while more:
                data, (_, frame, ts_ns, _) = hold.take()
                self.pool.held -= len(data) + SEGMENT_COST
                self._deliver(side, data, frame, ts_ns)
                more = alone and bool(hold.starts) and hold.starts[0] <= direction.offset
                more = more and hold.islands[0].marks[0][3] <= other.offset
        elif direction.offset in direction.cuts:
            cut_end, frame, ts_ns, acked = direction.cuts.pop(direction.offset)
            end = cut_end
            if hold is not None and hold.starts and hold.starts[0] < cut_end:
                end = hold.starts[0]  # another copy holds part of it
                direction.cuts[hold.islands[0].end] = (cut_end, frame, ts_ns, acked)
            self._lose(side, end - direction.offset, frame, ts_ns)
        elif direction.fin is not None and not direction.fin_told:
            self._tell_fin(side)
        elif direction.rst is not None:
            begin, frame, ts_ns, _ = direction.rst
            if begin < direction.offset:
                direction.rst = None  # its side has gone on behind it
            else:
                self._tell_rst(side, frame, ts_ns)

    def _overfull(self, first: Mark | None, second: Mark | None) -> int | None:
        """The side whose missing bytes keep too much waiting."""
        limits = self.pool.limits
        for side, mark in enumerate((first, second)):
            direction = self.directions[side]
            hold = direction.hold
            if mark is None or hold is None:
                continue
            if hold.bytes > limits.held_bytes or hold.segments > limits.held_segments:
                return side if mark[0] > direction.offset else side ^ 1
        return None

    def _hole(self, side: int, behind: Mark | None, answer: Mark | None) -> Mark | None:
        """The first thing that waits for missing bytes of a side, with the offset at which they end.

        It is what waits first of that side, `behind` the hole, or an `answer` of the other side.
        """
        direction, other = self.directions[side], self.directions[side ^ 1]
        if behind is not None and behind[0] <= direction.offset:
            return None  # nothing is missing before it
        if answer is None or answer[0] > other.offset or answer[3] <= direction.reached:
            return behind
        if behind is not None and behind[0] <= answer[3]:
            return behind
        return answer[3], answer[1], answer[2], 0

    def _lose_hole(self, side: int, first: Mark | None, second: Mark | None) -> None:
        """Give up the missing bytes of a side up to the first thing that waits for them."""
        behind, answer = (second, first) if side else (first, second)
        hole = self._hole(side, behind, answer)
        assert hole is not None
        end, frame, ts_ns, _ = hole
        direction = self.directions[side]
        if hole is direction.rst:
            self._reach_rst(side, hole)
        elif end == direction.offset + 1 and behind is None:
            direction.passed = end  # acknowledged, and nothing behind it: it may be a FIN
        else:
            length, skipped = end - direction.offset, direction.skip
            self._lose(side, length, frame, ts_ns)
            if behind is None:
                direction.given_up = direction.offset, length, min(skipped, length)

    def _found(self, direction: Direction, ahead: int, segment: Segment) -> int:
        """Go back to bytes that were given up, for nothing but an acknowledgement had shown them.

        Their offsets stay behind; what was told of them cannot be taken back. Return how far ahead the packet
        stands then.
        """
        offset, length, skipped = direction.given_up
        back = min(-ahead, length)
        if ahead + segment.size + (segment.flags & FIN) <= -length:
            return ahead  # older ones
        assert direction.next_seq is not None
        direction.next_seq = (direction.next_seq - back) & MODULUS
        direction.given_up = offset, length - back, 0
        direction.skip += min(back, skipped)
        direction.since, direction.proof = segment.frame, None  # it was told already
        self.pool.account.tcp_bytes_missing -= back
        return ahead + back

    def _acknowledged(self, side: int, hole: Mark | None, segment: Segment) -> None:
        """The other side acknowledges: from now on a hole below is doomed."""
        if hole is not None:
            direction = self.directions[side]
            acked = direction.offset + direction.ahead(segment.ack)
            if acked >= hole[0]:
                direction.doom = Doom(acked, self.packets, segment.now)

    def _note_holes(self, first: Mark | None, second: Mark | None, now: int) -> None:
        """Note whether anything waits, and which holes are doomed by what waits for them itself."""
        self.waiting = first is not None or second is not None
        client, server = self.directions
        if first is None and client.cuts:
            client.cuts.clear()
        if second is None and server.cuts:
            server.cuts.clear()
        if self.waiting:
            client.doom = self._doom(0, first, second, now)
            server.doom = self._doom(1, second, first, now)
        else:
            client.doom = server.doom = None

    def _doom(self, side: int, behind: Mark | None, answer: Mark | None, now: int) -> Doom | None:
        hole, doom = self._hole(side, behind, answer), self.directions[side].doom
        if hole is None:
            return None
        if doom is not None and doom.acked >= hole[0]:
            return doom
        if answer is None or answer[0] > self.directions[side ^ 1].offset or answer[3] < hole[0]:
            return None
        return Doom(answer[3], self.packets, now)

    def give_up_doomed(self, now: int) -> None:
        """Give up the holes whose grace is over."""
        client, server = self.directions
        if client.doom is None and server.doom is None:
            return
        limits = self.pool.limits
        doomed = [
            (direction.doom, side)
            for side, direction in enumerate(self.directions)
            if direction.doom is not None
            and (
                self.packets - direction.doom.packet >= limits.grace_packets
                or now - direction.doom.now >= limits.grace_ns
            )
        ]
        if not doomed:
            return
        first, second = client.first, server.first
        for doom, side in sorted(doomed, key=lambda each: each[0].packet):
            while True:
                behind, answer = (second, first) if side else (first, second)
                hole = self._hole(side, behind, answer)
                if hole is None or hole[0] > doom.acked:
                    break
                self._lose_hole(side, first, second)
                first, second = self._go_on()
        self._note_holes(first, second, now)

    def give_up(self) -> None:
        """Give up all holes, in the order in which what waits for them was captured."""
        while True:
            first, second = self._go_on()
            if first is None and second is None:
                break
            side = 1 if first is None or (second is not None and second[1] < first[1]) else 0
            mark = second if side else first
            assert mark is not None
            missing = side if mark[0] > self.directions[side].offset else side ^ 1
            self._lose_hole(missing, first, second)
        self._note_holes(None, None, 0)

    # -- the end -------------------------------------------------------------------------------------

    def _reset(self, side: int, acked: int, segment: Segment) -> None:
        direction, other = self.directions[side], self.directions[side ^ 1]
        if direction.reset or direction.rst is not None:
            return
        stands, ahead = direction.offset, 0
        if direction.next_seq is not None:
            ahead = direction.ahead(segment.seq)
            lowest = -stands if self.start == "syn" else -FARTHEST_BEHIND
            if not lowest <= ahead <= FARTHEST_AHEAD:
                return  # in no window, so nobody heeds it
        if direction.fin is not None:
            ahead = min(ahead, direction.fin[0] - stands)
        self.aborted = True
        if ahead > 0 or acked > other.reached:
            direction.rst = (stands + max(ahead, 0), segment.frame, segment.ts_ns, acked)
            direction.stood = stands
        else:
            self._tell_rst(side, segment.frame, segment.ts_ns)

    def _reach_rst(self, side: int, rst: Mark) -> None:
        """Give up what is missing before a RST; or the RST, if its side has gone on without coming there."""
        direction = self.directions[side]
        begin, frame, ts_ns, acked = rst
        proven = direction.doom is not None and direction.doom.acked >= begin
        if direction.fin is not None or (direction.offset > direction.stood and not proven):
            direction.rst = None
            return
        self._tell_proof(side)
        if begin > direction.offset + 1:  # else it may be a FIN that is missing
            self._lose(side, begin - direction.offset, frame, ts_ns)
        direction.rst = (direction.offset, frame, ts_ns, acked)

    def _tell_rst(self, side: int, frame: int, ts_ns: int) -> None:
        direction = self.directions[side]
        direction.rst = None
        direction.reset = self.reset = True
        self.give_up()
        self.tell_proven()
        self.consumer.end(side, "rst", frame, ts_ns)

    @property
    def ending(self) -> bool:
        """A RST was told, or waits."""
        return self.reset or any(direction.rst is not None for direction in self.directions)

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

    def tell_proven(self) -> None:
        """Tell what was acknowledged and never captured, and has nothing of its side behind it.

        One number may be that of a FIN. Of a side that was heard long after it, an acknowledgement beyond
        what it said by then proves nothing.
        """
        for side, direction in enumerate(self.directions):
            if direction.proof is not None:
                self._tell_proof(side)

    def _tell_proof(self, side: int) -> None:
        direction = self.directions[side]
        proof, direction.proof = direction.proof, None
        if proof is None or direction.fin is not None or not self.own_numbers:
            return
        if direction.heard_ns - proof.ts_ns >= self.pool.limits.grace_ns:
            return
        if direction.next_seq is None:
            direction.begin(proof.first, 0)
        missing = direction.ahead(proof.ack)
        if 1 < missing <= FARTHEST_AHEAD:
            self._lose(side, missing, proof.frame, proof.ts_ns)
