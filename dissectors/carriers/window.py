"""The bytes of one direction as a carrier reads them, and which frame carried which of them.

Kept are the unread bytes alone. What a gap leaves behind of them, the beginning of a message, is a `Cut`.
"""

from __future__ import annotations

import sys
from bisect import bisect_right

from dissectors.records import NamedTuple

Carried = tuple[tuple[int, int], ...]
"""Which frame carried which bytes: (stream offset from which on, frame), in stream order.

The first one may begin before the bytes in question.
"""

_LAST = sys.maxsize  # behind every frame: where a search for an offset is to end


class Cut(NamedTuple):
    """Bytes that lay unread in a window when a gap came: the beginning of a message whose rest is lost."""

    offset: int  # stream offset of the first of them
    data: bytes
    frames: tuple[int, ...]  # that carried them; the last one is where the bytes end
    ts_ns: int
    marks: Carried = ()  # which frame carried what; () if one frame carried all
    code: str = "gap"  # of the anomaly that says why the rest is not there


class Window:
    """The unread bytes of one direction, with the frame of every byte.

    A byte's frame is the one that made it readable: a segment that filled a hole in front of it came later.

    `data` holds the bytes from stream offset `offset` on; `take(n)` or `skip(n)` moves on. `skip` may ask
    for more than is there: the rest is skipped as it arrives and costs nothing. While `skipping` is not
    zero nothing is readable; `feed` is called again as soon as the skip is done, even without new bytes,
    and `frame`/`ts_ns` then belong to the segment that held the last skipped byte.
    """

    __slots__ = (
        "_marks",
        "cut",
        "data",
        "frame",
        "loss",
        "offset",
        "position",
        "skipping",
        "ts_ns",
    )

    COMPACT = 65_536  # read bytes are dropped when this many have gathered

    def __init__(self) -> None:
        self.data = bytearray()  # includes read bytes before `position` until compacted
        self.offset = 0  # stream offset of the first unread byte
        self.position = 0  # index in `data` of the first unread byte
        self.skipping = 0
        self.frame = 0  # frame and time of the newest segment
        self.ts_ns = 0
        self.cut: Cut | None = (
            None  # what the last restart left unread; `Carrier.gap` may still use it
        )
        self.loss = ""  # code of the last restart: why bytes are missing
        self._marks: list[tuple[int, int, int, int]] = []
        """(stream offset, frame in which it could be read, ts_ns, frame that carried it) by segment."""

    def append(self, offset: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Add a segment that starts at stream `offset`; an offset ahead of the end starts afresh there.

        While skipping, bytes that the segment holds and bytes that lie between the end and `offset` (the
        stream passed over them) count as skipped.
        """
        carried = frame
        if frame > self.frame:
            self.frame, self.ts_ns = frame, ts_ns
        else:  # it waited for a segment that came later
            frame, ts_ns = self.frame, self.ts_ns
        end = self.offset + len(self.data) - self.position
        if self.skipping:
            passed = offset - end
            if 0 <= passed <= self.skipping:
                eaten = min(self.skipping - passed, len(data))
                left = self.skipping - passed - eaten
                self.restart(offset + eaten)
                self.skipping = left
                data = data[eaten:]
                offset += eaten
            else:
                self.restart(offset)
        elif offset != end:
            self.restart(offset)
        marks = self._marks
        if marks and marks[-1][0] == offset:
            marks[-1] = (offset, frame, ts_ns, carried)
        else:
            marks.append((offset, frame, ts_ns, carried))
        self.data += data

    def bypass(self, offset: int, frame: int, ts_ns: int) -> bool:
        """Whether a segment may be read where it is, right behind what was read or skipped; notes its frame.

        Who reads it moves `offset` behind it and sets `skipping`, or appends it after all.
        """
        if self.data or offset != self.offset + self.skipping or frame <= self.frame:
            return False
        self.frame, self.ts_ns = frame, ts_ns
        if self.skipping:
            self.offset, self.skipping = offset, 0
        if self._marks:
            self._marks.clear()
        return True

    def restart(self, offset: int, code: str = "gap") -> None:
        """Move what is unread to `cut`: the next byte is stream `offset`; `code` tells why."""
        data = self.data
        self.loss = code
        self.cut = self._unread(code) if len(data) > self.position else None
        data.clear()
        self._marks.clear()
        self.position, self.offset, self.skipping = 0, offset, 0

    def take_cut(self, how: str) -> Cut:
        """Take all unread bytes (at least one): the beginning of a message whose rest will not come.

        `how` the stream ends: see `Carrier.end`.
        """
        cut = self._unread(end_code(how))
        self.skip(len(cut.data))
        return cut

    def _unread(self, code: str) -> Cut:
        begin, end = self.offset, self.offset + len(self)
        frames, marks = self.frames_carried(begin, end)
        data = bytes(self.data[self.position :])
        return Cut(begin, data, frames, self.place(end - 1)[1], marks, code)

    def __len__(self) -> int:
        return len(self.data) - self.position

    def peek(self, length: int, at: int = 0) -> bytes:
        """Copy up to `length` unread bytes that start `at` bytes after the first unread one."""
        begin = self.position + at
        return bytes(self.data[begin : begin + length])

    def find(self, needle: bytes, limit: int, at: int = 0) -> int:
        """Distance of `needle` from the first unread byte, between `at` and `limit`, or -1."""
        found = self.data.find(needle, self.position + at, self.position + limit)
        return found - self.position if found >= 0 else -1

    def take(self, length: int) -> bytes:
        """Read `length` bytes (which must be there) and move past them."""
        data = self.peek(length)
        self.skip(length)
        return data

    def skip(self, length: int) -> None:
        """Move past `length` bytes, also those yet to come."""
        data = self.data
        position = self.position + length
        beyond = position - len(data)
        if beyond >= 0:
            self.skipping = beyond
            self.offset += length - beyond
            self.position = 0
            data.clear()
            del self._marks[:-1]
            return
        self.skipping = 0
        self.offset += length
        if position >= self.COMPACT:
            del data[:position]
            position = 0
            del self._marks[: bisect_right(self._marks, (self.offset, _LAST, 0, 0)) - 1]
        self.position = position

    def place(self, offset: int) -> tuple[int, int]:
        """Frame in which the byte at stream `offset` could be read, and its capture time (ns)."""
        marks = self._marks
        if not marks:
            return self.frame, self.ts_ns
        mark = marks[-1]
        if offset < mark[0]:  # seldom: what is read came in the newest segment
            mark = marks[max(bisect_right(marks, (offset, _LAST, 0, 0)) - 1, 0)]
        return mark[1], mark[2]

    def whereabouts(
        self, last: int, start: int, end: int
    ) -> tuple[int, int, tuple[int, ...], Carried]:
        """Tell the `place` of a message's `last` byte and the `frames_carried` of a range in it."""
        if not self._marks:
            return self.frame, self.ts_ns, (self.frame,), ()
        return (*self.place(last), *self.frames_carried(start, end))

    def frames(self, start: int, end: int) -> tuple[int, ...]:
        """All frames that carried bytes of the stream range `[start, end)`, in stream order, each once."""
        return self.frames_carried(start, end)[0]

    def frames_carried(self, start: int, end: int) -> tuple[tuple[int, ...], Carried]:
        """Give the same frames, and which of them carried what; the latter is () if one carried all."""
        marks = self._marks
        if not marks:
            return (self.frame,), ()
        if start >= marks[-1][0]:
            return (marks[-1][3],), ()
        first = max(bisect_right(marks, (start, _LAST, 0, 0)) - 1, 0)
        last = max(bisect_right(marks, (max(end - 1, start), _LAST, 0, 0)), first + 1)
        if last - first == 1:
            return (marks[first][3],), ()
        carried = tuple((mark[0], mark[3]) for mark in marks[first:last])
        return tuple(dict.fromkeys(frame for _, frame in carried)), carried


LOSSES = frozenset({"gap", "snaplen", "cut-off"})
"""Codes of the anomalies of a message that is cut."""


def end_code(how: str) -> str:
    """Code of the anomaly that tells that a stream ends inside a message, by how it ends."""
    return "cut-off" if how == "capture-end" else "gap"


def frames_within(
    frames: tuple[int, ...], carried: Carried, start: int, end: int
) -> tuple[tuple[int, ...], Carried]:
    """Cut what concerns the stream range `[start, end)` out of what is known of a longer one.

    Where it is not known which of `frames` carried what, it may have been any of them.
    """
    if len(frames) == 1 or not carried:
        return frames, ()
    first = max(bisect_right(carried, (start, _LAST)) - 1, 0)
    part = carried[first : bisect_right(carried, (max(end - 1, start), _LAST))]
    return tuple(dict.fromkeys(frame for _, frame in part)), part
