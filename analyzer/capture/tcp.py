"""The TCP half of the stream engine: takes the packets of a block to the consumers of their streams."""

from __future__ import annotations

from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.following import Following
from analyzer.capture.heads import Heads, payload_heads
from analyzer.capture.model import OpenStream, PacketIndex
from analyzer.capture.openings import Openings
from analyzer.capture.pool import Pool
from analyzer.capture.proofs import Proofs
from analyzer.capture.runs import BlockRuns, Followed
from analyzer.capture.strangers import Strangers
from analyzer.capture.stream_packets import StreamPackets
from analyzer.capture.streams import (
    CLOSED,
    FIN,
    FOLLOWED,
    IGNORED,
    RST,
    SILENT,
    Packets,
    Segments,
    StreamTable,
)
from analyzer.capture.whole_stream import few_packets, packets_of

_CAREFUL, _PLAIN, _WHOLE, _STRANGE = range(4)
"""How a stream of a block is taken: packet by packet with care; in runs, as it opens plainly in this block;
all at once, as it also ends here; or not at all, as no carrier would make anything of it."""
_NOWHERE = -1
"""Place among the openings of a stream that does not open in this block, or not plainly."""


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
        self._packets = StreamPackets(pool, self._table, self.following, self._proofs, reopen)

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
        size = index.payload_wire_len[rows]
        active = np.flatnonzero((size > 0) | ((segments.flags & (FIN | RST)) != 0))
        followed = Followed(rows, ids, packets.sender)
        opens = self._opening(ids, packets, segments, size, active)
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

    def _streams(self, block: BlockRuns, openings: Openings) -> None:
        """Take stream by stream, in order of their numbers."""
        ways, places = self._ways(block, openings)
        strange = ways == _STRANGE
        groups = np.flatnonzero(~strange)
        ways, places = ways[groups], places[groups]
        plain = ways == _PLAIN
        openings.describe(places[plain])
        places[plain] = np.arange(np.count_nonzero(plain))  # now among those described
        ends = np.flatnonzero(plain & (block.closed & few_packets(block))[groups])
        ways[ends] = _WHOLE
        whole = groups[ends]
        self._table.state[block.ids[whole]] = CLOSED
        packets = iter(packets_of(block, whole, openings.client[places[ends]]))
        block.cut(without=np.flatnonzero(strange), whole=whole)
        columns = (groups, block.ids[groups], ways, places)
        visits = list(zip(*(column.tolist() for column in columns), strict=True))
        silent = self._waiting_without_runs(block)
        if silent:
            visits = sorted([*visits, *silent], key=itemgetter(1))
        block.gather(list(self._packets.opened_by))  # who wants them is asked
        taken = self._packets
        for group, stream_id, way, at in visits:
            if way == _CAREFUL:
                taken.take(block, group, stream_id)
            elif way == _WHOLE:
                taken.whole(block, stream_id, openings.stream(at), next(packets))
            else:
                taken.plain(block, group, openings.stream(at), openings.client.item(at))

    def _ways(
        self, block: BlockRuns, openings: Openings
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Of each group how it is taken, plainly at most, and its place among the openings."""
        ways = np.full(len(block.ids), _CAREFUL)
        places = np.full(len(block.ids), _NOWHERE)
        self._packets.opened_by = {}
        if not len(openings.streams):
            return ways, places
        groups = np.searchsorted(block.ids, openings.streams)
        plain = openings.plain(block)
        ways[groups[plain]] = _PLAIN
        places[groups[plain]] = np.flatnonzero(plain)
        rest = openings.streams[~plain].tolist()
        self._packets.opened_by = dict(zip(rest, openings.rows[~plain].tolist(), strict=True))
        if self._strangers is not None:
            strange, closed = self._strangers.among(block, groups[plain])
            ways[strange] = _STRANGE
            self._table.state[block.ids[strange]] = np.where(closed, CLOSED, IGNORED)
        return ways, places

    def _waiting_without_runs(self, block: BlockRuns) -> list[tuple[int, int, int, int]]:
        """Streams with a hole that only acknowledge in this block, as visits without a group."""
        if not self.following.waiting:
            return []
        there = np.array(list(self.following.waiting), np.intp)
        there = there[np.isin(there, block.packets.ids) & ~np.isin(there, block.ids)]
        return [(-1, stream_id, _CAREFUL, _NOWHERE) for stream_id in there.tolist()]
