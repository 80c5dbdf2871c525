"""Cuts the followed TCP packets of a block into runs: one stream, one direction, in sequence.

The packets are ordered by stream, then as captured. *Active* packets, those with payload, FIN or RST,
make up the runs; bare ACKs between them do not end a run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.model import PacketIndex
from analyzer.capture.streams import FIN, RST, SYN


class BlockRuns:
    """The packets `rows` of a block, which belong to the streams `ids`, cut into runs.

    Groups are the streams, in order of their numbers. Group g holds the packets from `begin[g]` to
    before `begin[g + 1]` and the runs from `run_begin[g]` to before `run_begin[g + 1]`. Run r holds
    the active packets from `first[r]` to before `first[r + 1]`; active packet i is packet `packet[i]`.
    """

    def __init__(
        self,
        index: PacketIndex,
        rows: NDArray[np.intp],
        ids: NDArray[np.intp],
        senders: NDArray[np.intp],
        scratch: NDArray[np.int32],
        *,
        now: NDArray[np.int64],
    ) -> None:
        streams, rank = _ranks(ids, scratch)
        order = np.argsort(rank, kind="stable")  # linear: 16 bits
        rank, rows, sender = rank[order], rows[order], senders[order]
        bounds = np.searchsorted(rank, np.arange(len(streams) + 1))
        flags, size = index.tcp_flags[rows], index.payload_wire_len[rows]
        self.index = index
        self._buffer = index.buffer
        self.seq = index.tcp_seq.data
        self.ack = index.tcp_ack.data
        self.flags = index.tcp_flags.data
        self.size = index.payload_wire_len.data
        self.now = now.data
        self.wanted: list[int] | None = None
        """Packets whose heads would open their stream again; None until somebody asks."""
        self.at = 0
        """Packet with which a consumer had enough, or at which the 4-tuple turned out to be reused."""
        self.streams: list[int] = streams.tolist()
        self.begin: list[int] = bounds.tolist()
        self.rows = rows.data
        self.sender = sender.data
        self.syns: list[int] = np.flatnonzero(flags & SYN).tolist()

        active = np.flatnonzero((size != 0) | ((flags & (FIN | RST)) != 0))
        rank, rows, sender = rank[active], rows[active], sender[active]
        flags, size = flags[active], size[active]
        seq = index.tcp_seq[rows]
        total = np.zeros(len(active) + 1, np.int64)
        np.cumsum(size, out=total[1:])
        # of active packets nearly all is read, and lists are read fastest
        self.packet: list[int] = active.tolist()
        self.total: list[int] = total.tolist()
        """Payload bytes before each active packet, and of all."""
        self.frame: list[int] = index.frame[rows].tolist()
        self.ts_ns: list[int] = index.ts_ns[rows].tolist()
        self.time: list[int] = now[rows].tolist()
        """Latest time of the capture at each active packet."""
        self._active_rows = rows.data
        self._offset: list[int] = index.payload_offset[rows].tolist()

        odd = (index.payload_len[rows] < size) | ((flags & (SYN | RST)) != 0)
        fin = (flags & FIN) != 0
        starts = _gaps(rank, sender, seq, size) | odd
        starts[:1] = True
        starts[1:] |= (rank[1:] != rank[:-1]) | (sender[1:] != sender[:-1]) | odd[:-1] | fin[:-1]
        first = np.flatnonzero(starts)
        last = np.append(first[1:], len(active))[: len(first)]
        self.first: list[int] = last.tolist()
        self.first.insert(0, 0)
        self.run_begin: list[int] = np.searchsorted(first, np.searchsorted(active, bounds)).tolist()
        self.run_sender: list[int] = sender[first].tolist()
        self.run_seq: list[int] = seq[first].tolist()
        self.run_odd: list[bool] = odd[first].tolist()
        """Runs of one packet that needs a closer look: SYN with payload, RST, or cut by snaplen."""
        self.run_fin: list[bool] = fin[last - 1].tolist()

    def payload(self, active: int, read: int = 0) -> bytes:
        """Captured payload of an active packet that is not cut, without its first `read` bytes."""
        start = self._offset[active]
        if start < 0:
            return self.index.extra[self._active_rows[active]][read:]
        total = self.total
        return self._buffer[start + read : start + total[active + 1] - total[active]]


def _ranks(
    ids: NDArray[np.intp], scratch: NDArray[np.int32]
) -> tuple[NDArray[np.intp], NDArray[np.unsignedinteger]]:
    """Distinct stream numbers, sorted, and the place of each packet's stream among them."""
    places = np.arange(len(ids), dtype=np.int32)
    scratch[ids] = places
    streams = np.sort(ids[scratch[ids] == places])  # one packet of each stream, whichever
    scratch[streams] = np.arange(len(streams), dtype=np.int32)
    narrow = len(streams) <= np.iinfo(np.uint16).max
    return streams, scratch[ids].astype(np.uint16 if narrow else np.uint32)


def _gaps(
    rank: NDArray[np.unsignedinteger],
    sender: NDArray[np.intp],
    seq: NDArray[np.uint32],
    size: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Tell which packets do not begin where the one before them in their direction ended."""
    gaps = np.zeros(len(seq), np.bool_)
    after = seq + size.astype(np.uint32)
    for side in (0, 1):
        mine = np.flatnonzero(sender == side)
        later, earlier = mine[1:], mine[:-1]
        gaps[later] = (seq[later] != after[earlier]) & (rank[later] == rank[earlier])
    return gaps
