"""What packets acknowledge that was never captured: proof that bytes are missing, with nothing behind them.

A packet with payload, FIN or RST that acknowledges such bytes waits for them (`reassembly`). A bare ACK has
nothing that could wait; what the last of them proves is told when the stream ends. Of a side of which no
packet is captured at all nothing is proven: its bytes take another way.

Spec: RFC 9293 section 3.4 (sequence numbers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.direction import FARTHEST_AHEAD, MODULUS, Proof
from analyzer.capture.streams import ACK, FOLLOWED, beyond

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.capture.following import Following
    from analyzer.capture.reassembly import TcpStream
    from analyzer.capture.runs import BlockRuns
    from analyzer.capture.streams import Packets, Segments, StreamTable


class Proofs:
    """Compares what is acknowledged in each block with what was told of its streams."""

    def __init__(self, table: StreamTable, following: Following) -> None:
        self._table = table
        self._following = following
        self._renumbered: dict[int, int] = {}  # where bases were corrected: stream -> last frame

    def begun(self, flow: TcpStream, side: int, frame: int) -> None:
        """Note that a direction begins in a frame; earlier proofs are void, if that may be anywhere."""
        table, stream_id, since = self._table, flow.stream_id, flow.since
        corrected = self._renumbered.get(stream_id, 0) > since
        if flow.start != "syn" or corrected or table.corrected_within(stream_id, since, frame):
            direction = flow.directions[side]
            direction.since, direction.proof = frame, None

    def note_sent(self) -> None:
        """Note where the streams stand that were fed in this block and stay open."""
        found = [
            (flow.stream_id, side ^ flow.client, direction.next_seq + direction.fin_told)
            for flow in self._following.touched.values()
            for side, direction in enumerate(flow.directions)
            if direction.next_seq is not None
        ]
        if found:
            streams, endpoints, numbers = np.array(found).T
            self._table.sent[streams, endpoints] = numbers.astype(np.uint32)

    def note(self, ids: NDArray[np.intp], packets: Packets, segments: Segments) -> None:
        """Note who acknowledges what the other side has not shown by the end of the block."""
        table = self._table
        if self._renumbered:
            self._renumbered = {
                stream_id: frame
                for stream_id, frame in self._renumbered.items()
                if table.state[stream_id] == FOLLOWED
            }
        self._renumbered |= table.corrected
        rows = np.flatnonzero(table.state[ids] == FOLLOWED)
        streams, other = ids[rows], packets.sender[rows] ^ 1
        ahead = beyond(segments.ack[rows], table.sent[streams, other])
        if self._renumbered:
            ahead |= np.isin(streams, list(self._renumbered))
        if not ahead.any():
            return
        rows, streams, other = rows[ahead], streams[ahead], other[ahead]
        rows = rows[table.heard(streams, other, packets.frame[rows])]
        for row in rows[(segments.flags[rows] & ACK) != 0].tolist():
            flow = self._following.get(int(ids[row]))
            if flow is not None:
                side = int(packets.sender[row]) ^ 1
                frame, ts_ns = int(packets.frame[row]), int(packets.ts_ns[row])
                self._proven(flow, side, int(segments.ack[row]), frame, ts_ns)

    def _proven(self, flow: TcpStream, endpoint: int, ack: int, frame: int, ts_ns: int) -> None:
        """Note that bytes of an endpoint were acknowledged in a frame."""
        direction = flow.directions[endpoint ^ flow.client]
        if frame >= max(flow.since, direction.since):
            first = (self._table.base_at(flow.stream_id, endpoint, frame) + 1) & MODULUS
            flow.prove(endpoint ^ flow.client, Proof(first, ack, frame, ts_ns))

    def note_until(self, block: BlockRuns, flow: TcpStream, packet: int) -> None:
        """Note what the packets of a stream before that place acknowledge: after a RST it is too late."""
        index = block.index
        rows, senders = block.all_of(flow.stream_id)
        for row, sender in zip(rows[:packet], senders[:packet], strict=True):
            frame, flags = index.frame.item(row), index.tcp_flags.item(row)
            if flags & ACK and self._table.is_heard(flow.stream_id, sender ^ 1, frame):
                ack, ts_ns = index.tcp_ack.item(row), index.ts_ns.item(row)
                self._proven(flow, sender ^ 1, ack, frame, ts_ns)

    def unseen(self, flow: TcpStream, side: int, ack: int, frame: int) -> bool:
        """Tell whether a packet acknowledges bytes of a side that were not seen.

        A side that has shown no bytes begins with them, if its first number is known by the SYN and there
        are packets of it at all.
        """
        direction, table = flow.directions[side], self._table
        if direction.next_seq is not None:
            return direction.acknowledged(ack) > direction.reached
        endpoint = side ^ flow.client
        if flow.start != "syn" or not table.is_heard(flow.stream_id, endpoint, frame):
            return False
        base = table.base_at(flow.stream_id, endpoint, frame)
        if not 0 < (ack - base - 1) & MODULUS <= FARTHEST_AHEAD:
            return False
        flow.begin(side, base + 1, base)
        return True
