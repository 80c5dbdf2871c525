"""What of a followed stream waits: how long, for what, and what is given up in the end.

A packet waits for the bytes before it, and for those of the other side that it acknowledges: its sender had
them, so they were said before. They come late, or are given up: when the other side has acknowledged what is
missing and a grace has passed, when too much waits, or when the stream ends.
"""

from __future__ import annotations

from analyzer.capture.delivery import Delivery, Segment
from analyzer.capture.direction import FARTHEST_AHEAD, Doom
from analyzer.capture.hold import Mark
from analyzer.capture.pool import SEGMENT_COST


class Waiting(Delivery):
    """A stream that is followed: what is delivered in order, and what is held back until then."""

    __slots__ = ()

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
