"""A progress bar on standard error for inputs that take a while to read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.capture.inputs import Input
    from analyzer.reading import Counted, Found

WORTH_A_BAR = 20_000_000  # input bytes from which a progress bar is shown


WORTH_COUNTING = 500  # things to do from which they are counted


@contextmanager
def counting(number: int, what: str, *, enabled: bool = True) -> Iterator[Callable[[int], object]]:
    """Give a function that is told how many of `number` things are done, and draws that."""
    if not enabled or number < WORTH_COUNTING:
        yield lambda _done: None
        return
    from tqdm import tqdm  # noqa: PLC0415 - only where a bar is drawn

    with tqdm(total=number, desc=what, leave=False, file=sys.stderr) as bar:
        yield lambda done: bar.update(done - bar.n)


class ProgressBar:
    """A tqdm bar per large input, made when the first one comes; one bar for all that are read side by side.

    It shows bytes, time left, and as far as they are counted or told, packets per second and negotiations
    found. It is itself the callback for `read`, and a `reading.Watcher`.
    """

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._bar: Any = None
        self._source: Input | None = None
        self._watched: tuple[Counted, Found] | None = None
        self._together: tuple[Input, ...] = ()
        self._counts: dict[str, int] = {}  # of those, by where they lie
        self._count = 0
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

    def watch(self, account: Counted, collector: Found, together: Sequence[Input] = ()) -> None:
        """Take the facts beside the bytes from here; `together`: they are of all these captures."""
        self._watched = account, collector
        self._began = perf_counter()
        self._together, self._counts, self._count = tuple(together), {}, 0
        if together:
            self._open(sum(source.size for source in together), f"{len(together)} captures")

    def __call__(self, source: Input, count: int) -> None:
        """So many bytes of an input have been read."""
        if self._together:
            self._count += count - self._counts.get(source.path, 0)
            self._counts[source.path] = count
            count = self._count
        elif source is not self._source:
            self._source = source
            self._open(None if source.is_standard_input else source.size, source.name)
        if self._bar is not None:
            self._bar.set_postfix_str(self.facts(), refresh=False)
            self._bar.update(count - self._bar.n)

    def _open(self, size: int | None, name: str) -> None:
        """Draw another bar from here on, if so many bytes (None: nobody knows) are worth one."""
        self._close()
        if size is not None and size < WORTH_A_BAR:
            return
        from tqdm import tqdm  # noqa: PLC0415 - only where a bar is drawn

        class Unwatched(tqdm):  # type: ignore[type-arg]
            """A bar without tqdm's thread: a process with threads can't start others by fork."""

            monitor_interval = 0

        self._bar = Unwatched(
            total=size,
            unit="B",
            unit_scale=True,
            desc=name[:30],
            leave=False,
            file=sys.stderr,
        )

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
