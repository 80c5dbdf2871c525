"""The TCP half of the stream engine: takes the packets of a block to the consumers of their streams."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.delivery import Segment, Start, StreamIgnoredError, StreamReusedError
from analyzer.capture.direction import MODULUS
from analyzer.capture.following import Following
from analyzer.capture.heads import Heads, payload_heads
from analyzer.capture.model import OpenStream, PacketIndex, Stream
from analyzer.capture.openings import Openings
from analyzer.capture.pool import Pool
from analyzer.capture.proofs import Proofs
from analyzer.capture.reassembly import TcpStream
from analyzer.capture.runs import BlockRuns, Followed
from analyzer.capture.strangers import Strangers
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

_CAREFUL, _STRANGE = -1, -2
"""Instead of the place of a plain stream among those that open in a block."""

Captured = tuple[int, Segment]
"""A packet and the endpoint, 0 or 1, that sent it."""


class TcpEngine:
    """Numbers the TCP streams and feeds those that are followed."""

    def __init__(
        self,
        pool: Pool,
        open_stream: OpenStream,
        reopen: Heads | None,
        strangers: Strangers | None = None,
    ) -> None:
        self._pool = pool
        self._reopen = reopen
        self._strangers = strangers
        self._table = StreamTable()
        self.following = Following(pool, self._table, open_stream)
        self._proofs = Proofs(self._table, self.following)
        self._opened_by: dict[int, int] = {}  # stream -> row of this block that shows bytes first

    @property
    def first_frames(self) -> NDArray[np.int64]:
        """First frame of each conversation, by its number."""
        return self._table.first_frame[: self._table.count].copy()

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
        active = np.flatnonzero(
            (index.payload_wire_len[rows] > 0) | ((segments.flags & (FIN | RST)) != 0)
        )
        followed = Followed(rows, ids, packets.sender)
        opens = self._opening(ids, packets, segments, index.payload_wire_len[rows], active)
        openings = Openings(table, index, followed, opens)
        table.state[openings.streams] = FOLLOWED
        table.sent[openings.streams] = table.base[openings.streams] + np.uint32(1)
        chosen = table.state[ids[active]] == FOLLOWED
        if self._reopen is not None:
            chosen |= self._wanted_again(index, rows[active], ids[active])
        chosen = active[chosen]
        if len(chosen) or self.following.waiting:
            block = BlockRuns(index, followed, chosen, table.scratch, now=now)
            self._streams(block, openings)
            self._proofs.note_sent()
        self._proofs.note(ids, packets, segments)
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
        active: NDArray[np.intp],
    ) -> NDArray[np.intp]:
        """Find the packets that show that bytes were sent in a stream that nobody was asked about.

        They have payload, or are a FIN or RST that came before it. What a RST carries is no part of it.
        """
        may: NDArray[np.intp] = active[self._table.state[ids[active]] == SILENT]
        bare = np.flatnonzero((size[may] == 0) | ((segments.flags[may] & RST) != 0))
        if not len(bare):
            return may
        table, ends = self._table, may[bare]
        early = table.acknowledges_bytes(ids, packets, segments, ends)
        fins = np.flatnonzero((segments.flags[ends] & RST) == 0)
        if len(fins):
            early[fins] |= table.skips_bytes(ids, packets, segments, ends[fins])
        return np.delete(may, bare[~early])

    def _wanted_again(
        self, index: PacketIndex, rows: NDArray[np.intp], ids: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Tell which packets are of an ignored stream that may get a new consumer in this block."""
        assert self._reopen is not None
        table = self._table
        ignored = np.flatnonzero((table.state[ids] == IGNORED) & (index.payload_len[rows] > 0))
        if len(ignored):
            ignored = ignored[table.reopened[ids[ignored]] < self._pool.limits.reopened]
            ignored = ignored[self._reopen(payload_heads(index, rows[ignored]))]
        if not len(ignored):
            return np.zeros(len(ids), np.bool_)
        return np.isin(ids, ids[ignored])

    # -- the packets of one stream -----------------------------------------------------------------

    def _streams(self, block: BlockRuns, openings: Openings) -> None:
        """Take stream by stream, in order of their numbers."""
        places = self._places(block, openings)
        strange = places == _STRANGE
        block.cut(without=np.flatnonzero(strange))
        closed: list[bool] = block.closed.tolist()
        groups = np.flatnonzero(~strange)
        opened = places[groups]
        plain = opened >= 0
        openings.describe(opened[plain])
        opened[plain] = np.arange(np.count_nonzero(plain))
        visits: list[tuple[int, int, int]] = list(
            zip(groups.tolist(), block.ids[groups].tolist(), opened.tolist(), strict=True)
        )
        silent = self._waiting_without_runs(block)
        if silent:
            visits = sorted([*visits, *silent], key=itemgetter(1))
        for group, stream_id, at in visits:
            if at >= 0:
                self._plain(block, group, *openings.stream(at), stays=not closed[group])
            else:
                self._stream(block, group, stream_id)

    def _places(self, block: BlockRuns, openings: Openings) -> NDArray[np.intp]:
        """Sort out which streams may be taken as a whole, and which need not be taken at all."""
        places = np.full(len(block.ids), _CAREFUL)
        self._opened_by = {}
        if not len(openings.streams):
            return places
        groups = np.searchsorted(block.ids, openings.streams)
        plain = openings.plain(block)
        places[groups[plain]] = np.flatnonzero(plain)
        rest = openings.streams[~plain].tolist()
        self._opened_by = dict(zip(rest, openings.rows[~plain].tolist(), strict=True))
        if self._strangers is not None:
            strange, closed = self._strangers.among(block, groups[plain])
            places[strange] = _STRANGE
            self._table.state[block.ids[strange]] = np.where(closed, CLOSED, IGNORED)
        return places

    def _waiting_without_runs(self, block: BlockRuns) -> list[tuple[int, int, int]]:
        """Streams with a hole that only acknowledge in this block, as visits without a group."""
        if not self.following.waiting:
            return []
        there = np.array(list(self.following.waiting), np.intp)
        there = there[np.isin(there, block.packets.ids) & ~np.isin(there, block.ids)]
        return [(-1, stream_id, _CAREFUL) for stream_id in there.tolist()]

    def _plain(
        self, block: BlockRuns, group: int, stream: Stream, client: int, *, stays: bool
    ) -> None:
        """Take a stream that opens in this block and has nothing odd in it; `stays`: it goes on."""
        following = self.following
        run, stop = block.run_begin[group], block.run_begin[group + 1]
        start: Start = "captured" if stream.started_before else "syn"
        flow = following.ask(stream, client, start, block.frame[block.first[run]])
        if flow is None:
            self._packets(block, block.streams[group], None, [], block.row[block.first[run]] + 1)
            return
        try:
            flow.take_runs(block, run, stop, keep=stays)
            following.settle(flow)
        except StreamIgnoredError:
            following.ignore(flow)
            self._packets(block, block.streams[group], None, [], block.at + 1)

    def _stream(self, block: BlockRuns, group: int, stream_id: int) -> None:
        """Take a stream run by run, packet by packet where that is not enough."""
        flow = self.following.get(stream_id)
        run, stop = (block.run_begin[group], block.run_begin[group + 1]) if group >= 0 else (0, 0)
        at = 0
        if flow is None and self._table.state[stream_id] == FOLLOWED:
            row = self._opened_by[stream_id]
            while block.row[block.first[run]] != row:
                run += 1  # FIN or RST, and nothing was sent before
            flow = self._ask(block, stream_id, row, None)
            at = row + 1
        replay: list[Captured] = []
        if flow is not None:
            try:
                self._take_runs(block, run, stop, flow)
                self.following.settle(flow)
            except StreamIgnoredError:
                self.following.ignore(flow)
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
                self.following.settle(flow)
            except StreamIgnoredError:
                self.following.ignore(flow)
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
        self.following.end(flow, "reused", first.frame, first.ts_ns)
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
        return self.following.open(stream_id, block.index, row, this, syns, start)

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
                if self.following.is_over(flow, now):
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
        self._proofs.begun(flow, side, frame)
