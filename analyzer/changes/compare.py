"""Compare the negotiations of two sides, client by client and service by service.

How often something happened says nothing where one capture is longer than the other; so what is compared
is what happened at all: mechanisms run, lists offered, outcomes, protection and reasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from analyzer.changes.source import USED
from analyzer.tables.weakness import RANK, Run, weakest_of

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns

NOTHING = "nothing"
"""Stands for no mechanism run, no protection seen, no reason to name."""


class Change(NamedTuple):
    """One difference; a row of the table `changes`."""

    change: str  # appeared, vanished, changed
    verdict: str  # stronger, weaker, different
    client: str
    service: str
    carrier: str
    aspect: str  # of ASPECTS; `any` where one side knows nothing of client and service
    before: list[str]
    after: list[str]
    count_before: int
    count_after: int
    id_before: int | None  # a negotiation to look at
    id_after: int | None


def _mechanism(row: dict[str, Any]) -> str:
    name, detail = row["mechanism"] or NOTHING, row["mechanism_detail"]
    return f"{name} ({detail})" if detail else name


def _offer(row: dict[str, Any]) -> str:
    return " > ".join(row["offered_mechs"]) if row["offered_mechs"] else NOTHING


ASPECTS: dict[str, Callable[[dict[str, Any]], str]] = {
    "mechanism": _mechanism,
    "offer": _offer,
    "outcome": lambda row: str(row["outcome"]),
    "protection": lambda row: row["protection"] or NOTHING,
    "reason": lambda row: row["reason"] or NOTHING,
}
"""What is compared -> its text of a row."""

_OUTCOMES = ("success", "incomplete", "failure")
_PROTECTIONS = ("seal", "tls", "sign", "none")

Key = tuple[str, str, str]


@dataclass(slots=True)
class _Group:
    """All negotiations of a client with a service over one carrier."""

    count: int = 0
    seen: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    weakest: int = len(RANK)  # place in the list of what is weak, the weakest first
    first: int | None = None

    def add(self, row: dict[str, Any]) -> None:
        self.count += 1
        self.first = row["negotiation_id"] if self.first is None else self.first
        weakest = weakest_of(Run(*(row[name] for name in Run._fields)))
        if weakest is not None:
            self.weakest = min(self.weakest, RANK[weakest])
        for aspect, text in ASPECTS.items():
            self.seen[aspect].setdefault(text(row), row["negotiation_id"])


def compare(before: Columns, after: Columns) -> list[Change]:
    """All changes, in order of client, service and carrier; [] where nothing changed."""
    names = _names(before, after)
    old, new = _grouped(before, names), _grouped(after, names)
    changes: list[Change] = []
    for key in sorted(old.keys() | new.keys()):
        changes += _changes(key, old.get(key), new.get(key))
    return changes


def _names(*sides: Columns) -> dict[str, str]:
    """Address -> the one name by which clients asked for it; none if they used several."""
    known: dict[str, set[str]] = defaultdict(set)
    for columns in sides:
        for server, name in zip(columns["server"], columns["server_name"], strict=True):
            if name:
                known[server].add(name.lower())
    return {server: next(iter(names)) for server, names in known.items() if len(names) == 1}


def _grouped(columns: Columns, names: dict[str, str]) -> dict[Key, _Group]:
    groups: dict[Key, _Group] = defaultdict(_Group)
    for cells in zip(*(columns[name] for name in USED), strict=True):
        row = dict(zip(USED, cells, strict=True))
        name = row["server_name"]
        service = name.lower() if name else names.get(row["server"], row["server"])
        groups[row["client"], service, row["carrier"]].add(row)
    return groups


def _changes(key: Key, old: _Group | None, new: _Group | None) -> Iterator[Change]:
    if old is None or new is None:
        there = new or old
        assert there is not None
        mechanisms = sorted(there.seen["mechanism"])
        if new is None:
            yield Change(
                "vanished",
                "different",
                *key,
                "any",
                mechanisms,
                [],
                there.count,
                0,
                there.first,
                None,
            )
        else:
            # NTLM where there was nothing is news that an audit wants
            weak = any(text.startswith("ntlm") for text in mechanisms)
            yield Change(
                "appeared",
                "weaker" if weak else "different",
                *key,
                "any",
                [],
                mechanisms,
                0,
                there.count,
                None,
                there.first,
            )
        return
    for aspect in ASPECTS:
        was, now = old.seen[aspect], new.seen[aspect]
        if was.keys() == now.keys():
            continue
        gone = next((was[text] for text in was if text not in now), old.first)
        come = next((now[text] for text in now if text not in was), new.first)
        verdict = _verdict(aspect, old, new)
        counts = old.count, new.count
        yield Change(
            "changed", verdict, *key, aspect, sorted(was), sorted(now), *counts, gone, come
        )


def _verdict(aspect: str, old: _Group, new: _Group) -> str:
    """Compare the worst of both sides."""
    match aspect:
        case "mechanism":
            was, now = -old.weakest, -new.weakest
        case "outcome":
            was, now = (_worst(side, aspect, _OUTCOMES) for side in (old, new))
        case "protection":
            if not any(text in _PROTECTIONS for text in old.seen[aspect]):
                return "different"  # it may have been refused: nothing to compare with
            if not any(text in _PROTECTIONS for text in new.seen[aspect]):
                return "different"
            was, now = (_worst(side, aspect, _PROTECTIONS) for side in (old, new))
        case _:
            return "different"
    return "different" if was == now else "weaker" if now > was else "stronger"


def _worst(group: _Group, aspect: str, order: tuple[str, ...]) -> int:
    return max((order.index(text) for text in group.seen[aspect] if text in order), default=0)
