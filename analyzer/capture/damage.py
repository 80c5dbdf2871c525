"""Where a capture file is broken: stating the loss, and finding where records go on.

A record boundary is believed where a chain of plausible records starts there (or leads exactly to
the end of the file). A capture stored inside a packet can fool this; what follows is then found
damaged again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from analyzer.capture.model import CaptureAccount, CaptureLoss

CHAIN = 16
"""Plausible records in a row that are believed."""
RESYNC_LIMIT = 1 << 28
"""Unreadable bytes in a row that are searched before the rest of the file is given up."""
LOSSES_LISTED = 100
"""Losses of one code and capture that are listed one by one; more are summed up in one entry."""
FIRST_SEARCH = 1 << 12
LARGEST_SEARCH = 1 << 20


def record_loss(account: CaptureAccount, loss: CaptureLoss) -> None:
    """Enter damage of the file itself into the account.

    Losses without an extent are packets and blocks lost one by one: one entry for each reason.
    """
    account.damaged = True
    same = [known for known in account.losses if known.code == loss.code]
    if loss.length is None:
        for known in same:
            if known.detail == loss.detail and known.length is None:
                known.count += loss.count
                return
    if len(same) < LOSSES_LISTED:
        account.losses.append(loss)
        return
    rest = same[-1]
    rest.detail = f"{rest.detail.removesuffix(', and more')}, and more"
    rest.count += loss.count
    rest.length = (rest.length or 0) + (loss.length or 0)


class Chain(Protocol):
    """What one file format knows about its records; offsets count in the window."""

    def candidates(self, start: int, stop: int) -> NDArray[np.int64]:
        """Offsets in [start, stop) where a record may start, by a cheap test."""

    def follow(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the record at each offset ends; -1 where none can start."""


def find_chain(
    chain: Chain, start: int, stop: int, end: int, *, at_end: bool, cut_allowed: bool
) -> int | None:
    """First offset in [start, stop) from which records follow one another.

    `end` is where the window's bytes end; with `at_end` the file ends there too, and a chain may
    then be short if it leads exactly there or, with `cut_allowed`, into a record that is cut.
    """
    size = FIRST_SEARCH
    while start < stop:
        upper = min(start + size, stop)
        found = _first_chain(chain, chain.candidates(start, upper), end, at_end, cut_allowed)
        if found is not None:
            return found
        start = upper
        size = min(size * 2, LARGEST_SEARCH)
    return None


def _first_chain(
    chain: Chain, origin: NDArray[np.int64], end: int, at_end: bool, cut_allowed: bool
) -> int | None:
    believed: list[int] = []
    place = origin
    for length in range(CHAIN):
        place = chain.follow(place)
        over = place >= end
        if over.any():
            good = place == end
            if cut_allowed and length >= 2:  # two whole records lead into the cut one
                good = over
            if at_end and good.any():
                believed.append(int(origin[good].min()))
        going_on = (place >= 0) & ~over
        if not going_on.all():
            origin, place = origin[going_on], place[going_on]
        if not len(origin):
            break
    if len(origin):
        believed.append(int(origin[0]))
    return min(believed, default=None)
