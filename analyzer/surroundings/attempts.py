"""What was sent to a KDC's port and came to nothing: no answer, or a reset or an ICMP error instead of one.

Spec: RFC 9293 3.10.7.3 and 3.9.2.2 (an error need not be the end: a later answer counts).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from analyzer.surroundings.model import ConnectionAttempt

OPEN = 4096
"""Attempts that wait for an answer; the oldest is told when there are more."""
FRAMES = 16
"""SYNs, and errors about them, of one attempt that are listed."""
REFUSED = 4096
"""Errors about datagrams that are told."""

End = tuple[str, int]


@dataclass(slots=True)
class _Waiting:
    ts_ns: int
    frames: list[int] = field(default_factory=list)
    how: str = "no-answer"


class Attempts:
    """The attempts of one capture."""

    def __init__(self, tell: Callable[[ConnectionAttempt], None]) -> None:
        self._tell = tell
        self._waiting: OrderedDict[tuple[End, End], _Waiting] = OrderedDict()
        self._refused = 0

    def asked(self, client: End, server: End, frame: int, ts_ns: int) -> None:
        """A SYN was sent, perhaps again."""
        waiting = self._waiting.setdefault((client, server), _Waiting(ts_ns))
        if len(waiting.frames) < FRAMES:
            waiting.frames.append(frame)
        while len(self._waiting) > OPEN:
            self._vain(*self._waiting.popitem(last=False))

    def answered(self, client: End, server: End, frame: int, *, reset: bool) -> None:
        """The server's SYN or RST; a later RST of an open connection is none of our business."""
        waiting = self._waiting.pop((client, server), None)
        if waiting is not None and reset:
            waiting.frames.append(frame)
            waiting.how = "reset"
            self._vain((client, server), waiting)

    def unreachable(
        self, client: End, server: End, frame: int, ts_ns: int, transport: str, how: str
    ) -> None:
        """An ICMP error about a packet of the client's."""
        words = f"ICMP {how}"
        if transport == "udp":
            self._refused += 1
            if self._refused <= REFUSED:
                (address, _), (kdc, port) = client, server
                self._tell(ConnectionAttempt(address, kdc, port, "udp", (frame,), ts_ns, words))
            return
        waiting = self._waiting.get((client, server))
        if waiting is not None:
            waiting.how = words
            if len(waiting.frames) < FRAMES:
                waiting.frames.append(frame)

    def finish(self) -> None:
        """Tell what got no answer."""
        while self._waiting:
            self._vain(*self._waiting.popitem(last=False))

    def _vain(self, ends: tuple[End, End], waiting: _Waiting) -> None:
        (client, _), (server, port) = ends
        frames, how = tuple(sorted(waiting.frames)), waiting.how
        self._tell(ConnectionAttempt(client, server, port, "tcp", frames, waiting.ts_ns, how))
