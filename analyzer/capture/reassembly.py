"""One TCP stream put back in order: what is delivered, what is lost for good, what contradicts.

Offsets count the bytes of a direction without bound; sequence numbers are compared modulo 2^32. Bytes
behind a hole wait until it is filled or given up: when the other side has acknowledged them and a grace
has passed, when too much waits, or when the stream ends. Nothing is ever put in a hole.

The first copy of a byte wins. A later copy is compared with what still waits and with the latest bytes
that were delivered; bytes that the consumer skipped are not remembered.

Spec: RFC 9293 sections 3.4, 3.8.4 (keep-alive) and 3.8.6 (zero-window probes); RFC 7323 2.2 (windows).
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal, NamedTuple

from analyzer.capture.direction import MODULUS, Direction, Doom
from analyzer.capture.hold import Hold, compare
from analyzer.capture.model import Consumer
from analyzer.capture.pool import SEGMENT_COST, Piece, Pool
from analyzer.capture.streams import ACK, FIN, RST, SYN

if TYPE_CHECKING:
    from analyzer.capture.runs import BlockRuns

FARTHEST_AHEAD = 1 << 30
"""The largest window (RFC 7323); a segment beyond it belongs to another connection."""
FARTHEST_BEHIND = 1 << 24
"""No sender repeats bytes this old."""
STRAYS = 4
"""Segments in a row that fit each other but not the stream: the 4-tuple is used anew, unseen."""
CUTS = 4096
"""Segments cut by the snap length and known to be so, of one direction, behind a hole."""
EARLY = 65_536
"""Bytes delivered while a segment from before the first one may still be news, not a repetition."""


Start = Literal["syn", "captured", "resumed"]
"""Which byte has offset 0: the one after the SYN, or the first captured; `resumed` streams count on."""


class StreamIgnoredError(Exception):
    """The consumer answered IGNORE."""


class StreamReusedError(Exception):
    """The packets of another connection have taken the 4-tuple over; `TcpStream.strays` holds the first."""


class Segment(NamedTuple):
    """One TCP packet of a stream. `now` is the latest time of the capture so far."""

    seq: int
    ack: int
    flags: int
    data: bytes
    size: int  # payload bytes on the wire
    frame: int
    ts_ns: int
    now: int


class TcpStream:
    """A stream that is followed: its consumer and its two directions, the client's first."""

    __slots__ = (
        "client", "consumer", "directions", "finished", "last_frame", "last_ns", "last_ts_ns", "packets",
        "pool", "reset", "start", "strays", "stream_id", "waiting",
    )  # fmt: skip

    def __init__(
        self, stream_id: int, consumer: Consumer, client: int, pool: Pool, start: Start
    ) -> None:
        self.stream_id = stream_id
        self.consumer = consumer
        self.client = client  # endpoint, 0 or 1
        self.pool = pool
        self.start = start
        self.directions = (Direction(), Direction())
        self.waiting = False  # there is a hole
        self.reset = False  # one side has aborted the connection
        self.finished = False  # both sides have told FIN, or a reset was long ago
        self.packets = 0  # that came one by one
        self.strays: list[tuple[int, Segment]] = []
        self.last_frame = 0  # latest packet with payload, FIN or RST
        self.last_ts_ns = 0
        self.last_ns = 0  # latest time of the capture then

    def begin(self, side: int, seq: int, base: int) -> None:
        """Prepare for the first packet of a direction; `base` is the number before its first byte."""
        direction = self.directions[side]
        if self.start == "syn":
            direction.begin((base + 1) & MODULUS, 0)
        elif self.start == "captured":
            direction.begin(seq, 0)
        else:
            direction.begin(seq, (seq - base - 1) & MODULUS)

    # -- many packets at once ------------------------------------------------------------------------

    def take_runs(self, block: BlockRuns, run: int, stop: int, *, keep: bool = True) -> None:
        """Deliver the runs from `run` to before `stop`, which are next and have no hole.

        What the consumer skips is jumped over, whatever the number of packets. `keep`: repetitions may
        still come.
        """
        total, offsets, buffer = block.total, block.offset, block.buffer
        frames, times = block.frame, block.ts_ns
        firsts, ends = block.first, block.end
        senders, fins = block.run_sender, block.run_fin
        client, directions, deliver = self.client, self.directions, self.consumer.deliver
        self.strays = []
        told: list[Piece] = []
        index = 0
        while run < stop:
            index, last = firsts[run], ends[run]
            side = senders[run] ^ client
            direction = directions[side]
            seq = direction.next_seq
            if seq is None:
                seq = block.run_seq[run]
                direction.begin(seq, 0)
            at, end = total[index], total[last]
            shift, skip = direction.offset - at, direction.skip
            direction.offset += end - at
            direction.next_seq = (seq + end - at) & MODULUS
            if last - index == 1 and not skip and at < end and offsets[index] >= 0:
                # one packet that the consumer wants: what the loop below makes of it
                start = offsets[index]
                data = buffer[start : start + end - at]
                skip = deliver(side, at + shift, data, frames[index], times[index])
                if skip < 0:
                    block.at = block.row[index]
                    raise StreamIgnoredError
                if keep:
                    told.append((at + shift, data))
                at = end
            # of packets without payload, all but a FIN are odd
            while at < end:
                if skip:
                    at += skip
                    if at > end:
                        skip = at - end
                        break
                    index = bisect_left(total, at, index + 1, last + 1) - 1
                before, after, start = total[index], total[index + 1], offsets[index]
                if start < 0:
                    data = block.index.extra[block.row[index]][at - before :]
                else:
                    data = buffer[start + at - before : start + after - before]
                skip = deliver(side, at + shift, data, frames[index], times[index])
                if skip < 0:
                    block.at = block.row[index]
                    raise StreamIgnoredError
                if keep and data:
                    told.append((at + shift, data))
                at = after
                index += 1
            direction.skip = skip
            if told:
                self.pool.remember(direction.memory, told)
                told = []
            index = last - 1
            if fins[run]:
                if direction.fin is None:
                    direction.fin = (direction.offset, frames[index], times[index])
                self._tell_fin(side)
            run += 1
        row = block.row[index]
        self.last_frame, self.last_ts_ns, self.last_ns = frames[index], times[index], block.now[row]

    # -- one packet ----------------------------------------------------------------------------------

    def take(self, side: int, segment: Segment) -> None:
        """Take one packet, whatever is odd about it."""
        self.packets += 1
        if self.waiting and segment.flags & ACK:
            self._acknowledged(side ^ 1, segment)
        if segment.flags & RST:
            self._reset(side, segment)
        elif segment.size or segment.flags & FIN:
            direction = self.directions[side]
            seq = (segment.seq + 1) & MODULUS if segment.flags & SYN else segment.seq
            ahead = direction.ahead(seq)
            if not -FARTHEST_BEHIND <= ahead <= FARTHEST_AHEAD:
                self._stray(side, segment)
                return
            self.strays = []
            begin = direction.offset + ahead
            if segment.flags & FIN and direction.fin is None:
                direction.fin = (begin + segment.size, segment.frame, segment.ts_ns)
            if segment.size:
                self._payload(side, begin, segment)
            self._go_on(side)
        self._note_holes()

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
        for doom, side in sorted(doomed, key=lambda each: each[0].packet):
            direction = self.directions[side]
            direction.doom = None
            while (behind := direction.behind_hole) is not None and behind[0] <= doom.acked:
                self._give_up_hole(side, *behind)
        self._note_holes()

    def give_up(self) -> None:
        """Give up all holes, in the order in which what is behind them was captured."""
        while self.waiting:
            waiting = [
                (behind, side)
                for side, direction in enumerate(self.directions)
                if (behind := direction.behind_hole) is not None
            ]
            behind, side = min(waiting, key=lambda each: each[0][1])
            self._give_up_hole(side, *behind)
            self._note_holes()

    def _note_holes(self) -> None:
        client, server = self.directions
        self.waiting = client.behind_hole is not None or server.behind_hole is not None

    def release(self) -> None:
        """Free what is held; nothing is delivered any more."""
        for direction in self.directions:
            if direction.hold is not None:
                self.pool.held -= direction.hold.bytes + SEGMENT_COST * direction.hold.segments
                direction.hold = None

    def _payload(self, side: int, begin: int, segment: Segment) -> None:
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
            if begin == offset and (direction.hold is None or not direction.hold.starts):
                self._deliver(side, data, frame, ts_ns)
            else:
                self._put_aside(side, begin, data, frame, ts_ns)
        if begin + len(data) < end and len(direction.cuts) < CUTS:
            direction.cuts[begin + len(data)] = (end, frame, ts_ns)

    def _put_aside(self, side: int, begin: int, data: bytes, frame: int, ts_ns: int) -> None:
        direction = self.directions[side]
        hold = direction.hold
        if hold is None:
            hold = direction.hold = Hold()
        before = hold.bytes + SEGMENT_COST * hold.segments
        differences = hold.add(data, (begin, frame, ts_ns))
        self.pool.held += hold.bytes + SEGMENT_COST * hold.segments - before
        for offset, length in differences:
            self.consumer.conflict(side, offset, length, frame, ts_ns)

    def _go_on(self, side: int) -> None:
        """Deliver what is no longer behind a hole."""
        direction = self.directions[side]
        hold, cuts, limits = direction.hold, direction.cuts, self.pool.limits
        while True:
            if hold is not None and hold.starts:
                if hold.starts[0] <= direction.offset:
                    island = hold.take()
                    self.pool.held -= len(island.data) + SEGMENT_COST * len(island.marks)
                    for data, frame, ts_ns in island.pieces():
                        self._deliver(side, data, frame, ts_ns)
                    continue
                end = hold.starts[0]
            else:
                end = direction.offset + FARTHEST_AHEAD
            if direction.offset in cuts:
                cut_end, frame, ts_ns = cuts.pop(direction.offset)
                if cut_end > end and hold is not None:  # another copy holds part of it
                    cuts[hold.islands[0].end] = (cut_end, frame, ts_ns)
                self._lose(side, min(cut_end, end) - direction.offset, frame, ts_ns)
            elif hold is not None and (
                hold.bytes > limits.held_bytes or hold.segments > limits.held_segments
            ):
                _, frame, ts_ns = hold.islands[0].marks[0]
                self._lose(side, end - direction.offset, frame, ts_ns)
            else:
                break
        if direction.fin is not None and direction.fin[0] <= direction.offset:
            self._tell_fin(side)
        if direction.behind_hole is None:
            direction.doom = None
            cuts.clear()

    def _tell_fin(self, side: int) -> None:
        direction = self.directions[side]
        if direction.fin is not None and not direction.fin_told:
            direction.fin_told = True
            self.finished = self.directions[side ^ 1].fin_told
            _, frame, ts_ns = direction.fin
            self.consumer.end(side, "fin", frame, ts_ns)

    def _give_up_hole(self, side: int, end: int, frame: int, ts_ns: int) -> None:
        length = end - self.directions[side].offset
        if length > 0:
            self._lose(side, length, frame, ts_ns)
        self._go_on(side)

    def _deliver(self, side: int, data: bytes, frame: int, ts_ns: int) -> None:
        direction = self.directions[side]
        offset, skip = direction.offset, direction.skip
        direction.advance(len(data))
        if skip:
            if skip > len(data):
                direction.skip = skip - len(data)
                return
            data = data[skip:]
            offset += skip
        if data:
            self.pool.remember(direction.memory, [(offset, data)])
        direction.skip = self._wanted(self.consumer.deliver(side, offset, data, frame, ts_ns))

    def _lose(self, side: int, length: int, frame: int, ts_ns: int) -> None:
        direction = self.directions[side]
        self.pool.account.tcp_bytes_missing += length
        offset, skip = direction.offset, direction.skip
        direction.advance(length)
        if skip >= length:
            direction.skip = skip - length
            return
        told = self.consumer.lost(side, offset + skip, length - skip, frame, ts_ns)
        direction.skip = self._wanted(told)

    @staticmethod
    def _wanted(answer: int) -> int:
        if answer < 0:
            raise StreamIgnoredError
        return answer

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

    def _acknowledged(self, side: int, segment: Segment) -> None:
        """The other side acknowledges: from now on a hole below is doomed."""
        direction = self.directions[side]
        behind = direction.behind_hole
        if behind is None or direction.doom is not None:
            return
        acked = direction.offset + direction.ahead(segment.ack)
        if acked >= behind[0]:
            direction.doom = Doom(acked, self.packets, segment.now)

    def _reset(self, side: int, segment: Segment) -> None:
        direction = self.directions[side]
        if not direction.reset:
            direction.reset = self.reset = True
            self.give_up()
            self.consumer.end(side, "rst", segment.frame, segment.ts_ns)

    def _stray(self, side: int, segment: Segment) -> None:
        if not segment.size:
            return
        previous = [stray for by, stray in self.strays if by == side]
        if previous and (previous[-1].seq + previous[-1].size) & MODULUS != segment.seq:
            self.strays = []
        self.strays.append((side, segment))
        if len(self.strays) >= STRAYS:
            raise StreamReusedError
