"""What was sent to a KDC's port and came to nothing: no answer, or a reset or an ICMP error instead of one.

A connection that goes on has come about, whether or not the server's SYN is in the capture.

Spec: RFC 9293 3.10.7.3 (which RST refuses a SYN) and 3.9.2.2 (an error need not be the end: a later answer
counts).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import field

from analyzer.surroundings.model import ConnectionAttempt
from dissectors.records import dataclass

OPEN = 4096
"""Attempts that wait for an answer; the oldest is told when there are more."""
FRAMES = 16
"""SYNs, and errors about them, of one attempt that are listed."""
REFUSED = 4096
"""Errors about datagrams that are told."""
_MODULUS = 1 << 32

End = tuple[str, int]


@dataclass(slots=True)
class _Waiting:
    ts_ns: int
    seq: int = 0  # sequence number of the latest SYN
    size: int = 0  # bytes of data in it (RFC 7413)
    frames: list[int] = field(default_factory=list)
    how: str = "no-answer"


class Attempts:
    """The attempts of one capture."""

    def __init__(self, tell: Callable[[ConnectionAttempt], None]) -> None:
        self._tell = tell
        self._waiting: OrderedDict[tuple[End, End], _Waiting] = OrderedDict()
        self._refused = 0

    def asked(
        self, client: End, server: End, frame: int, ts_ns: int, seq: int, size: int = 0
    ) -> None:
        """A SYN was sent, perhaps again."""
        waiting = self._waiting.setdefault((client, server), _Waiting(ts_ns))
        waiting.seq, waiting.size = seq, size
        if len(waiting.frames) < FRAMES:
            waiting.frames.append(frame)
        while len(self._waiting) > OPEN:
            self._vain(*self._waiting.popitem(last=False))

    def reset(self, client: End, server: End, frame: int, ack: int | None) -> None:
        """The server's RST: a refusal if it acknowledges the SYN, else it ends an open connection."""
        waiting = self._waiting.pop((client, server), None)
        if waiting is None or ack is None:
            return
        if (ack - waiting.seq - 1) % _MODULUS <= waiting.size:
            waiting.frames.append(frame)
            waiting.how = "reset"
            self._vain((client, server), waiting)

    def came_about(self, client: End, server: End) -> None:
        """The server's SYN, or what either side sends only once it has come."""
        self._waiting.pop((client, server), None)

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

    @property
    def ports(self) -> list[int]:
        """Ports of the clients that wait."""
        return [client[1] for client, _ in self._waiting]

    def finish(self) -> None:
        """Tell what got no answer."""
        while self._waiting:
            self._vain(*self._waiting.popitem(last=False))

    def _vain(self, ends: tuple[End, End], waiting: _Waiting) -> None:
        (client, _), (server, port) = ends
        frames, how = tuple(sorted(waiting.frames)), waiting.how
        self._tell(ConnectionAttempt(client, server, port, "tcp", frames, waiting.ts_ns, how))
