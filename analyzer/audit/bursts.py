"""Events that lie close together in time: many different ones within a window that slides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from operator import itemgetter
from typing import TypeVar

T = TypeVar("T")


def bursts(
    events: Iterable[T],
    *,
    when: Callable[[T], int | None],
    what: Callable[[T], Hashable],
    least: int,
    within_ns: int,
) -> Iterator[list[T]]:
    """Runs of events, in order of time; each event of a run lies in a window with `least` different ones.

    A window is any stretch of `within_ns`, wherever it begins: an early event hides nothing. Windows that
    overlap make one run. An event without a time lies close to none. Takes time in proportion to the events,
    once they are sorted.
    """
    timed = [(at, event) for event in events if (at := when(event)) is not None]
    timed.sort(key=itemgetter(0))
    seen: Counter[Hashable] = Counter()
    start = 0
    run: tuple[int, int] | None = None  # places of the first and behind the last
    for end, (at, event) in enumerate(timed):
        seen[what(event)] += 1
        while at - timed[start][0] > within_ns:
            gone = what(timed[start][1])
            seen[gone] -= 1
            if not seen[gone]:
                del seen[gone]
            start += 1
        if len(seen) < least:
            continue
        if run is not None and start > run[1] - 1:
            yield [event for _, event in timed[slice(*run)]]
            run = None
        run = (start if run is None else run[0], end + 1)
    if run is not None:
        yield [event for _, event in timed[slice(*run)]]


def many_of_one(
    events: Iterable[T],
    *,
    when: Callable[[T], int | None],
    what: Callable[[T], Hashable],
    least: int,
    within_ns: int,
) -> Iterator[list[T]]:
    """The same of events that are alike: runs of one `what`, `least` of them in a window."""
    alike: dict[Hashable, list[T]] = {}
    for event in events:
        alike.setdefault(what(event), []).append(event)
    for each in alike.values():
        yield from bursts(each, when=when, what=id, least=least, within_ns=within_ns)
