"""What a process does that follows a capture with others: its turn of decoding, its share of streams."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from analyzer.capture.link import FILLED, PacketDecoder, select
from analyzer.capture.model import CaptureAccount, PacketIndex, RecordBlock
from analyzer.capture.plain import decode_plain
from analyzer.parallel.part import Part
from analyzer.parallel.processes import orders_of, orphaned
from analyzer.parallel.ring import Ring
from analyzer.pipeline import stream_engine
from analyzer.surroundings.watch import Watch

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Semaphore

    from numpy.typing import NDArray

    from analyzer.capture.conversation_keys import ConversationKeys
    from analyzer.parallel.processes import Answers
    from analyzer.parallel.ring import Slot
    from analyzer.pipeline import Options
    from analyzer.tables.collect import Collector

ORDER = struct.Struct("<IIq")
"""Slot, packets in it, frame number of the first; an order of no bytes: the capture is over."""

_SHARE_BITS = np.uint64(20)  # not those by which a process's own table is ordered
_PATIENCE_S = 0.5


class Shared(NamedTuple):
    """What all of them are given."""

    path: str
    jobs: int
    seen: list[Semaphore]  # by slot: how many are done with it
    decoded: list[Semaphore]  # by slot: how many may go on, its headers being decoded
    keys: ConversationKeys
    collector: Collector  # empty
    options: Options


def work(number: int, shared: Shared, orders: Connection, answers: Answers) -> None:
    """Follow one share of the conversations to the end of the capture, and tell what was found."""
    answers.put(_Follower(number, shared).follow(orders))


class _Follower:
    def __init__(self, number: int, shared: Shared) -> None:
        self._number = number
        self._shared = shared
        self._ring = Ring(shared.path, len(shared.seen))
        self._account = CaptureAccount()
        first = number == 0
        options = replace(shared.options, progress=None)
        self._collector = shared.collector
        # All decode what is not plain, as a datagram's fragments may lie anywhere; one counts it.
        self._decoder = PacketDecoder(
            self._account if first else CaptureAccount(), by_scapy=options.by_scapy
        )
        self._engine = stream_engine(self._account, self._collector, options, by_first_frame=True)
        self._watch = Watch(self._collector.surrounding) if first else None
        self._turn = 0
        self._now = int(np.iinfo(np.int64).min)

    def follow(self, orders: Connection) -> Part:
        """Take all blocks, then tell."""
        for order in orders_of(orders):
            if not order:
                break
            number, packets, first_frame = ORDER.unpack(order)
            slot = self._ring.slots[number]
            block, index = slot.block(first_frame, packets), slot.index(first_frame, packets)
            self._decode(number, slot, block, index)
            self._take(slot, block, index)
            self._shared.seen[number].release()
        if self._number == 0:
            self._decoder.finish()
        self._engine.finish()
        if self._watch is not None:
            self._watch.finish()
        return Part(self._account, self._collector.gathered(), *self._engine.first_frames())

    def _decode(self, number: int, slot: Slot, block: RecordBlock, index: PacketIndex) -> None:
        """Decode the plain packets of the block if it is our turn; else wait until they are."""
        shared = self._shared
        ready, mine = shared.decoded[number], self._turn % shared.jobs == self._number
        self._turn += 1
        if not mine:
            while not ready.acquire(timeout=_PATIENCE_S):
                if orphaned():
                    raise EOFError
            return
        packets = len(block)
        for name, _ in FILLED:
            slot.columns[name][:packets] = 0
        decoded, slow = slot.mark("decoded", packets), slot.mark("slow", packets)
        decoded[:] = False
        if shared.options.by_scapy:
            slow[:] = True
        else:
            slow[:], not_ip = decode_plain(block, index, decoded)
            self._account.not_ip += not_ip
        slot.mark("share", packets)[:] = self._shares(index)
        for _ in range(shared.jobs - 1):
            ready.release()

    def _shares(self, index: PacketIndex) -> NDArray[np.uint8]:
        keys, _ = self._shared.keys.pair(
            (index.src_hi, index.src_lo, index.src_port),
            (index.dst_hi, index.dst_lo, index.dst_port),
        )
        return ((keys >> _SHARE_BITS) % np.uint64(self._shared.jobs)).astype(np.uint8)

    def _take(self, slot: Slot, block: RecordBlock, index: PacketIndex) -> None:
        """Follow what is ours of the block."""
        packets = len(block)
        decoded, slow = slot.mark("decoded", packets), slot.mark("slow", packets)
        share = slot.mark("share", packets)
        if slow.any():
            index, decoded, share = _own(index), decoded.copy(), share.copy()
            rows = np.flatnonzero(slow)
            self._decoder.walk(block, rows, index, decoded)
            share[rows] = self._shares(index)[rows]
        if self._watch is not None:
            self._watch.feed(select(index, decoded))
        rows = np.flatnonzero(decoded)
        if not len(rows):
            return
        now = np.maximum.accumulate(index.ts_ns[rows])
        np.maximum(now, self._now, out=now)
        self._now = int(now[-1])
        mine = share[rows] == self._number
        own = np.zeros(packets, np.bool_)
        own[rows[mine]] = True
        self._engine.feed(select(index, own), now=(now[mine], self._now))


def _own(index: PacketIndex) -> PacketIndex:
    """The columns, no longer shared."""
    columns: dict[str, Any] = {name: getattr(index, name).copy() for name, _ in FILLED}
    return replace(index, **columns)
