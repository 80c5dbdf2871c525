"""Compare two sides, client by client and service by service: their negotiations, and their KDC exchanges.

How often something happened says nothing where one capture is longer than the other; so what is compared
is what happened at all, aspect by aspect (`aspects`). SMB 1 and SMB 2 are one carrier of one service: that a
client went from one to the other is a change of it.

What one capture lacks is no change. Where a side holds negotiations in part, or its captures lack whole ones,
that side may have been as bad as the other: then the verdict is `unknown`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING

from analyzer.changes.aspects import (
    KDC,
    NEGOTIATIONS,
    NOT_SEEN,
    WEAK,
    Aspect,
    Row,
    begins_unseen,
    family_of,
    in_part,
    may_be_weaker,
    ticket_weakness,
    weakness_of,
)
from analyzer.changes.source import USED, USED_OF_KDC
from dissectors.records import NamedTuple, dataclass

if TYPE_CHECKING:
    from analyzer.changes.source import Side
    from analyzer.tables.collect import Columns


class Change(NamedTuple):
    """One difference; a row of the table `changes`."""

    change: str  # appeared, vanished, changed
    verdict: str  # stronger, weaker, different; unknown: what a side lacks may make up for it
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

UNKNOWN = "unknown"
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
    servers: set[str] = field(default_factory=set)  # addresses
    unnamed: bool = False  # a row does not tell for which service the client asked
    lacking: set[str] = field(default_factory=set)  # aspects of which something is not seen

    def add(self, row: Row, aspects: dict[str, Aspect], number: int | None) -> None:
        self.count += 1
        self.first = number if self.first is None else self.first
        for name, aspect in aspects.items():
            text = aspect.text(row)
            if text is not None:
                self.seen[name].setdefault(text, number)
            if text == NOT_SEEN or (aspect.grows and begins_unseen(row)):
                self.lacking.add(name)

    def weighs(self, weakness: int | None) -> None:
        """Note how weak a row is, if it is."""
        if weakness is not None:
            self.weakest = min(self.weakest, weakness)


_Groups = dict[Key, _Group]
_AtServers = dict[Key, list[_Group]]
"""By client, address of the server and family: by whichever names the client asked for it."""
_WAYS = {"http-proxy": "http"}
"""Families that are told apart by what may not be in the capture."""


def compare(before: Side, after: Side) -> list[Change]:
    """All changes, in order of client, service and carrier; [] where nothing changed."""
    names = _names(before.negotiations, after.negotiations)
    old, new = (_negotiations(side.negotiations, names) for side in (before, after))
    _lack_rows((before, old), (after, new), aspects=NEGOTIATIONS)
    changes: list[Change] = []
    at_servers = _at_servers(old)
    for key in sorted(old.keys() | new.keys()):
        changes += _changes(key, old.get(key), new.get(key), None if before.cut else at_servers)
    if before.kdc is not None and after.kdc is not None:
        old, new = _exchanges(before.kdc), _exchanges(after.kdc)
        _lack_rows((before, old), (after, new), aspects=KDC)
        at_servers = _at_servers(old)
        for key in sorted(old.keys() | new.keys()):
            known = None if before.cut else at_servers
            changes += _kdc_changes(key, old.get(key), new.get(key), known)
    return changes


def _lack_rows(*sides: tuple[Side, _Groups], aspects: dict[str, Aspect]) -> None:
    """Of a side whose captures lack something, no group shows the worst for sure."""
    for side, groups in sides:
        if side.cut:
            for group in groups.values():
                group.lacking.update(aspects)


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


def _negotiations(columns: Columns, names: dict[str, str]) -> _Groups:
    groups: _Groups = defaultdict(_Group)
    for row in _rows(columns, USED):
        name, server, carrier = row["server_name"], row["server"], row["carrier"]
        service = name.lower() if name else names.get(server) or server
        group = groups[row["client"], service, family_of(carrier)]
        group.add(row, NEGOTIATIONS, row["negotiation_id"])
        group.carriers.add(carrier)
        group.servers.add(server)
        group.unnamed = group.unnamed or not name or in_part(row)
        if may_be_weaker(row):
            group.lacking.add("mechanism")
        group.weighs(weakness_of(row))
    return groups


def _exchanges(columns: Columns) -> _Groups:
    groups: _Groups = defaultdict(_Group)
    for row in _rows(columns, USED_OF_KDC):
        key: Key = row["client"] or "", row["sname"] or "", "kdc"
        group = groups[key]
        group.add(row, KDC, None)
        group.carriers.add("kdc")
        group.servers.add("")  # whichever KDC it was
        # an answer alone names the ticket's service, which may be called otherwise in the request
        group.unnamed = group.unnamed or row["request_cut"] is None or not row["sname"]
        group.weighs(ticket_weakness(row))
    return groups


def _at_servers(groups: _Groups) -> _AtServers:
    found: _AtServers = defaultdict(list)
    for (client, _, family), group in groups.items():
        for server in group.servers:
            found[client, server, _WAYS.get(family, family)].append(group)
    return found


def _changes(
    key: Key, old: _Group | None, new: _Group | None, before: _AtServers | None
) -> Iterator[Change]:
    if new is None:
        yield _one_sided(key, old, new, "mechanism", "different")
        return
    if old is None:
        verdict = "weaker" if new.weakest < WEAK else "different"
        if verdict == "weaker" and _may_be_known(key, new, before, "mechanism"):
            verdict = UNKNOWN
        yield _one_sided(key, old, new, "mechanism", verdict)
        return
    for name, aspect in NEGOTIATIONS.items():
        if name == "mechanism":
            worst: tuple[int, int] | None = (-old.weakest, -new.weakest)
        else:
            worst = _worst(name, old, new, aspect)
        yield from _differences(key, name, aspect, old, new, worst)


def _may_be_known(key: Key, new: _Group, before: _AtServers | None, aspect: str) -> bool:
    """Under another name the client may have done just this before, at the same server.

    So it is where one of the two does not tell the name by which the client asked. None before: whatever it
    did may be cut off.
    """
    if before is None:
        return True
    client, _, family = key
    return any(
        group.weakest <= new.weakest or aspect in group.lacking
        for server in new.servers
        for group in before.get((client, server, _WAYS.get(family, family)), ())
        if group.unnamed or new.unnamed
    )


def _kdc_changes(
    key: Key, old: _Group | None, new: _Group | None, before: _AtServers | None
) -> Iterator[Change]:
    """Which tickets are asked for is chance: one that is asked for on one side only is told if it is weak."""
    if old is None or new is None:
        there = new or old
        assert there is not None
        weak = any(KDC["ticket"].place(text) for text in there.seen["ticket"])
        if weak or "none" in there.seen["pre-authentication"]:
            verdict = "different"
            if new is not None:
                verdict = UNKNOWN if _may_be_known(key, new, before, "ticket") else "weaker"
            yield _one_sided(key, old, new, "ticket", verdict)
        return
    for name, aspect in KDC.items():
        worst = _worst(name, old, new, aspect)
        yield from _differences(key, name, aspect, old, new, worst)


def _one_sided(
    key: Key, old: _Group | None, new: _Group | None, aspect: str, verdict: str
) -> Change:
    """Client and service are known to one side only."""
    there = new or old
    assert there is not None
    ends = key[0], key[1], _carrier(key, there)
    seen = sorted(there.seen[aspect])
    if new is None:
        return Change("vanished", verdict, *ends, _ANY, seen, [], there.count, 0, there.first, None)
    return Change("appeared", verdict, *ends, _ANY, [], seen, 0, there.count, None, there.first)


def _differences(
    key: Key, name: str, aspect: Aspect, old: _Group, new: _Group, worst: tuple[int, int] | None
) -> Iterator[Change]:
    """The change of one aspect, if there is one and both sides have something of it.

    `worst` of either side, the higher the worse; None where they can't be compared. That a part is not seen
    beside what both sides show alike is no change.
    """
    was, now = old.seen[name], new.seen[name]
    known_before, known_after = was.keys() - {NOT_SEEN}, now.keys() - {NOT_SEEN}
    if not was or not now or known_before == known_after:
        return
    both = known_before and known_after
    if not both and not aspect.usual:
        return
    gone = next((was[text] for text in was if text not in now), old.first)
    come = next((now[text] for text in now if text not in was), new.first)
    ends = key[0], key[1], _carrier(key, old, new)
    counts = old.count, new.count
    verdict = UNKNOWN
    if both:
        lacking = name in old.lacking, name in new.lacking
        if aspect.grows and any(lacking):
            lacking = True, True  # what is seen of a part is not the worst of it either
        verdict = "different" if worst is None else _verdict(*worst, *lacking)
    yield Change("changed", verdict, *ends, name, sorted(was), sorted(now), *counts, gone, come)


def _carrier(key: Key, *groups: _Group) -> str:
    """The carrier, or the family where there were several."""
    carriers = {carrier for group in groups for carrier in group.carriers}
    return next(iter(carriers)) if len(carriers) == 1 else key[2]


def _worst(name: str, old: _Group, new: _Group, aspect: Aspect) -> tuple[int, int] | None:
    """Places in the order of the worst of both sides; what is not in the order can't be compared."""
    was, now = (
        [place for text in group.seen[name] if (place := aspect.place(text)) is not None]
        for group in (old, new)
    )
    return (max(was), max(now)) if was and now else None


def _verdict(was: int, now: int, old_lacks: bool, new_lacks: bool) -> str:
    """Which of both worst is the worse one; unknown where the better side is not seen whole."""
    if was == now:
        return "different"
    if now > was:
        return UNKNOWN if old_lacks else "weaker"
    return UNKNOWN if new_lacks else "stronger"
