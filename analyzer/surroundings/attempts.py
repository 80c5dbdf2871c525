"""TCP connections to a KDC's port that came to nothing: no answer, or a reset instead of one."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from analyzer.surroundings.model import ConnectionAttempt

OPEN = 4096
"""Attempts that wait for an answer; the oldest is told when there are more."""
FRAMES = 16
"""SYNs of one attempt that are listed."""

End = tuple[str, int]


@dataclass(slots=True)
class _Waiting:
    ts_ns: int
    frames: list[int] = field(default_factory=list)


class Attempts:
    """The attempts of one capture."""

    def __init__(self, tell: Callable[[ConnectionAttempt], None]) -> None:
        self._tell = tell
        self._waiting: OrderedDict[tuple[End, End], _Waiting] = OrderedDict()

    def asked(self, client: End, server: End, frame: int, ts_ns: int) -> None:
        """A SYN was sent, perhaps again."""
        waiting = self._waiting.setdefault((client, server), _Waiting(ts_ns))
        if len(waiting.frames) < FRAMES:
            waiting.frames.append(frame)
        while len(self._waiting) > OPEN:
            self._vain(*self._waiting.popitem(last=False), "no-answer")

    def answered(self, client: End, server: End, frame: int, *, reset: bool) -> None:
        """The server's SYN or RST; a later RST of an open connection is none of our business."""
        waiting = self._waiting.pop((client, server), None)
        if waiting is not None and reset:
            waiting.frames.append(frame)
            self._vain((client, server), waiting, "reset")

    def finish(self) -> None:
        """Tell what got no answer."""
        while self._waiting:
            self._vain(*self._waiting.popitem(last=False), "no-answer")

    def _vain(self, ends: tuple[End, End], waiting: _Waiting, how: str) -> None:
        (client, _), (server, port) = ends
        frames = tuple(waiting.frames)
        self._tell(ConnectionAttempt(client, server, port, "tcp", frames, waiting.ts_ns, how))
