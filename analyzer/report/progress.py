"""A progress bar on standard error for inputs that take a while to read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from analyzer.analysis import Progress

WORTH_A_BAR = 20_000_000  # input bytes from which a progress bar is shown


class ProgressBar:
    """A tqdm bar per large input, made when the first one comes."""

    def __init__(self, *, enabled: bool = True) -> None:
        self._enabled = enabled
        self._bar: Any = None
        self._source: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None

    @property
    def update(self) -> Progress | None:
        """The callback for `read`, or None where no bar is wanted."""
        return self._update if self._enabled else None

    def _update(self, source: Any, count: int) -> None:
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
            self._bar.update(count - self._bar.n)
