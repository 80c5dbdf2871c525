"""Hands UDP payloads to the consumers of their conversations, each once.

A mirror port may show a packet where it comes in and where it goes out, and a capture may be merged with
itself: the copy has the same bytes and hardly another time. Whoever repeats a question waits for its answer.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.heads import Heads, payload_heads
from analyzer.capture.model import (
    IGNORE,
    NO_TIME,
    DatagramConsumer,
    OpenDatagrams,
    PacketIndex,
)
from analyzer.capture.pool import Pool
from analyzer.capture.roles import describe
from analyzer.capture.streams import FOLLOWED, IGNORED, Packets, StreamTable

COPIED_NS = 10_000_000
"""Time within which the same payload from the same sender is a copy of one packet."""
REMEMBERED = 64
"""Datagrams of a conversation that may turn up again."""


class _Conversation:
    __slots__ = ("client", "consumer", "last_frame", "last_ts_ns", "told")

    def __init__(self, consumer: DatagramConsumer, client: int) -> None:
        self.consumer = consumer
        self.client = client  # endpoint, 0 or 1
        self.last_frame = 0
        self.last_ts_ns = 0
        self.told: OrderedDict[bytes, int] = OrderedDict()  # digest of a datagram -> its time

    def copied(self, side: int, payload: bytes, cut: int, ts_ns: int) -> bool:
        """Whether it is a copy of a datagram that was told, as its time says; else it is remembered."""
        if ts_ns == NO_TIME:
            return False
        digest = blake2b(payload, digest_size=16, person=b"%d %d" % (side, cut)).digest()
        known = self.told.pop(digest, None)
        if known is not None and abs(ts_ns - known) <= COPIED_NS:
            self.told[digest] = known
            return True
        self.told[digest] = ts_ns
        if len(self.told) > REMEMBERED:
            self.told.popitem(last=False)
        return False


class DatagramEngine:
    """Numbers UDP conversations and delivers the datagrams whose heads are wanted."""

    def __init__(self, pool: Pool, open_datagrams: OpenDatagrams, wants: Heads | None) -> None:
        self._pool = pool
        self._open_datagrams = open_datagrams
        self._wants = wants
        self._table = StreamTable()
        self._open: OrderedDict[int, _Conversation] = OrderedDict()

    @property
    def first_frames(self) -> NDArray[np.int64]:
        """First frame of each conversation, by its number."""
        return self._table.first_frame[: self._table.count].copy()

    def feed(
        self,
        index: PacketIndex,
        rows: NDArray[np.intp],
        packets: Packets,
        now: NDArray[np.int64],  # noqa: ARG002  # as the TCP half is fed
    ) -> None:
        """Take the UDP packets `rows` of a block."""
        table = self._table
        before = table.count
        ids = table.number(packets)
        self._pool.account.streams += table.count - before
        full = np.flatnonzero(index.payload_len[rows])
        full = full[table.state[ids[full]] != IGNORED]
        if self._wants is not None:
            full = full[self._wants(payload_heads(index, rows[full]))]
        for row, stream_id, sender in zip(
            rows[full].tolist(), ids[full].tolist(), packets.sender[full].tolist(), strict=True
        ):
            self._deliver(index, row, stream_id, sender)

    def _deliver(self, index: PacketIndex, row: int, stream_id: int, sender: int) -> None:
        state = self._table.state
        conversation = self._open.get(stream_id)
        if conversation is None:
            if state[stream_id] == IGNORED:
                return
            seen = int(self._table.seen[stream_id])
            stream, client = describe(self._table, stream_id, index, row, sender, seen)
            consumer = self._open_datagrams(stream)
            if consumer is None:
                state[stream_id] = IGNORED
                return
            state[stream_id] = FOLLOWED
            if len(self._open) >= self._pool.limits.open_streams:
                self._evict()
            conversation = self._open[stream_id] = _Conversation(consumer, client)
        self._open.move_to_end(stream_id)
        frame, ts_ns = int(index.frame[row]), int(index.ts_ns[row])
        conversation.last_frame, conversation.last_ts_ns = frame, ts_ns
        side = sender ^ conversation.client
        cut = int(index.payload_wire_len[row] - index.payload_len[row])
        payload = index.payload(row)
        if conversation.copied(side, payload, cut, ts_ns):
            self._pool.account.datagrams_copied += 1
            return
        answer = conversation.consumer.datagram(side, payload, cut, frame, ts_ns)
        if answer == IGNORE:
            state[stream_id] = IGNORED
            del self._open[stream_id]

    def _evict(self) -> None:
        stream_id, oldest = self._open.popitem(last=False)
        self._table.state[stream_id] = IGNORED
        self._pool.account.streams_evicted += 1
        oldest.consumer.end(None, "evicted", oldest.last_frame, oldest.last_ts_ns)

    def finish(self) -> None:
        """End all conversations, in order of their numbers."""
        for _, each in sorted(self._open.items()):
            each.consumer.end(None, "capture-end", each.last_frame, each.last_ts_ns)
        self._open.clear()
