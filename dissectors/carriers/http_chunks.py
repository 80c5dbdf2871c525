"""The chunked body of a KDC proxy's message, put together from its chunks as they come.

Only the bytes of the body are kept, up to a bound, and where in the stream each stretch of them lies.

Spec: RFC 9112 7.1, MS-KKDCP 2.1.
"""

from __future__ import annotations

from dissectors.carriers.http_kdc import BODY_LIMIT, Body
from dissectors.carriers.window import Window
from dissectors.span import Span

CHUNKS_LIMIT = 1_024
"""Chunks of one body; senders cut at the size of their buffers, so a message has one or a few."""


class ChunkedBody:
    """What has come of one body."""

    __slots__ = ("_carried", "_data", "_last", "_runs")

    def __init__(self) -> None:
        self._data = bytearray()
        self._runs: list[Span] = []  # stretches of the stream that hold it
        self._carried: list[tuple[int, int]] = []  # see `window.Carried`
        self._last = 0, 0  # frame and time of the last byte, ns

    def fits(self, length: int) -> bool:
        """Tell whether a chunk of this length may follow, within the bounds."""
        return len(self._data) + length <= BODY_LIMIT and len(self._runs) < CHUNKS_LIMIT

    def take(self, window: Window, length: int) -> None:
        """Move bytes of a chunk, at most `length`, out of the window; at least one must be there."""
        start = window.offset
        piece = window.peek(length)
        end = start + len(piece)
        frames, carried = window.frames_carried(start, end)
        for mark in carried or ((start, frames[0]),):
            if not self._carried or self._carried[-1][1] != mark[1]:
                self._carried.append(mark)
        if self._runs and self._runs[-1].end == start:
            self._runs[-1] = Span(self._runs[-1].start, end)
        else:
            self._runs.append(Span(start, end))
        self._data += piece
        self._last = window.place(end - 1)
        window.skip(len(piece))

    def body(self, code: str | None = None, place: tuple[int, int] | None = None) -> Body | None:
        """Give the body; `code` tells why its end is missing, if it is, `place` is the frame of the end."""
        if not self._data:
            return None
        frame, ts_ns = self._last if place is None else place
        frames = tuple(dict.fromkeys(each for _, each in self._carried))
        carried = tuple(self._carried) if len(frames) > 1 else ()
        start = self._runs[0].start
        return Body(
            start, bytes(self._data), frames, frame, ts_ns, carried, code, tuple(self._runs)
        )
