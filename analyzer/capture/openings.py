"""The streams that show their first bytes in a block: who their clients are, and which of them are plain.

A stream is plain if all that it sends in the block comes in order, from its first byte on: then nothing
of it needs a closer look. Nearly all are; what they are asked is asked of all at once.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.addresses import address
from analyzer.capture.model import Stream
from analyzer.capture.roles import EPHEMERAL_PORTS, WELL_KNOWN_PORTS
from analyzer.capture.streams import (
    ACK,
    PSH,
    SENT_BY,
    STARTED_BY_1,
    SYN,
    SYN_BY,
    StreamTable,
    beyond,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.model import PacketIndex
    from analyzer.capture.runs import BlockRuns, Followed

_SYN = sum(SYN_BY)
_BOTH = sum(SENT_BY)
_SOURCES = np.array(("first", "port", "syn"), np.object_)


class Openings:
    """The streams that `opens`, packets of a block that show bytes, belong to; in order of their numbers."""

    def __init__(
        self,
        table: StreamTable,
        index: PacketIndex,
        packets: Followed,
        opens: NDArray[np.intp],
    ) -> None:
        ids, scratch = packets.ids, table.scratch
        scratch[ids[opens[::-1]]] = opens[::-1]  # of several packets the first one stays
        first = opens[scratch[ids[opens]] == opens]
        first = first[np.argsort(ids[first], kind="stable")]
        self.streams = ids[first]
        self.first = first  # among the TCP packets of the block
        self._table = table
        self._index = index
        self.rows = packets.rows[first]
        self.senders = packets.senders[first]
        self.seen = table.seen[self.streams] | self._syns(packets, index)
        self.after_syn = (self.seen & _SYN) != 0

    def _syns(self, packets: Followed, index: PacketIndex) -> NDArray[np.uint8]:
        """Who asked for the connection, by the SYNs of this block, up to the first bytes."""
        found = np.zeros(len(self.streams), np.uint8)
        syn = np.flatnonzero(index.tcp_flags[packets.rows] & SYN)
        if not len(syn) or not len(self.streams):
            return found
        ids = packets.ids[syn]
        place = np.searchsorted(self.streams, ids)
        np.minimum(place, len(self.streams) - 1, out=place)
        mine = (self.streams[place] == ids) & (syn <= self.first[place])
        syn, place = syn[mine], place[mine]
        asked = packets.senders[syn] ^ ((index.tcp_flags[packets.rows[syn]] & ACK) != 0)
        np.bitwise_or.at(found, place, np.array(SYN_BY, np.uint8)[asked])
        return found

    def plain(self, block: BlockRuns) -> NDArray[np.bool_]:
        """Tell which are plain."""
        active, directions = block.active, block.directions
        order, first, key = directions
        fin = block.fin[order]
        fin[np.append(first[1:], len(order)) - 1] = (
            False  # the last packet of a direction may be one
        )
        odd = (block.odd | block.gaps | (active.offset < 0))[order] | fin
        strange = np.logical_or.reduceat(odd, first)
        rank, side = key >> 1, key & 1
        begin = order[first]
        stream = block.ids[rank]
        at_base = active.seq[begin] == self._table.base[stream, side] + np.uint32(1)
        kept_alive = (active.size[begin] == 1) & ((active.flags[begin] & PSH) == 0)
        place = np.minimum(np.searchsorted(self.streams, stream), len(self.streams) - 1)
        strange |= np.where(self.after_syn[place], ~at_base, kept_alive)
        fine = np.ones(len(block.ids), np.bool_)
        fine[rank[strange]] = False
        unseen, untold = block.unseen()
        fine[active.rank[unseen]] = False
        fine[active.rank[self._unseen(block, untold)]] = False
        groups = np.searchsorted(block.ids, self.streams)
        plain: NDArray[np.bool_] = fine[groups]
        opener = np.searchsorted(active.rank, groups)  # else it is a FIN that came before all bytes
        plain &= active.row[opener] == self.rows
        if self._table.corrected:
            plain &= ~np.isin(self.streams, list(self._table.corrected))
        return plain

    def _unseen(self, block: BlockRuns, packets: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of some active packets that acknowledge bytes of a side that has shown none."""
        table, active = self._table, block.active
        other = active.sender[packets] ^ 1
        base = table.base[block.ids[active.rank[packets]], other]
        ahead = beyond(active.ack[packets], base + np.uint32(1))
        packets, other = packets[ahead], other[ahead]
        streams, frames = block.ids[active.rank[packets]], self._index.frame[active.row[packets]]
        return packets[table.heard(streams, other, frames)]

    def describe(self, places: NDArray[np.intp]) -> None:
        """As `roles.describe` does it, for some of them: `stream` counts these."""
        index, table, rows = self._index, self._table, self.rows[places]
        streams, seen, sender = self.streams[places], self.seen[places], self.senders[places]
        ports = index.src_port[rows], index.dst_port[rows]
        low, high = np.minimum(*ports), np.maximum(*ports)
        asked = [(seen & bit) != 0 for bit in SYN_BY]
        by_syn = asked[0] != asked[1]
        by_port = (low < EPHEMERAL_PORTS) & (high >= EPHEMERAL_PORTS)
        by_port |= low < WELL_KNOWN_PORTS
        by_port &= low != high
        client = np.where(by_port, sender ^ (ports[0] == low), seen & STARTED_BY_1)
        client = np.where(by_syn, asked[1], client)
        asks = sender == client
        source = _addresses(index.src_hi[rows], index.src_lo[rows])
        target = _addresses(index.dst_hi[rows], index.dst_lo[rows])
        base = table.base[streams].astype(np.object_)
        alone = np.flatnonzero((index.tcp_flags[rows] & ACK) == 0)
        base[alone, sender[alone] ^ 1] = None  # nothing tells where the other side begins
        which = np.arange(len(rows))
        self.client = client
        """Which endpoint is the client, of each that was described."""
        self._told = list(
            zip(
                streams.tolist(),
                repeat("tcp"),
                np.where(asks, source, target).tolist(),
                np.where(asks, *ports).tolist(),
                np.where(asks, target, source).tolist(),
                np.where(asks, *ports[::-1]).tolist(),
                table.first_frame[streams].tolist(),
                table.first_ts_ns[streams].tolist(),
                _SOURCES[np.where(by_syn, 2, by_port)].tolist(),
                ((seen & _SYN) == 0).tolist(),
                ((seen & _BOTH) == _BOTH).tolist(),
                table.heard(streams, client ^ 1, index.frame[rows]).tolist(),
                base[which, client].tolist(),
                base[which, client ^ 1].tolist(),
            )
        )

    def stream(self, at: int) -> Stream:
        """Give one of those that were described."""
        return Stream(*self._told[at])


def _addresses(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.object_]:
    texts = map(address, high.tolist(), low.tolist())
    return np.fromiter(texts, np.object_, len(high))
