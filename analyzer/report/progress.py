"""A progress bar on standard error for inputs that take a while to read."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from analyzer.capture.inputs import Input
    from analyzer.capture.model import CaptureAccount
    from analyzer.tables.collect import Collector

WORTH_A_BAR = 20_000_000  # input bytes from which a progress bar is shown


class ProgressBar:
    """A tqdm bar per large input, made when the first one comes.

    It shows bytes, time left, and as far as they are counted in this process, packets per second and
    negotiations found. It is itself the callback for `read`, and a `reading.Watcher`.
    """

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._bar: Any = None
        self._source: Input | None = None
        self._watched: tuple[CaptureAccount, Collector] | None = None
        self._began = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None

    @property
    def update(self) -> Self | None:
        """The callback for `read`, or None where no bar is wanted."""
        return self if self._enabled else None

    def watch(self, account: CaptureAccount, collector: Collector) -> None:
        """Take the facts beside the bytes from here."""
        self._watched = account, collector
        self._began = perf_counter()

    def __call__(self, source: Input, count: int) -> None:
        """So many bytes of an input have been read."""
        if source is not self._source:
            self._close()
            self._source = source
            size = None if source.is_standard_input else source.size
            if size is not None and size < WORTH_A_BAR:
                return
            from tqdm import tqdm  # noqa: PLC0415 - only where a bar is drawn

            self._bar = tqdm(
                total=size,
                unit="B",
                unit_scale=True,
                desc=source.name[:30],
                leave=False,
                file=sys.stderr,
            )
        if self._bar is not None:
            self._bar.set_postfix_str(self.facts(), refresh=False)
            self._bar.update(count - self._bar.n)

    def facts(self) -> str:
        """What was counted and found so far, in words; empty where nothing is."""
        if self._watched is None:
            return ""
        account, collector = self._watched
        words = []
        seconds = perf_counter() - self._began
        if account.packets and seconds > 0:
            words.append(f"{account.packets / seconds:,.0f} packets/s")
        if collector.found:
            words.append(f"{collector.found:,} negotiations")
        return ", ".join(words)
