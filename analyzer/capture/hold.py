"""Bytes that wait behind a hole: islands that neither overlap nor touch, the first copy of each byte."""

from __future__ import annotations

from bisect import bisect_right

Mark = tuple[int, int, int]
"""Offset at which bytes of another segment begin, its frame and time."""
Difference = tuple[int, int]
"""Offset and length of bytes that differ."""


class Island:
    """Contiguous bytes from `start` on and the segments that they came in."""

    __slots__ = ("data", "marks", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.data = bytearray()
        self.marks: list[Mark] = []

    @property
    def end(self) -> int:
        """Offset behind the last byte."""
        return self.start + len(self.data)

    def weave(self, islands: list[Island], data: bytes, mark: Mark, stop: int) -> None:
        """Append these islands, and what `data` (which begins at the mark) has between and up to `stop`."""
        begin, frame, ts_ns = mark
        for island in islands:
            self.weave([], data, mark, island.start)
            self.data += island.data
            self.marks += island.marks
        if self.end < stop:
            self.marks.append((self.end, frame, ts_ns))
            self.data += data[self.end - begin : stop - begin]

    def pieces(self) -> list[tuple[bytes, int, int]]:
        """Return the bytes segment by segment, with frame and time."""
        stops = [mark[0] for mark in self.marks[1:]]
        stops.append(self.end)
        return [
            (bytes(self.data[start - self.start : stop - self.start]), frame, ts_ns)
            for (start, frame, ts_ns), stop in zip(self.marks, stops, strict=True)
        ]


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
        grown.marks[:0] = before.marks
        grown.start = before.start
        grown.weave(touched[at + 1 :], data, mark, end)
        self.islands[first:stop] = [grown]
        self.starts[first:stop] = [grown.start]
        self.bytes += len(grown.data) - size
        self.segments += len(grown.marks) - segments
        return differences

    def take(self) -> Island:
        """Remove the first island."""
        island = self.islands.pop(0)
        del self.starts[0]
        self.bytes -= len(island.data)
        self.segments -= len(island.marks)
        return island


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
