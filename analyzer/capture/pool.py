"""What all streams of a capture share: the limits, the account, and the memory in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from analyzer.capture.model import CaptureAccount
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from analyzer.capture.direction import Direction

REMEMBERED_SEGMENTS = 64
"""Delivered segments per direction with which a later copy is compared."""
SEGMENT_COST = 128
"""What a held or remembered segment costs besides its bytes."""

Piece = tuple[int, bytes]
"""Offset and bytes of a segment as it was delivered."""


class StreamLimits(NamedTuple):
    """Bounds of what streams may hold, and when something is given up."""

    held_bytes: int = 1 << 20  # of one direction, behind a hole
    held_segments: int = 65_536  # of one direction, behind a hole
    held_overall: int = 1 << 26  # bytes of all streams, `SEGMENT_COST` per segment included
    remembered_overall: int = 1 << 24  # delivered bytes of all streams, counted likewise
    grace_packets: int = 64  # of the stream, after the ACK that covers a hole
    grace_ns: int = 200_000_000  # of capture time, after that ACK; whichever comes first
    open_streams: int = 65_536  # TCP streams, and UDP conversations, with a consumer
    busy_streams: int = 16_384  # from so many on, idle ones are evicted
    idle_ns: int = 3_600_000_000_000
    linger_ns: int = 10_000_000_000  # silence after which a reset stream is over
    reopened: int = 8  # times that an ignored stream may get another consumer


DEFAULT_LIMITS = StreamLimits()


class Pool:
    """What all streams of an engine share: limits, account, and memory in use."""

    def __init__(self, account: CaptureAccount, limits: StreamLimits) -> None:
        self.account = account
        self.limits = limits
        self.held = 0
        self._remembered = 0
        self._remembering: OrderedDict[Direction, None] = OrderedDict()
        """Directions with a memory, the one that was silent for longest first."""

    def remember(self, direction: Direction, told: list[Piece]) -> None:
        """Add delivered segments to a direction's memory; the oldest ones of the most silent direction go."""
        memory = direction.memory
        memory += told
        cost = SEGMENT_COST * len(told)
        for _, data in told:
            cost += len(data)
        more = len(memory) - REMEMBERED_SEGMENTS
        if more > 0:  # as if each had come alone and half of the memory gone whenever it was full
            half = REMEMBERED_SEGMENTS // 2
            gone = slice(half + (more - 1) // half * half)
            cost -= _cost(memory[gone])
            del memory[gone]
        direction.memory_cost += cost
        self._remembered += cost
        self._remembering[direction] = None
        self._remembering.move_to_end(direction)
        while self._remembered > self.limits.remembered_overall:
            self._forget_oldest()

    def forget(self, direction: Direction) -> None:
        """Free a direction's memory: there is nothing any more that would be compared with it."""
        self._remembering.pop(direction, None)
        self._remembered -= direction.memory_cost
        direction.memory, direction.memory_cost = [], 0

    def _forget_oldest(self) -> None:
        direction = next(iter(self._remembering))
        cost = _cost((direction.memory.pop(0),))
        direction.memory_cost -= cost
        self._remembered -= cost
        if not direction.memory:
            del self._remembering[direction]


def _cost(pieces: Iterable[Piece]) -> int:
    """Bytes that segments take up in memory."""
    cost = 0
    for _, data in pieces:
        cost += SEGMENT_COST + len(data)
    return cost
