"""The streams that show their first bytes in a block: who their clients are, and which of them are plain.

A stream is plain if all that it sends in the block comes in order, from its first byte on: then nothing
of it needs a closer look. Nearly all are; what they are asked is asked of all at once.
"""

from __future__ import annotations

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
_SOURCES = ("first", "port", "syn")


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

    def stream(self, at: int) -> tuple[Stream, int]:
        """Give one of those that were described; tell also which endpoint is its client."""
        client = self._client[at]
        this, that = (0, 1) if self._sender[at] == client else (1, 0)
        ends, ports = self._addresses[at], self._ports[at]
        seen = self._seen[at]
        stream = Stream(
            self._ids[at],
            "tcp",
            address(*ends[this]),
            ports[this],
            address(*ends[that]),
            ports[that],
            self._first_frame[at],
            self._first_ts_ns[at],
            _SOURCES[self._source[at]],
            not seen & _SYN,
            seen & _BOTH == _BOTH,
            self._server_heard[at],
            self._begins[at][client],
            self._begins[at][client ^ 1],
        )
        return stream, client

    def describe(self, places: NDArray[np.intp]) -> None:
        """As `roles.describe` does it, for some of them: `stream` counts these."""
        index, rows, seen, sender = (
            self._index,
            self.rows[places],
            self.seen[places],
            self.senders[places],
        )
        streams = self.streams[places]
        ports = index.src_port[rows], index.dst_port[rows]
        low, high = np.minimum(*ports), np.maximum(*ports)
        asked = [(seen & bit) != 0 for bit in SYN_BY]
        by_syn = asked[0] != asked[1]
        by_port = (low < EPHEMERAL_PORTS) & (high >= EPHEMERAL_PORTS)
        by_port |= low < WELL_KNOWN_PORTS
        by_port &= low != high
        client = np.where(by_port, sender ^ (ports[0] == low), seen & STARTED_BY_1)
        client = np.where(by_syn, asked[1], client)
        heard = self._table.heard(streams, client ^ 1, index.frame[rows])
        self._server_heard: list[bool] = heard.tolist()
        self._client: list[int] = client.tolist()
        self._begins: list[list[int | None]] = self._table.base[streams].tolist()
        alone = (index.tcp_flags[rows] & ACK) == 0  # nothing tells where the other side begins
        for place in np.flatnonzero(alone).tolist():
            self._begins[place][sender.item(place) ^ 1] = None
        self._source: list[int] = np.where(by_syn, 2, by_port).tolist()
        self._sender: list[int] = sender.tolist()
        self._seen: list[int] = seen.tolist()
        self._ids: list[int] = streams.tolist()
        self._ports = list(zip(ports[0].tolist(), ports[1].tolist(), strict=True))
        source = zip(index.src_hi[rows].tolist(), index.src_lo[rows].tolist(), strict=True)
        target = zip(index.dst_hi[rows].tolist(), index.dst_lo[rows].tolist(), strict=True)
        self._addresses = list(zip(source, target, strict=True))
        self._first_frame: list[int] = self._table.first_frame[streams].tolist()
        self._first_ts_ns: list[int] = self._table.first_ts_ns[streams].tolist()
