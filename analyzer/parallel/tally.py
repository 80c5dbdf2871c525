"""How far several captures are that are read side by side, added up for who watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.parallel.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analyzer.capture.inputs import Input


class Tally:
    """Counts of all captures; see `reading.Watcher`."""

    def __init__(
        self, sources: Sequence[Input], progress: Callable[[Input, int], None] | None = None
    ) -> None:
        self._sources = sources
        self._progress = progress
        self._latest: dict[int, Pulse] = {}  # by place of the capture
        self.packets = 0
        self.found = 0

    def told(self, place: int, pulse: Pulse) -> None:
        """One of them has come so far."""
        before = self._latest.get(place, Pulse())
        self._latest[place] = pulse
        self.packets += pulse.packets - before.packets
        self.found += pulse.found - before.found
        if self._progress is not None:
            self._progress(self._sources[place], pulse.bytes)

    def done(self, place: int, packets: int, found: int) -> None:
        """Nothing more comes of one of them, be it read or lost."""
        self.told(place, Pulse(self._sources[place].size, packets, found))
