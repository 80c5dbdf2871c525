"""What all streams of a capture share: the limits, the account, and the memory in use."""

from __future__ import annotations

from collections import deque

from analyzer.capture.model import CaptureAccount
from dissectors.records import NamedTuple

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
        self._memories: deque[tuple[list[Piece], int, int]] = deque()  # with segments, and cost

    def remember(self, memory: list[Piece], told: list[Piece]) -> None:
        """Add delivered segments to a direction's memory; the oldest of all directions go."""
        memory += told
        more = len(memory) - REMEMBERED_SEGMENTS
        if more > 0:  # as if each had come alone and half of the memory gone whenever it was full
            half = REMEMBERED_SEGMENTS // 2
            del memory[: half + (more - 1) // half * half]
            told = told[-len(memory) :]
        cost = SEGMENT_COST * len(told)
        for _, data in told:
            cost += len(data)
        self._remembered += cost
        self._memories.append((memory, len(told), cost))
        while self._remembered > self.limits.remembered_overall:
            oldest, segments, cost = self._memories.popleft()
            self._remembered -= cost
            del oldest[:segments]  # may be younger ones if the list was shortened: it is a courtesy
