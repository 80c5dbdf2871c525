"""Cuts the active TCP packets of a block into runs: one stream, one direction, in sequence.

*Active* packets are those with payload, FIN or RST. They are ordered by stream, then as captured; bare
ACKs between them do not end a run. Within a run no packet acknowledges less than one before it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.heads import Heads, payload_heads
from analyzer.capture.model import PacketIndex
from analyzer.capture.streams import ACK, FIN, RST, SYN, beyond
from dissectors.records import NamedTuple

Flags = NDArray[np.bool_]

_FEW = 5
"""Streams from which on it pays to find the packets of all at once."""
_DENSE = 64
"""Streams per packet up to which it pays to mark those that are there instead of sorting their numbers."""


class Followed(NamedTuple):
    """The TCP packets of a block: rows of the index, stream numbers, senders."""

    rows: NDArray[np.intp]
    ids: NDArray[np.intp]
    senders: NDArray[np.intp]


class Active(NamedTuple):
    """Columns of the active packets."""

    rank: NDArray[np.unsignedinteger]  # place of the stream among the block's
    row: NDArray[np.intp]  # in the index
    sender: NDArray[np.intp]
    flags: NDArray[np.uint8]
    size: NDArray[np.int64]  # payload bytes on the wire
    seq: NDArray[np.uint32]
    ack: NDArray[np.uint32]
    offset: NDArray[np.int64]  # of the payload in the buffer


class Directions(NamedTuple):
    """The same packets ordered by direction: those of a stream's endpoint 0, then of its endpoint 1."""

    order: NDArray[np.intp]  # of the active packets
    first: NDArray[np.intp]  # where in `order` each direction begins
    key: NDArray[np.intp]  # of each direction: twice the stream's rank, plus the endpoint


