"""Compare two sides, client by client and service by service: their negotiations, and their KDC exchanges.

How often something happened says nothing where one capture is longer than the other; so what is compared
is what happened at all, aspect by aspect (`aspects`). SMB 1 and SMB 2 are one carrier of one service: that a
client went from one to the other is a change of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from analyzer.changes.aspects import (
    KDC,
    NEGOTIATIONS,
    WEAK,
    Aspect,
    Row,
    family_of,
    weakness_of,
)
from analyzer.changes.source import USED, USED_OF_KDC

if TYPE_CHECKING:
    from analyzer.changes.source import Side
    from analyzer.tables.collect import Columns


class Change(NamedTuple):
    """One difference; a row of the table `changes`."""

    change: str  # appeared, vanished, changed
    verdict: str  # stronger, weaker, different
    client: str
    service: str
    carrier: str
    aspect: str  # of NEGOTIATIONS or KDC; `any` where one side knows nothing of client and service
    before: list[str]
    after: list[str]
    count_before: int
    count_after: int
    id_before: int | None  # a negotiation to look at
    id_after: int | None


Key = tuple[str, str, str]
"""Client, service, family of carriers."""

_NO_WEAKNESS = 1 << 10
_ANY = "any"


@dataclass(slots=True)
class _Group:
    """All rows of a client and a service."""

    count: int = 0
    seen: dict[str, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    carriers: set[str] = field(default_factory=set)
    weakest: int = _NO_WEAKNESS  # place in the list of what is weak, the weakest first
    first: int | None = None

    def add(self, row: Row, aspects: dict[str, Aspect], number: int | None) -> None:
        self.count += 1
        self.first = number if self.first is None else self.first
        for name, aspect in aspects.items():
            text = aspect.text(row)
            if text is not None:
                self.seen[name].setdefault(text, number)


def compare(before: Side, after: Side) -> list[Change]:
    """All changes, in order of client, service and carrier; [] where nothing changed."""
    names = _names(before.negotiations, after.negotiations)
    old, new = _negotiations(before.negotiations, names), _negotiations(after.negotiations, names)
    changes: list[Change] = []
    for key in sorted(old.keys() | new.keys()):
        changes += _changes(key, old.get(key), new.get(key))
    if before.kdc is not None and after.kdc is not None:
        old, new = _exchanges(before.kdc), _exchanges(after.kdc)
        for key in sorted(old.keys() | new.keys()):
            changes += _kdc_changes(key, old.get(key), new.get(key))
    return changes


def _rows(columns: Columns, names: tuple[str, ...]) -> Iterator[Row]:
    for cells in zip(*(columns[name] for name in names), strict=True):
        yield dict(zip(names, cells, strict=True))


def _names(*sides: Columns) -> dict[str, str]:
    """Address -> the one name by which clients asked for it; none if they used several."""
    known: dict[str, set[str]] = defaultdict(set)
    for columns in sides:
        for server, name in zip(columns["server"], columns["server_name"], strict=True):
            if name:
                known[server].add(name.lower())
    return {server: next(iter(names)) for server, names in known.items() if len(names) == 1}


def _negotiations(columns: Columns, names: dict[str, str]) -> dict[Key, _Group]:
    groups: dict[Key, _Group] = defaultdict(_Group)
    for row in _rows(columns, USED):
        name, server, carrier = row["server_name"], row["server"], row["carrier"]
        service = name.lower() if name else names.get(server) or server
        group = groups[row["client"], service, family_of(carrier)]
        group.add(row, NEGOTIATIONS, row["negotiation_id"])
        group.carriers.add(carrier)
        weakness = weakness_of(row)
        if weakness is not None:
            group.weakest = min(group.weakest, weakness)
    return groups


def _exchanges(columns: Columns) -> dict[Key, _Group]:
    groups: dict[Key, _Group] = defaultdict(_Group)
    for row in _rows(columns, USED_OF_KDC):
        key: Key = row["client"] or "", row["sname"] or "", "kdc"
        group = groups[key]
        group.add(row, KDC, None)
        group.carriers.add("kdc")
    return groups


def _changes(key: Key, old: _Group | None, new: _Group | None) -> Iterator[Change]:
    if old is None or new is None:
        yield _one_sided(key, old, new, "mechanism", weak=new is not None and new.weakest < WEAK)
        return
    for name, aspect in NEGOTIATIONS.items():
        if name == "mechanism":
            verdict = _verdict(-old.weakest, -new.weakest)
        else:
            verdict = _worse(old.seen[name], new.seen[name], aspect.order)
        yield from _differences(key, name, old, new, verdict)


def _kdc_changes(key: Key, old: _Group | None, new: _Group | None) -> Iterator[Change]:
    """Which tickets are asked for is chance: one that is asked for on one side only is told if it is weak."""
    if old is None or new is None:
        there = new or old
        assert there is not None
        if not there.seen["ticket"].keys() <= {"aes"} or "none" in there.seen["pre-authentication"]:
            yield _one_sided(key, old, new, "ticket", weak=new is not None)
        return
    for name, aspect in KDC.items():
        yield from _differences(
            key, name, old, new, _worse(old.seen[name], new.seen[name], aspect.order)
        )


def _one_sided(
    key: Key, old: _Group | None, new: _Group | None, aspect: str, *, weak: bool
) -> Change:
    """Client and service are known to one side only."""
    there = new or old
    assert there is not None
    ends = key[0], key[1], _carrier(key, there)
    seen = sorted(there.seen[aspect])
    if new is None:
        return Change(
            "vanished", "different", *ends, _ANY, seen, [], there.count, 0, there.first, None
        )
    verdict = "weaker" if weak else "different"
    return Change("appeared", verdict, *ends, _ANY, [], seen, 0, there.count, None, there.first)


def _differences(key: Key, aspect: str, old: _Group, new: _Group, verdict: str) -> Iterator[Change]:
    """The change of one aspect, if there is one and both sides say something of it."""
    was, now = old.seen[aspect], new.seen[aspect]
    if was.keys() == now.keys() or not was or not now:
        return
    gone = next((was[text] for text in was if text not in now), old.first)
    come = next((now[text] for text in now if text not in was), new.first)
    ends = key[0], key[1], _carrier(key, old, new)
    counts = old.count, new.count
    yield Change("changed", verdict, *ends, aspect, sorted(was), sorted(now), *counts, gone, come)


def _carrier(key: Key, *groups: _Group) -> str:
    """The carrier, or the family where there were several."""
    carriers = {carrier for group in groups for carrier in group.carriers}
    return next(iter(carriers)) if len(carriers) == 1 else key[2]


def _worse(was: dict[str, Any], now: dict[str, Any], order: tuple[str, ...]) -> str:
    """Compare the worst of both sides; what is not in the order can't be compared."""
    old, new = ([order.index(text) for text in side if text in order] for side in (was, now))
    return _verdict(max(old), max(new)) if old and new else "different"


def _verdict(was: int, now: int) -> str:
    return "different" if was == now else "weaker" if now > was else "stronger"
