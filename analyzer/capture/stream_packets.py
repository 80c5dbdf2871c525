"""The packets of one stream in a block: run by run, and packet by packet where that is not enough."""

from __future__ import annotations

from bisect import bisect_left

from analyzer.capture.delivery import Segment, Start, StreamIgnoredError, StreamReusedError
from analyzer.capture.direction import MODULUS
from analyzer.capture.following import Following
from analyzer.capture.heads import Heads
from analyzer.capture.model import Stream
from analyzer.capture.pool import Pool
from analyzer.capture.proofs import Proofs
from analyzer.capture.reassembly import TcpStream
from analyzer.capture.runs import BlockRuns
from analyzer.capture.streams import ACK, FIN, FOLLOWED, IGNORED, PSH, RST, SYN, SYN_BY, StreamTable
from analyzer.capture.whole_stream import Packets, tell_whole

Captured = tuple[int, Segment]
"""A packet and the endpoint, 0 or 1, that sent it."""


class StreamPackets:
    """Feeds one stream after the other with its packets of a block."""

    def __init__(
        self,
        pool: Pool,
        table: StreamTable,
        following: Following,
        proofs: Proofs,
        reopen: Heads | None,
    ) -> None:
        self.opened_by: dict[int, int] = {}  # stream -> row of this block that shows bytes first
        self._pool = pool
        self._table = table
        self._following = following
        self._proofs = proofs
        self._reopen = reopen

    def plain(self, block: BlockRuns, group: int, stream: Stream, client: int) -> None:
        """Take a stream that opens in this block, goes on, and has nothing odd in it."""
        following = self._following
        run, stop = block.run_begin[group], block.run_begin[group + 1]
        start: Start = "captured" if stream.started_before else "syn"
        flow = following.ask(stream, client, start, block.frame[block.first[run]])
        if flow is None:
            self._packets(block, block.streams[group], None, [], block.row[block.first[run]] + 1)
            return
        try:
            flow.take_runs(block, run, stop)
            following.settle(flow)
        except StreamIgnoredError:
            following.ignore(flow)
            self._packets(block, block.streams[group], None, [], block.at + 1)

    def whole(self, block: BlockRuns, stream_id: int, stream: Stream, packets: Packets) -> None:
        """Take such a stream that ends in this block as well; it counts as closed already."""
        consumer, at = self._following.consumer_of(stream), packets[0][-1]
        if consumer is not None:
            ignored = tell_whole(packets, consumer, block.buffer)
            if ignored is None:
                return
            at = ignored
        self._table.state[stream_id] = IGNORED
        self._packets(block, stream_id, None, [], at + 1)

    def take(self, block: BlockRuns, group: int, stream_id: int) -> None:
        """Take a stream run by run, packet by packet where that is not enough."""
        flow = self._following.get(stream_id)
        run, stop = (block.run_begin[group], block.run_begin[group + 1]) if group >= 0 else (0, 0)
        at = 0
        if flow is None and self._table.state[stream_id] == FOLLOWED:
            row = self.opened_by[stream_id]
            while block.row[block.first[run]] != row:
                run += 1  # FIN or RST, and nothing was sent before
            flow = self._ask(block, stream_id, row, None)
            at = row + 1
        replay: list[Captured] = []
        if flow is not None:
            try:
                self._take_runs(block, run, stop, flow)
                self._following.settle(flow)
            except StreamIgnoredError:
                self._following.ignore(flow)
                flow = None
            except StreamReusedError:
                flow, replay = self._next_connection(block, flow)
            else:
                return
            at = block.at + 1
        self._packets(block, stream_id, flow, replay, at)

    def _packets(
        self,
        block: BlockRuns,
        stream_id: int,
        flow: TcpStream | None,
        replay: list[Captured],
        at: int,
    ) -> None:
        """Take a stream from row `at` on packet by packet, to one consumer after the other."""
        while True:
            if flow is None:
                found = self._next_wanted(block, stream_id, at)
                if found is None:
                    return
                at = found
                flow = self._ask(block, stream_id, at, "resumed")
                if flow is None:
                    at += 1
                    continue
            try:
                for sender, segment in replay:
                    self._take(flow, sender, segment)
                self._take_packets(block, flow, at)
                self._following.settle(flow)
            except StreamIgnoredError:
                self._following.ignore(flow)
                flow, replay = None, []
            except StreamReusedError:
                flow, replay = self._next_connection(block, flow)
            else:
                return
            at = block.at + 1

    def _next_connection(
        self, block: BlockRuns, flow: TcpStream
    ) -> tuple[TcpStream | None, list[Captured]]:
        """End a stream whose 4-tuple is used anew; what follows it, with the first packets of that."""
        replay = [(side ^ flow.client, segment) for side, segment in flow.strays]
        first = replay[0][1]
        flow.own_numbers = False  # what was acknowledged of late may be of the new connection
        self._following.end(flow, "reused", first.frame, first.ts_ns)
        following = self._ask(block, flow.stream_id, block.at, "captured")
        if following is not None:
            following.own_numbers = False
        return following, replay

    def _ask(
        self, block: BlockRuns, stream_id: int, row: int, start: Start | None
    ) -> TcpStream | None:
        """Find out who wants the stream of packet `row`, seen for the first time if `start` is None."""
        syns = 0
        flags, this = block.index.tcp_flags, 0
        for each, sender in zip(*block.all_of(stream_id), strict=True):
            if each > row:
                break
            this = sender
            told = flags.item(each)
            if told & SYN:
                syns |= SYN_BY[sender ^ (told & ACK != 0)]
        return self._following.open(stream_id, block.index, row, this, syns, start)

    def _next_wanted(self, block: BlockRuns, stream_id: int, at: int) -> int | None:
        """Find the packet of an ignored stream that a new consumer should see, from row `at` on."""
        table = self._table
        if (
            self._reopen is None
            or table.state[stream_id] != IGNORED
            or table.reopened[stream_id] >= self._pool.limits.reopened
        ):
            return None
        if block.wanted is None:
            block.wanted = block.promising(self._reopen)
        rows = block.wanted.get(stream_id, [])
        which = bisect_left(rows, at)
        return rows[which] if which < len(rows) else None

    def _take_runs(self, block: BlockRuns, run: int, last_run: int, flow: TcpStream) -> None:
        bounds, senders, directions = block.first, block.run_sender, flow.directions
        acks = block.run_ack
        if flow.waiting:
            stop = block.row[bounds[run]] if run < last_run else None
            self._take_packets(block, flow, 0, stop)
        while run < last_run and not flow.finished:
            first = bounds[run]
            side = senders[run] ^ flow.client
            direction = directions[side]
            odd, seq = block.run_odd[run], block.run_seq[run]
            if direction.next_seq is None and not odd:
                flags, size = int(block.active.flags[first]), int(block.active.size[first])
                self._begin(flow, side, seq, flags, size, block.frame[first])
            ack, other = acks[run], directions[side ^ 1]
            run += 1
            if (
                odd
                or flow.waiting
                or flow.reset
                or seq != direction.next_seq
                or (
                    ack != other.next_seq
                    and self._proofs.unseen(flow, side ^ 1, ack, block.frame[first])
                )
            ):
                stop = block.row[bounds[run]] if run < last_run else None
                self._take_packets(block, flow, block.row[first], stop)
            else:
                flow.take_runs(block, run - 1, run)

    def _take_packets(
        self, block: BlockRuns, flow: TcpStream, at: int, stop: int | None = None
    ) -> None:
        """Take packets one by one, from row `at` to before row `stop`.

        Bare ACKs matter only while there is a hole.
        """
        index = block.index
        rows, senders = block.all_of(flow.stream_id)
        first = bisect_left(rows, at)
        last = len(rows) if stop is None else bisect_left(rows, stop, first)
        for packet in range(first, last):
            row = rows[packet]
            flags, size = index.tcp_flags.item(row), index.payload_wire_len.item(row)
            active = size or flags & (FIN | RST)
            if not active and not flow.waiting:
                continue
            now = block.now[row]
            if flow.waiting:
                block.at = row - 1  # what is told here was due before this packet
                flow.give_up_doomed(now)
                if flow.finished:
                    return
            block.at = row
            data = index.payload(row) if size else b""
            frame, ts_ns = index.frame.item(row), index.ts_ns.item(row)
            seq, ack = index.tcp_seq.item(row), index.tcp_ack.item(row)
            segment = Segment(seq, ack, flags, data, size, frame, ts_ns, now)
            if active:
                if self._following.is_over(flow, now):
                    flow.finished = True
                    return
                if flags & RST and not flow.aborted:
                    self._proofs.note_until(block, flow, packet)
                flow.last_frame, flow.last_ts_ns, flow.last_ns = frame, ts_ns, now
            self._take(flow, senders[packet], segment)
            if flow.finished:
                return

    def _take(self, flow: TcpStream, sender: int, segment: Segment) -> None:
        side, flags = sender ^ flow.client, segment.flags
        begins = segment.size or flags & FIN or (flags & RST and flow.start == "syn")
        if begins and flow.directions[side].next_seq is None:
            self._begin(flow, side, segment.seq, flags, segment.size, segment.frame)
        if flags & ACK and (segment.size or flags & (FIN | RST)):
            self._proofs.unseen(flow, side ^ 1, segment.ack, segment.frame)
        flow.take(side, segment)
        if flow.waiting:
            flow.give_up_doomed(segment.now)
        if self._pool.held > self._pool.limits.held_overall:
            self._following.relieve(flow)

    def _begin(
        self, flow: TcpStream, side: int, seq: int, flags: int, size: int, frame: int
    ) -> None:
        """Prepare for the first packet of a direction."""
        before = 1 if flags & SYN else 0
        if flow.start == "captured" and size == 1 and not flags & PSH:
            before = 1  # a keep-alive of an idle connection: its byte is no data
        base = self._table.base_at(flow.stream_id, side ^ flow.client, frame)
        flow.begin(side, (seq + before) & MODULUS, base)
        self._proofs.begun(flow, side, frame)
