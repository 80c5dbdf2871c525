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

    def __init__(self, data: bytes, mark: Mark) -> None:
        self.start = mark[0]
        self.data = bytearray(data)
        self.marks = [mark]

    @property
    def end(self) -> int:
        """Offset behind the last byte."""
        return self.start + len(self.data)

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
        begin, frame, ts_ns = mark
        end = begin + len(data)
        first = bisect_right(self.starts, begin) - 1
        if first < 0 or self.islands[first].end < begin:
            first += 1
        stop = bisect_right(
            self.starts, end, first
        )  # islands from `first` to here overlap or touch
        if first == stop:
            self.islands.insert(first, Island(data, mark))
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
        island = touched[0]
        before = sum(len(each.data) for each in touched)
        if begin < island.start:
            island.data[:0] = data[: island.start - begin]
            island.marks.insert(0, mark)
            island.start = self.starts[first] = begin
            self.segments += 1
        for other in touched[1:]:
            self._extend(island, data[island.end - begin : other.start - begin], frame, ts_ns)
            island.marks += other.marks
            island.data += other.data
        if end > island.end:
            self._extend(island, data[island.end - begin :], frame, ts_ns)
        del self.islands[first + 1 : stop], self.starts[first + 1 : stop]
        self.bytes += len(island.data) - before
        return differences

    def _extend(self, island: Island, data: bytes, frame: int, ts_ns: int) -> None:
        if data:
            island.marks.append((island.end, frame, ts_ns))
            island.data += data
            self.segments += 1

    def take(self) -> Island:
        """Remove the first island."""
        island = self.islands.pop(0)
        del self.starts[0]
        self.bytes -= len(island.data)
        self.segments -= len(island.marks)
        return island

    def clear(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]


def compare(start: int, known: bytes | bytearray, begin: int, data: bytes) -> Difference | None:
    """Where do `data` at `begin` and `known` at `start` differ? From the first to the last such byte."""
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
