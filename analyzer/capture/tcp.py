"""The TCP half of the stream engine: takes the packets of a block to the consumers of their streams."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.direction import MODULUS
from analyzer.capture.following import Following
from analyzer.capture.heads import Heads, payload_heads
from analyzer.capture.model import OpenStream, PacketIndex
from analyzer.capture.pool import Pool
from analyzer.capture.reassembly import (
    Segment,
    Start,
    StreamIgnoredError,
    StreamReusedError,
    TcpStream,
)
from analyzer.capture.runs import BlockRuns
from analyzer.capture.streams import (
    ACK,
    CLOSED,
    FIN,
    FOLLOWED,
    IGNORED,
    PSH,
    RST,
    SILENT,
    SYN,
    SYN_BY,
    Packets,
    Segments,
    StreamTable,
)


class TcpEngine:
    """Numbers the TCP streams and feeds those that are followed."""

    def __init__(self, pool: Pool, open_stream: OpenStream, reopen: Heads | None) -> None:
        self._pool = pool
        self._reopen = reopen
        self._table = StreamTable()
        self.following = Following(pool, self._table, open_stream)
        self._opened_by: dict[int, int] = {}  # stream -> row of this block that shows bytes first

    def feed(
        self,
        index: PacketIndex,
        rows: NDArray[np.intp],
        packets: Packets,
        now: NDArray[np.int64],
    ) -> None:
        """Take the TCP packets `rows` of a block; `now` is the latest time up to each of its packets."""
        table = self._table
        segments = Segments(index.tcp_seq[rows], index.tcp_ack[rows], index.tcp_flags[rows])
        before = table.count
        ids, ended = table.number_tcp(packets, segments)
        self._pool.account.streams += table.count - before
        opens = self._opening(ids, packets, segments, index.payload_wire_len[rows])
        streams, first = np.unique(ids[opens], return_index=True)
        table.state[streams] = FOLLOWED
        self._opened_by = dict(zip(streams.tolist(), rows[opens[first]].tolist(), strict=True))
        wanted = table.state[ids] == FOLLOWED
        if self._reopen is not None:
            wanted |= self._wanted_again(index, rows, ids)
        chosen = np.flatnonzero(wanted)
        if len(chosen):
            block = BlockRuns(
                index, rows[chosen], ids[chosen], packets.sender[chosen], table.scratch, now=now
            )
            waiting = self.following.waiting
            for group, stream_id in enumerate(block.streams):
                if block.run_begin[group] != block.run_begin[group + 1] or stream_id in waiting:
                    self._stream(block, group, stream_id)
        table.learn_syns(ids, packets.sender, segments)
        for row, former in ended:
            flow = self.following.get(former)
            if flow is not None:
                frame, ts_ns = int(packets.frame[row]), int(packets.ts_ns[row])
                self.following.reused(flow, frame, ts_ns, int(now[rows[row]]))
            table.state[former] = CLOSED

    def _opening(
        self,
        ids: NDArray[np.intp],
        packets: Packets,
        segments: Segments,
        size: NDArray[np.int64],
    ) -> NDArray[np.intp]:
        """Find the packets that show that bytes were sent in a stream that nobody was asked about.

        They have payload, or are a FIN that came before it. What a RST carries is no part of it.
        """
        flags = segments.flags
        may = np.flatnonzero(((size > 0) | ((flags & FIN) != 0)) & ((flags & RST) == 0))
        may = may[self._table.state[ids[may]] == SILENT]
        bare = np.flatnonzero(size[may] == 0)
        early = self._table.skips_bytes(ids, packets, segments, may[bare])
        return np.delete(may, bare[~early])

    def _wanted_again(
        self, index: PacketIndex, rows: NDArray[np.intp], ids: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Tell which packets are of an ignored stream that may get a new consumer in this block."""
        assert self._reopen is not None
        table = self._table
        ignored = np.flatnonzero((table.state[ids] == IGNORED) & (index.payload_len[rows] > 0))
        ignored = ignored[table.reopened[ids[ignored]] < self._pool.limits.reopened]
        hits = ignored[self._reopen(payload_heads(index, rows[ignored]))]
        if not len(hits):
            return np.zeros(len(ids), np.bool_)
        return np.isin(ids, ids[hits])

    # -- the packets of one stream -----------------------------------------------------------------

    def _stream(self, block: BlockRuns, group: int, stream_id: int) -> None:
        following = self.following
        at, end = block.begin[group], block.begin[group + 1]
        flow = following.get(stream_id)
        in_runs = True
        run = block.run_begin[group]
        replay: list[tuple[int, Segment]] = []
        if flow is None and self._table.state[stream_id] == FOLLOWED:
            row = self._opened_by[stream_id]
            while block.rows[block.packet[block.first[run]]] != row:
                run += 1  # FIN or RST, and nothing was sent before
            at = block.packet[block.first[run]]
            flow = self._ask(block, group, at, None)
            at += 1
        while True:
            if flow is None:
                at = self._next_wanted(block, stream_id, at, end)
                if at == end:
                    return
                flow = self._ask(block, group, at, "resumed")
                in_runs = False
                if flow is None:
                    at += 1
                    continue
            try:
                if in_runs:
                    self._take_runs(block, group, run, flow)
                else:
                    for sender, segment in replay:
                        self._take(flow, sender, segment)
                    self._take_packets(block, flow, at, end)
                following.settle(flow)
            except StreamIgnoredError:
                following.ignore(flow)
                flow, replay = None, []
            except StreamReusedError:
                replay = [(side ^ flow.client, segment) for side, segment in flow.strays]
                first = replay[0][1]
                following.end(flow, "reused", first.frame, first.ts_ns)
                flow = self._ask(block, group, block.at, "captured")
            else:
                return
            at, in_runs = block.at + 1, False

    def _ask(self, block: BlockRuns, group: int, at: int, start: Start | None) -> TcpStream | None:
        """Find out who wants the stream of packet `at`, seen for the first time if `start` is None."""
        syns = 0
        for which in range(
            bisect_left(block.syns, block.begin[group]), bisect_left(block.syns, at + 1)
        ):
            packet = block.syns[which]
            answer = block.flags[block.rows[packet]] & ACK != 0
            syns |= SYN_BY[block.sender[packet] ^ answer]
        stream_id, row, sender = block.streams[group], block.rows[at], block.sender[at]
        return self.following.open(stream_id, block.index, row, sender, syns, start)

    def _next_wanted(self, block: BlockRuns, stream_id: int, at: int, end: int) -> int:
        """Find the packet of an ignored stream that a new consumer should see; `end` if there is none."""
        table = self._table
        if (
            self._reopen is None
            or table.state[stream_id] != IGNORED
            or table.reopened[stream_id] >= self._pool.limits.reopened
        ):
            return end
        if block.wanted is None:
            rows = np.asarray(block.rows)
            full = np.flatnonzero(block.index.payload_len[rows] > 0)
            heads = payload_heads(block.index, rows[full])
            block.wanted = full[self._reopen(heads)].tolist()
        which = bisect_left(block.wanted, at)
        return min(block.wanted[which], end) if which < len(block.wanted) else end

    def _take_runs(self, block: BlockRuns, group: int, run: int, flow: TcpStream) -> None:
        last_run, end = block.run_begin[group + 1], block.begin[group + 1]
        if flow.waiting:
            stop = block.packet[block.first[run]] if run < last_run else end
            self._take_packets(block, flow, block.begin[group], stop)
        total, frames, times = block.total, block.frame, block.ts_ns
        bounds, senders, directions = block.first, block.run_sender, flow.directions
        while run < last_run and not flow.finished:
            first, last = bounds[run], bounds[run + 1]
            side = senders[run] ^ flow.client
            direction = directions[side]
            odd, seq, fin = block.run_odd[run], block.run_seq[run], block.run_fin[run]
            if direction.next_seq is None and not odd:
                flags = block.flags[block.rows[block.packet[first]]]
                self._begin(flow, side, seq, flags, total[first + 1] - total[first], frames[first])
            run += 1
            if odd or flow.waiting or flow.reset or seq != direction.next_seq:
                stop = block.packet[last] if run < last_run else end
                self._take_packets(block, flow, block.packet[first], stop)
                continue
            flow.take_run(side, block, first, last)
            last -= 1
            flow.last_frame, flow.last_ts_ns, flow.last_ns = (
                frames[last],
                times[last],
                block.time[last],
            )
            if fin:
                flow.take_fin(side, frames[last], times[last])

    def _take_packets(self, block: BlockRuns, flow: TcpStream, at: int, end: int) -> None:
        """Take packets one by one; bare ACKs matter only while there is a hole."""
        index = block.index
        for packet in range(at, end):
            row = block.rows[packet]
            flags, size = block.flags[row], block.size[row]
            active = size or flags & (FIN | RST)
            if not active and not flow.waiting:
                continue
            now = block.now[row]
            if flow.waiting:
                block.at = packet - 1  # what is told here was due before this packet
                flow.give_up_doomed(now)
                if flow.finished:
                    return
            block.at = packet
            data = index.payload(row) if size else b""
            frame, ts_ns = int(index.frame[row]), int(index.ts_ns[row])
            segment = Segment(block.seq[row], block.ack[row], flags, data, size, frame, ts_ns, now)
            if active:
                if self.following.is_over(flow, now):
                    flow.finished = True
                    return
                flow.last_frame, flow.last_ts_ns, flow.last_ns = frame, ts_ns, now
            self._take(flow, block.sender[packet], segment)
            if flow.finished:
                return

    def _take(self, flow: TcpStream, sender: int, segment: Segment) -> None:
        side = sender ^ flow.client
        if flow.directions[side].next_seq is None and (segment.size or segment.flags & FIN):
            self._begin(flow, side, segment.seq, segment.flags, segment.size, segment.frame)
        flow.take(side, segment)
        if flow.waiting:
            flow.give_up_doomed(segment.now)
        if self._pool.held > self._pool.limits.held_overall:
            self.following.relieve(flow)

    def _begin(
        self, flow: TcpStream, side: int, seq: int, flags: int, size: int, frame: int
    ) -> None:
        """Prepare for the first packet of a direction."""
        before = 1 if flags & SYN else 0
        if flow.start == "captured" and size == 1 and not flags & PSH:
            before = 1  # a keep-alive of an idle connection: its byte is no data
        base = self._table.base_at(flow.stream_id, side ^ flow.client, frame)
        flow.begin(side, (seq + before) & MODULUS, base)
