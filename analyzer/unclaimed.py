"""Tokens in a stream that no carrier reads: told while it goes on, and only where it showed one early.

A stream of another protocol is listened to if its first bytes hold the signature of a token, and as long as
more come. Nothing is decoded; each thing that looks like a token gives one byte range.
"""

from __future__ import annotations

from analyzer.signature import TELLING, find_tokens
from dissectors.span import Span

QUIET = 262_144
"""Bytes without a signature after which nobody listens any more."""


class Unclaimed:
    """What one stream has shown so far."""

    __slots__ = ("_quiet", "_tails", "_told")

    def __init__(self) -> None:
        self._quiet = 0  # bytes since the latest signature
        self._tails = [b"", b""]  # the last bytes of each side: a signature may be cut by segments
        self._told = [0, 0]  # stream offset up to which all is told

    @property
    def over(self) -> bool:
        """Whether it is time to stop listening."""
        return self._quiet > QUIET

    def add(self, side: int, offset: int, data: bytes) -> list[Span]:
        """Look at the next bytes of a side; ranges of the stream that look like tokens."""
        tail = self._tails[side]
        text = tail + data
        begin = offset - len(tail)
        self._tails[side] = text[-TELLING:]
        self._quiet += len(data)
        told = self._told[side]
        starts: list[tuple[int, int | None]] = []
        for hit in find_tokens(text):
            start = begin + hit.start
            if start < told:  # it was told, or is part of what was
                continue
            told = begin + (hit.sure if hit.end is None else hit.end)
            starts.append((start, None if hit.end is None else told))
            self._quiet = 0
        self._told[side] = told
        spans = []
        following = offset + len(data)
        for start, end in reversed(starts):
            spans.append(Span(start, following if end is None else end))
            following = start
        return spans[::-1]

    def lost(self, side: int) -> None:
        """Bytes of a side are missing: what comes next does not follow on what came before."""
        self._tails[side] = b""
