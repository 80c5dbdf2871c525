"""What a followed stream tells its consumer, and whole runs of packets that have nothing odd in them."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Literal

from analyzer.capture.direction import MODULUS, Direction
from analyzer.capture.model import Consumer
from analyzer.capture.pool import SEGMENT_COST, Piece, Pool
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from analyzer.capture.runs import BlockRuns

Start = Literal["syn", "captured", "resumed"]
"""Which byte has offset 0: the one after the SYN, or the first captured; `resumed` streams count on."""


class StreamIgnoredError(Exception):
    """The consumer answered IGNORE."""


class StreamReusedError(Exception):
    """The packets of another connection have taken the 4-tuple over; `Delivery.strays` holds the first."""


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


class Delivery:
    """A stream that is followed: its consumer and its two directions, the client's first."""

    __slots__ = (
        "aborted", "client", "consumer", "directions", "finished", "last_frame", "last_ns", "last_ts_ns",
        "own_numbers", "packets", "pool", "reset", "since", "start", "strays", "stream_id", "waiting",
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
        self.since = 0  # frame from which on it is followed
        self.own_numbers = True  # what is known of its first numbers is not another connection's
        self.waiting = False  # there is a hole
        self.reset = False  # one side has aborted the connection
        self.aborted = False  # a RST came, though it may wait, or count for nothing in the end
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

    def take_runs(self, block: BlockRuns, run: int, stop: int) -> None:
        """Deliver the runs from `run` to before `stop`, which are next and have no hole.

        What the consumer skips is jumped over, whatever the number of packets.
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
                if self.start != "syn":
                    direction.since = frames[index]
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
                if data:
                    told.append((at + shift, data))
                at = after
                index += 1
            direction.skip = skip
            direction.heard_ns = times[last - 1]
            if told:
                self.pool.remember(direction, told)
                told = []
            index = last - 1
            if fins[run]:
                if direction.fin is None:
                    direction.fin = (direction.offset, frames[index], times[index], 0)
                self._tell_fin(side)
            run += 1
        row = block.row[index]
        self.last_frame, self.last_ts_ns, self.last_ns = frames[index], times[index], block.now[row]

    # -- what is told ----------------------------------------------------------------------------------

    def _tell_fin(self, side: int) -> None:
        direction = self.directions[side]
        if direction.fin is not None and not direction.fin_told:
            direction.fin_told = True
            self.finished = self.directions[side ^ 1].fin_told
            _, frame, ts_ns, _ = direction.fin
            self.consumer.end(side, "fin", frame, ts_ns)

    def _deliver(self, side: int, data: bytes, frame: int, ts_ns: int) -> None:
        direction = self.directions[side]
        offset, skip = direction.offset, direction.skip
        direction.advance(len(data))
        direction.heard_ns = ts_ns
        if skip:
            if skip > len(data):
                direction.skip = skip - len(data)
                return
            data = data[skip:]
            offset += skip
        if data:
            self.pool.remember(direction, [(offset, data)])
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

    def release(self) -> None:
        """Free what is held; nothing is delivered any more."""
        for direction in self.directions:
            if direction.hold is not None:
                self.pool.held -= direction.hold.bytes + SEGMENT_COST * direction.hold.segments
                direction.hold = None