class BlockRuns:
    """The active packets `chosen` of all `packets`; `cut` cuts them into runs.

    Groups are the streams, in order of their numbers. Group g holds the runs from `run_begin[g]` to
    before `run_begin[g + 1]`. Run r holds the active packets from `first[r]` to before `end[r]`; active
    packet i is row `row[i]` of the index.
    """

    def __init__(
        self,
        index: PacketIndex,
        packets: Followed,
        chosen: NDArray[np.intp],
        scratch: NDArray[np.int32],
        *,
        now: NDArray[np.int64],
    ) -> None:
        self.index = index
        self.buffer = index.buffer
        self.packets = packets
        self.now = now.data
        self.wanted: dict[int, list[int]] | None = None
        """Stream -> rows whose heads would open it again; None until somebody asks."""
        self.at = 0
        """Row with which a consumer had enough, or at which the 4-tuple turned out to be reused."""
        self._gathered: dict[int, tuple[list[int], list[int]]] = {}
        ids = packets.ids[chosen]
        self.ids, rank = _ranks(ids, scratch)
        order = np.argsort(rank, kind="stable")  # linear: 16 bits
        rank, chosen = rank[order], chosen[order]
        rows, sender = packets.rows[chosen], packets.senders[chosen]
        flags, size = index.tcp_flags[rows], index.payload_wire_len[rows]
        seq, ack, offset = index.tcp_seq[rows], index.tcp_ack[rows], index.payload_offset[rows]
        self.active = active = Active(rank, rows, sender, flags, size, seq, ack, offset)
        total = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(size, out=total[1:])
        # Views, read one by one: of bulk that is skipped nearly nothing is.
        self.row = rows.data
        self.total = total.data
        """Payload bytes before each active packet, and of all."""
        self.frame = index.frame[rows].data
        self.ts_ns = index.ts_ns[rows].data
        self.offset = offset.data

        self.odd = (index.payload_len[rows] < size) | ((flags & (SYN | RST | ACK)) != ACK)
        self.fin = fin = (flags & FIN) != 0
        self.directions, self.gaps = _directions(active)
        ends = np.logical_or.reduceat(fin[self.directions.order], self.directions.first)
        ended = self.directions.key[ends] >> 1 if len(ends) else ends.nonzero()[0]
        self.closed = np.bincount(ended, minlength=len(self.ids)) == 2
        """Groups of which both sides tell FIN."""
        self._turns = np.ones(len(rows), np.bool_)  # where another stream or side speaks
        self._turns[1:] = (rank[1:] != rank[:-1]) | (sender[1:] != sender[:-1])
        self.streams = self.ids.data
        self._wanted = np.ones(len(self.ids), np.bool_)  # groups that somebody may want
        self.first: list[int] = []
        self.end: list[int] = []
        self.run_begin: memoryview = self.ids.data
        self.run_sender: list[int] = []
        self.run_seq: list[int] = []
        self.run_ack: list[int] = []
        """The farthest that each acknowledges."""
        self.run_odd: list[bool] = []
        """Runs of one packet that needs a closer look: SYN with payload, RST, no ACK, or cut by snaplen."""
        self.run_fin: list[bool] = []

    def cut(self, without: NDArray[np.intp], whole: NDArray[np.intp]) -> None:
        """Cut the packets into runs; there are none of groups `without`, nor of those told as a `whole`."""
        active, odd, fin = self.active, self.odd, self.fin
        rank, sender = active.rank, active.sender
        starts = self.gaps | odd | self._turns
        starts[1:] |= odd[:-1] | fin[:-1]
        starts[1:] |= beyond(active.ack[:-1], active.ack[1:])
        first = np.flatnonzero(starts)
        end = np.append(first[1:], len(rank))[: len(first)]
        self._wanted[without] = False
        runs = self._wanted.copy()
        runs[whole] = False
        if not runs.all():
            kept = runs[rank[first]]
            first, end = first[kept], end[kept]
        self.first, self.end = first.tolist(), end.tolist()
        self.run_begin = np.searchsorted(rank[first], np.arange(len(self.ids) + 1)).data
        self.run_sender, self.run_seq = sender[first].tolist(), active.seq[first].tolist()
        self.run_ack = active.ack[end - 1].tolist()
        self.run_odd, self.run_fin = odd[first].tolist(), fin[end - 1].tolist()

    def unseen(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Active packets that acknowledge more than the other side has sent in this block so far.

        Where it has sent nothing yet in this block it is not for the block to tell: those are the second.
        A packet that acknowledges what the one before it does is left out of both.
        """
        active, turns = self.active, self._turns
        rank, ack = active.rank, active.ack
        if not len(rank):
            return turns.nonzero()[0], turns.nonzero()[0]
        end = active.seq + active.size.astype(np.uint32)
        end += self.fin
        begins = np.ones(len(rank), np.bool_)
        begins[1:] = rank[1:] != rank[:-1]
        ahead = beyond(ack[1:], end[:-1])
        ahead &= turns[1:] & ~begins[1:]
        more = np.flatnonzero((ack[1:] != ack[:-1]) & ~turns[1:]) + 1
        turn = np.flatnonzero(turns)
        start = turn[
            np.searchsorted(turn, more, side="right") - 1
        ]  # where that side began to speak
        first = begins[start]
        told = more[~first]
        told = told[beyond(ack[told], end[start[~first] - 1])]
        return (
            np.concatenate((np.flatnonzero(ahead) + 1, told)),
            np.concatenate((np.flatnonzero(begins), more[first])),
        )

    def payload(self, active: int, read: int = 0) -> bytes:
        """Captured payload of an active packet that is not cut, without its first `read` bytes."""
        start = self.offset[active]
        if start < 0:
            return self.index.extra[self.row[active]][read:]
        total = self.total
        return self.buffer[start + read : start + total[active + 1] - total[active]]

    def gather(self, streams: list[int]) -> None:
        """Find all packets of some streams at once, before each is asked for; for few it does not pay."""
        if len(streams) < _FEW:
            return
        ids = self.packets.ids
        there = np.zeros(max(int(ids.max()), *streams) + 1, np.bool_)
        there[streams] = True
        some = np.flatnonzero(there[ids])
        some = some[np.argsort(ids[some], kind="stable")]
        rows, senders = self.packets.rows[some].tolist(), self.packets.senders[some].tolist()
        found, first = np.unique(ids[some], return_index=True)
        bounds = zip(found.tolist(), first.tolist(), [*first[1:].tolist(), len(some)], strict=True)
        self._gathered = {each: (rows[at:end], senders[at:end]) for each, at, end in bounds}

    def all_of(self, stream_id: int) -> tuple[list[int], list[int]]:
        """Rows and senders of all packets of a stream, bare ACKs too."""
        found = self._gathered.get(stream_id)
        if found is None:
            packets = self.packets
            mine = np.flatnonzero(packets.ids == stream_id)
            found = packets.rows[mine].tolist(), packets.senders[mine].tolist()
            self._gathered[stream_id] = found
        return found

    def promising(self, reopen: Heads) -> dict[int, list[int]]:
        """Rows whose heads promise something, stream by stream, of those that somebody may want."""
        active = self.active
        full = np.flatnonzero(self._wanted[active.rank] & (active.size > 0))
        full = full[self.index.payload_len[active.row[full]] > 0]
        full = full[reopen(payload_heads(self.index, active.row[full]))]
        found: dict[int, list[int]] = {}
        for rank, row in zip(active.rank[full].tolist(), active.row[full].tolist(), strict=True):
            found.setdefault(self.streams[rank], []).append(row)
        return found


def _ranks(
    ids: NDArray[np.intp], scratch: NDArray[np.int32]
) -> tuple[NDArray[np.intp], NDArray[np.unsignedinteger]]:
    """Distinct stream numbers, sorted, and the place of each packet's stream among them."""
    span = int(ids.max()) + 1 if len(ids) else 0
    if span <= _DENSE * len(ids):
        there = np.zeros(span, np.bool_)
        there[ids] = True
        streams = np.flatnonzero(there)
    else:
        places = np.arange(len(ids), dtype=np.int32)
        scratch[ids] = places
        streams = np.sort(ids[scratch[ids] == places])  # one packet of each stream, whichever
    scratch[streams] = np.arange(len(streams), dtype=np.int32)
    narrow = 2 * len(streams) <= np.iinfo(np.uint16).max  # twice that is the key of a direction
    return streams, scratch[ids].astype(np.uint16 if narrow else np.uint32)


def _directions(active: Active) -> tuple[Directions, Flags]:
    """Order by direction; tell which packets do not begin where the one before them ended."""
    rank, sender = active.rank, active.sender
    key = rank * rank.dtype.type(2)
    key += sender.astype(rank.dtype)
    order = np.argsort(key, kind="stable")
    key, seq = key[order], active.seq[order]
    after = seq + active.size[order].astype(np.uint32)
    gaps = np.zeros(len(order), np.bool_)
    other = np.ones(len(order), np.bool_)
    np.not_equal(key[1:], key[:-1], out=other[1:])
    gaps[order[1:]] = (seq[1:] != after[:-1]) & ~other[1:]
    first = np.flatnonzero(other)
    return Directions(order, first, key[first].astype(np.intp)), gaps
