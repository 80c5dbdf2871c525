"""Rotated captures: the files that one capture process has written in turn, read as one capture.

A file belongs to the one before it if its name counts on and its time goes on. The names that
dumpcap -b gives (`NAME_00002_20261127120000.pcapng`, or time and number the other way round) tell by
themselves that they are parts. Of any other name that counts (`D_01.pcap`, `trace.pcap2`) the next file
must also begin within `GAP_NS` of the end of the one before it. Frames of a set are counted through: frame 1
is the first of its first file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.capture.file_ends import ends
from analyzer.capture.inputs import Input, RemoteInput, RotatedInput
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP_NS = 10_000_000_000
"""Time between two files' packets beyond which names that merely count prove nothing."""

_RING = (
    re.compile(r"(?P<name>.*)_(?P<number>\d{5,})_(?P<time>\d{14})(?P<kind>\..+)?"),
    re.compile(r"(?P<name>.*)_(?P<time>\d{14})_(?P<number>\d{5,})(?P<kind>\..+)?"),
)
_COUNTED = (
    re.compile(r"(?P<name>.*?)(?P<number>\d{1,9})(?P<kind>\.[A-Za-z][^/]*)"),
    re.compile(r"(?P<name>.*\.(?:p?cap|pcapng|dmp))(?P<number>\d{1,9})?(?P<kind>\.gz|\.zst)?"),
)


class _Place(NamedTuple):
    """What a file's name says: of which set it may be, and where in it."""

    family: tuple[str, ...]
    number: int
    by_name: bool  # the name alone tells that it is one of a set


def join_rotated(inputs: Sequence[Input]) -> list[Input]:
    """Put inputs that are parts of one rotated capture together, at the place of the first of them."""
    families: dict[tuple[str, ...], list[tuple[int, bool, int]]] = {}
    for at, item in enumerate(inputs):
        place = (
            _place(item)
            if type(item) in {Input, RemoteInput} and not item.is_standard_input
            else None
        )
        if place is not None:
            families.setdefault(place.family, []).append((place.number, place.by_name, at))
    joined: dict[int, Input] = {}
    taken: set[int] = set()
    for members in families.values():
        for run in _runs(inputs, sorted(members)):
            parts = tuple(inputs[at] for at in run)
            joined[min(run)] = _set_of(parts)
            taken.update(run)
    return [
        joined.get(at, item) for at, item in enumerate(inputs) if at in joined or at not in taken
    ]


def _place(item: Input) -> _Place | None:
    path = Path(item.path)
    folder = str(path.parent)
    for pattern in _RING:
        found = pattern.fullmatch(path.name)
        if found:
            ring = (folder, found["name"], found["kind"] or "", pattern.pattern)
            return _Place(ring, int(found["number"]), by_name=True)
    for pattern in _COUNTED:
        found = pattern.fullmatch(path.name)
        if found:
            family = (folder, found["name"], found["kind"] or "", pattern.pattern)
            return _Place(family, int(found["number"] or 0), by_name=False)
    return None


def _runs(inputs: Sequence[Input], members: Iterable[tuple[int, bool, int]]) -> Iterable[list[int]]:
    """Stretches of two or more files that go on from one another, as places among the inputs."""
    run: list[int] = []
    before: tuple[int, int, int | None] | None = None  # number, first time, last time
    candidates = list(members)
    numbers = {number for number, _, _ in candidates}
    for number, by_name, at in candidates:
        first: int | None = None
        last: int | None = None
        if number - 1 in numbers or number + 1 in numbers:  # else its times are of no interest
            first, last = ends(inputs[at])
        if not (
            before is not None
            and first is not None
            and number == before[0] + 1
            and _goes_on(before[1], before[2], first, by_name=by_name)
        ):
            if len(run) > 1:
                yield run
            run = []
        run.append(at)
        before = None if first is None else (number, first, last)
    if len(run) > 1:
        yield run


def _goes_on(first_before: int, last_before: int | None, first: int, *, by_name: bool) -> bool:
    if last_before is None:
        return by_name and first >= first_before
    return first >= last_before and (by_name or first - last_before <= GAP_NS)


def _set_of(parts: tuple[Input, ...]) -> RotatedInput:
    first, last = parts[0], parts[-1]
    return RotatedInput(
        first.path,
        all(part.from_directory for part in parts),
        f"{first.name}..{Path(last.path).name}",
        parts,
    )
