"""What a process does that follows a capture with others: its turn of decoding, its share of streams."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.capture.engine import Known
from analyzer.capture.link import FILLED, PacketDecoder, pick, select
from analyzer.capture.model import CaptureAccount, PacketIndex, RecordBlock
from analyzer.capture.plain import decode_plain
from analyzer.parallel.part import Part
from analyzer.parallel.ring import MARKS, Ring
from analyzer.pipeline import stream_engine
from analyzer.surroundings.watch import Watch
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Semaphore

    from numpy.typing import NDArray

    from analyzer.capture.conversation_keys import ConversationKeys
    from analyzer.parallel.processes import Answers
    from analyzer.pipeline import Options
    from analyzer.tables.collect import Collector

ORDER = struct.Struct("<IIIqqq")
"""Slot, row of the first packet in it, packets, frame number of the first, number of this order, bytes read.

No packets: the slot is handed back.
"""
OVER = b""
"""The order that says that the capture is over."""

_SHARE_BITS = np.uint64(20)  # not those by which a process's own table is ordered
PATIENCE_S = 0.5


class Shared(NamedTuple):
    """What all of them are given."""

    path: str
    jobs: int
    seen: list[Semaphore]  # by slot: how many are done with it
    decoded: list[Semaphore]  # by order, in turns: how many may go on, the headers being decoded
    found: Any  # by process: negotiations so far
    keys: ConversationKeys
    collector: Collector  # empty
    options: Options


def handed_back(slot: int) -> bytes:
    """Make the order to be done with a slot."""
    return ORDER.pack(slot, 0, 0, 0, 0, 0)


class Orders:
    """What the reader of the capture says, as it comes.

    `idle` is called twice a second while there is nothing, and may raise where nothing will come; `heard` is
    told how many packets, and bytes of the input, have come so far.
    """

    def __init__(
        self,
        pipe: Connection,
        idle: Callable[[], None] = lambda: None,
        heard: Callable[[int, int], None] = lambda _packets, _bytes: None,
    ) -> None:
        self._pipe = pipe
        self.idle = idle
        self.heard = heard

    def are_there(self) -> bool:
        """Whether there is one already."""
        return self._pipe.poll(0)

    def wait(self) -> None:
        """Wait until there is one, or none will come."""
        while not self._pipe.poll(PATIENCE_S):
            self.idle()

    def next(self) -> bytes:
        """Wait for the next one. Raises `EOFError` if the reader is gone."""
        self.wait()
        return self._pipe.recv_bytes()


def work(
    number: int, shared: Shared, given: Connection, _orders: Connection, answers: Answers
) -> None:
    """Follow one share of the conversations to the end of the capture, and tell what was found."""
    answers.put(Follower(number, shared, Orders(given)).follow())


class Follower:
    """One share of the conversations of a capture."""

    def __init__(self, number: int, shared: Shared, orders: Orders) -> None:
        self._number = number
        self._shared = shared
        self._orders = orders
        self._ring = Ring(shared.path, len(shared.seen))
        self._account = CaptureAccount()
        first = number == 0
        options = shared.options
        self._collector = shared.collector
        # All decode what is not plain, as a datagram's fragments may lie anywhere; one counts it.
        self._decoder = PacketDecoder(
            self._account if first else CaptureAccount(), by_scapy=options.by_scapy
        )
        self._engine = stream_engine(self._account, self._collector, options, by_first_frame=True)
        self._watch = Watch(self._collector.surrounding) if first else None
        self._now = int(np.iinfo(np.int64).min)

    def follow(self) -> Part:
        """Take all blocks, then tell.

        What others wait for comes first: blocks that are there are decoded before older ones are followed.
        """
        orders, over = self._orders, False
        waiting: deque[_Part | int] = deque()  # an int: the slot to be handed back
        while waiting or not over:
            while not over and (not waiting or orders.are_there()):
                order = orders.next()
                over = order == OVER
                if not over:
                    waiting.append(self._ordered(order))
            part = waiting.popleft() if waiting else None
            if isinstance(part, int):
                self._shared.seen[part].release()
            elif part is not None:
                self._await(part)
                self._take(part)
        if self._number == 0:
            self._decoder.finish()
        self._engine.finish()
        self._tell_found()
        if self._watch is not None:
            self._watch.finish()
        return Part(self._account, self._collector.gathered(), *self._engine.first_frames())

    def _ordered(self, order: bytes) -> _Part | int:
        """What an order is about; decoded if that is our turn."""
        number, row, packets, first_frame, turn, read = ORDER.unpack(order)
        if not packets:
            return int(number)
        self._orders.heard(first_frame - 1 + packets, read)
        slot, rows = self._ring.slots[number], slice(row, row + packets)
        part = _Part(
            turn,
            slot.block(first_frame, rows),
            slot.index(first_frame, rows),
            *(slot.columns[name][rows] for name, _ in MARKS),
        )
        if turn % self._shared.jobs == self._number:
            self._decode(part)
        return part

    def _await(self, part: _Part) -> None:
        """Wait until the headers are decoded, if that is another's turn."""
        if part.turn % self._shared.jobs == self._number:
            return
        while not self._ready(part).acquire(timeout=PATIENCE_S):
            self._orders.idle()

    def _ready(self, part: _Part) -> Semaphore:
        return self._shared.decoded[part.turn % len(self._shared.decoded)]

    def _decode(self, part: _Part) -> None:
        """Decode the plain packets for all."""
        shared, index = self._shared, part.packets
        # all other columns are written wherever there is a packet
        index.src_hi[:] = index.dst_hi[:] = 0
        part.decoded[:] = False
        if shared.options.by_scapy:
            part.slow[:] = True
        else:
            part.slow[:], not_ip = decode_plain(part.block, index, part.decoded)
            self._account.not_ip += not_ip
        part.key[:], part.sender[:] = shared.keys.of(index)
        for _ in range(shared.jobs - 1):
            self._ready(part).release()

    def _take(self, part: _Part) -> None:
        """Follow what is ours."""
        if part.slow.any():
            part = part.apart()
            rows = np.flatnonzero(part.slow)
            self._decoder.walk(part.block, rows, part.packets, part.decoded)
            part.key[rows], part.sender[rows] = self._shared.keys.of(pick(part.packets, rows))
        index, decoded = part.packets, part.decoded
        if self._watch is not None:
            self._watch.feed(index if decoded.all() else select(index, decoded))
        rows = np.flatnonzero(decoded)
        if not len(rows):
            return
        now = np.maximum.accumulate(index.ts_ns[rows])
        np.maximum(now, self._now, out=now)
        self._now = int(now[-1])
        mine = (part.key[rows] >> _SHARE_BITS) % np.uint64(self._shared.jobs) == self._number
        rows = rows[mine]
        known = Known(now[mine], self._now, part.key[rows], part.sender[rows])
        self._engine.feed(pick(index, rows), known)
        self._tell_found()

    def _tell_found(self) -> None:
        """For who watches."""
        self._shared.found[self._number] = self._collector.found


class _Part(NamedTuple):
    """Some packets of a slot, and what is known of them."""

    turn: int
    block: RecordBlock
    packets: PacketIndex
    decoded: NDArray[np.bool_]
    slow: NDArray[np.bool_]
    key: NDArray[np.uint64]
    sender: NDArray[np.intp]

    def apart(self) -> _Part:
        """The same, with columns of its own."""
        columns: dict[str, Any] = {name: getattr(self.packets, name).copy() for name, _ in FILLED}
        marks = (self.decoded.copy(), self.slow, self.key.copy(), self.sender.copy())
        return _Part(self.turn, self.block, replace(self.packets, **columns), *marks)
