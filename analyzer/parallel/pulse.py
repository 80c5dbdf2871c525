"""How far a process is in its capture: told by itself some times a second, and missed if it stands still.

A process that hangs (a network share that no longer answers, an endless loop) neither ends nor fails. It is
judged by what it tells, not by how long it takes: a slow machine and a huge capture get what they need.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from analyzer.capture.inputs import RemoteInput
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.capture.inputs import Input
    from analyzer.parallel.processes import Answers

BEAT_S = 0.25
"""Seconds between two words of a process."""

STALL_S = 300.0
"""Seconds without any progress after which a process is ended; a block of 16 MB takes it a second."""

STEP_S = 5.0
"""Seconds that count at most from one look to the next: who looks may have been stopped itself (Ctrl-Z)."""

LOOKED_THROUGH_PER_S = 10_000_000
"""Bytes of a file that are looked through in a second, at the least, before Wireshark tells a packet."""


class Pulse(NamedTuple):
    """What was read of a capture so far."""

    bytes: int = 0  # of the input, as they lie in the file
    packets: int = 0
    found: int = 0  # negotiations that are over


@contextmanager
def beating(answers: Answers, look: Callable[[], Pulse]) -> Iterator[None]:
    """Tell within how far this process is, if it got any further."""
    over = threading.Event()

    def tell() -> None:
        before = Pulse()
        while not over.wait(BEAT_S):
            now = look()
            if now != before:
                answers.put(now)
                before = now

    def tell_while_asked() -> None:
        with suppress(OSError):  # nobody listens any more: who reads will notice
            tell()

    thread = threading.Thread(target=tell_while_asked, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Patience:
    """How long a process may get no further in one capture.

    `STALL_S`; once the last byte is read, as long again as all took until then, if that is more: what was
    found is put together, and nothing more is counted. A pipe is waited for as long as its writer likes.
    """

    def __init__(self, source: Input, *, looked_through: bool = False) -> None:
        self._size = source.size
        self._waits = not self._size and not isinstance(source, RemoteInput)
        self._first = self._size / LOOKED_THROUGH_PER_S if looked_through else 0.0
        self._looked = time.monotonic()
        self._took = self._still = 0.0  # seconds until the latest progress, and since
        self._pulse = Pulse()

    def told(self, pulse: Pulse) -> None:
        """Take what the process tells."""
        self._look()
        if pulse != self._pulse:
            self._pulse = pulse
            self._took, self._still = self._took + self._still, 0.0

    def _look(self) -> None:
        now = time.monotonic()
        self._still += min(now - self._looked, STEP_S)
        self._looked = now

    @property
    def limit(self) -> float:
        """Seconds without progress that are allowed now."""
        if not self._pulse.packets:
            return max(STALL_S, self._first)
        if self._pulse.bytes >= self._size:
            return max(STALL_S, self._took)
        return STALL_S

    def is_over(self) -> bool:
        """Whether it is; to be asked every few seconds."""
        self._look()
        return not self._waits and self._still > self.limit


def stalled(seconds: float) -> str:
    """Tell why a process was ended."""
    return f"the process that read it made no progress for {seconds:.0f} s and was ended"
