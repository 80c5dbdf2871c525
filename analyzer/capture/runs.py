"""Cuts the followed TCP packets of a block into runs: one stream, one direction, in sequence.

The packets are ordered by stream, then as captured. *Active* packets, those with payload, FIN or RST,
make up the runs; bare ACKs between them do not end a run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.model import PacketIndex
from analyzer.capture.reassembly import Segment
from analyzer.capture.streams import FIN, RST, SYN

_RANKS_IN_16_BITS = 1 << 16


class BlockRuns:
    """The packets `rows` of a block, which belong to the streams `ids`, cut into runs.

    Groups are the streams in order of their numbers. Group g holds the packets from `begin[g]` to before
    `begin[g + 1]` and the runs from `run_begin[g]` on. Run r holds the active packets from `first[r]` to
    before `first[r + 1]`; active packet i is packet `packet[i]`.
    """

    def __init__(
        self,
        index: PacketIndex,
        rows: NDArray[np.intp],
        ids: NDArray[np.intp],
        senders: NDArray[np.intp],
        scratch: NDArray[np.int32],
    ) -> None:
        self._index = index
        self._buffer = index.buffer
        self.stopped_at = 0
        """Active packet with which the consumer had enough; set when a run is broken off."""
        streams, rank = _ranks(ids, scratch)
        order = np.argsort(rank, kind="stable")  # 16 bits: linear
        rank = rank[order]
        rows = rows[order]
        self.rows = rows
        self.streams: list[int] = streams.tolist()
        bounds = np.searchsorted(rank, np.arange(len(streams) + 1))
        self.begin: list[int] = bounds.tolist()

        flags = index.tcp_flags[rows]
        size = index.payload_wire_len[rows]
        cut = index.payload_len[rows] < size
        sender = senders[order]
        self.sender = memoryview(sender)
        self.syns: list[int] = np.flatnonzero(flags & SYN).tolist()

        ends = (flags & (FIN | RST)) != 0
        active = np.flatnonzero(ends | (size != 0))
        self._order_active(active, rank[active], sender[active], rows[active])
        odd = (cut & (size != 0)) | ((flags & (SYN | RST)) != 0)
        self._cut_runs(active, rank, sender, odd, ends, bounds)

    def _order_active(
        self,
        active: NDArray[np.intp],
        rank: NDArray[np.uint16],
        sender: NDArray[np.intp],
        rows: NDArray[np.intp],
    ) -> None:
        index = self._index
        size = index.payload_wire_len[rows]
        seq = index.tcp_seq[rows]
        total = np.zeros(len(active) + 1, np.int64)
        np.cumsum(size, out=total[1:])
        self.packet = memoryview(active)
        self.total = memoryview(total)
        self.frame = memoryview(index.frame[rows])
        self.ts_ns = memoryview(index.ts_ns[rows])
        self._offset = memoryview(index.payload_offset[rows])
        self._active_row = memoryview(rows)
        self._seq = seq
        self._broken = np.zeros(len(active), np.bool_)
        after = seq + size.astype(np.uint32)
        for side in (0, 1):
            mine = np.flatnonzero(sender == side)
            same = rank[mine[1:]] == rank[mine[:-1]]
            gap = seq[mine[1:]] != after[mine[:-1]]
            self._broken[mine[1:]] = same & gap
