"""Bytes that wait: islands that neither overlap nor touch, the first copy of each byte."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

Mark = tuple[int, int, int, int]
"""Offset at which bytes of another segment begin, its frame and time, and what it acknowledges.

That is an offset of the other direction, its FIN counted as a byte; 0 if nothing there is waited for.
"""
Difference = tuple[int, int]
"""Offset and length of bytes that differ."""


class Island:
    """Contiguous bytes from `start` on and the segments that they came in."""

    __slots__ = ("data", "marks", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.data = bytearray()
        self.marks: deque[Mark] = deque()

    @property
    def end(self) -> int:
        """Offset behind the last byte."""
        return self.start + len(self.data)

    def weave(self, islands: list[Island], data: bytes, mark: Mark, stop: int) -> None:
        """Append these islands, and what `data` (which begins at the mark) has between and up to `stop`."""
        begin, frame, ts_ns, acked = mark
        for island in islands:
            self.weave([], data, mark, island.start)
            self.data += island.data
            self.marks += island.marks
        if self.end < stop:
            self.marks.append((self.end, frame, ts_ns, acked))
            self.data += data[self.end - begin : stop - begin]


class Hold:
    """The islands of one direction, in order. Work is linear in the bytes, not in segments times islands."""

    __slots__ = ("bytes", "islands", "segments", "starts")

    def __init__(self) -> None:
        self.islands: list[Island] = []
        self.starts: list[int] = []
        self.bytes = 0
        self.segments = 0

    def add(self, data: bytes, mark: Mark) -> list[Difference]:
        """Keep what is new of a segment's bytes; return where it differs from what is here."""
        begin = mark[0]
        end = begin + len(data)
        first = bisect_right(self.starts, begin) - 1
        if first < 0 or self.islands[first].end < begin:
            first += 1
        stop = bisect_right(self.starts, end, first)
        if first == stop:  # nothing overlaps or touches
            island = Island(begin)
            island.weave([], data, mark, end)
            self.islands.insert(first, island)
            self.starts.insert(first, begin)
            self.bytes += len(data)
            self.segments += 1
            return []
        touched = self.islands[first:stop]
        differences = [
            difference
            for island in touched
            if (difference := compare(island.start, island.data, begin, data)) is not None
        ]
        size = sum(len(each.data) for each in touched)
        segments = sum(len(each.marks) for each in touched)
        grown = max(touched, key=lambda each: len(each.data))  # the others move, it stays
        at = touched.index(grown)
        before = Island(min(begin, touched[0].start))
        before.weave(touched[:at], data, mark, grown.start)
        grown.data[:0] = before.data
        grown.marks.extendleft(reversed(before.marks))
        grown.start = before.start
        grown.weave(touched[at + 1 :], data, mark, end)
        self.islands[first:stop] = [grown]
        self.starts[first:stop] = [grown.start]
        self.bytes += len(grown.data) - size
        self.segments += len(grown.marks) - segments
        return differences

    def take(self) -> tuple[bytes, Mark]:
        """Remove the bytes of the first segment."""
        island = self.islands[0]
        mark = island.marks.popleft()
        if island.marks:
            size = island.marks[0][0] - mark[0]
            data = bytes(island.data[:size])
            del island.data[:size]
            island.start = self.starts[0] = mark[0] + size
        else:
            data = bytes(island.data)
            del self.islands[0], self.starts[0]
        self.bytes -= len(data)
        self.segments -= 1
        return data, mark


def compare(start: int, known: bytes | bytearray, begin: int, data: bytes) -> Difference | None:
    """Find the stretch from the first to the last byte in which `data` and `known` differ."""
    low, high = max(start, begin), min(start + len(known), begin + len(data))
    if low >= high:
        return None
    mine, other = known[low - start : high - start], data[low - begin : high - begin]
    if mine == other:
        return None
    differing = int.from_bytes(mine, "big") ^ int.from_bytes(other, "big")
    from_end = (differing & -differing).bit_length() - 1
    first = high - (differing.bit_length() + 7) // 8
    return first, high - from_end // 8 - first
