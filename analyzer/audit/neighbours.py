"""Which answers of neighbours may have led a client to a server: found without looking at all there are.

A look-up sees at most `LOOK_BACK` answers to one client and as many for one name, however often they come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.audit.facts import Facts

LOOK_BACK = 32
_BEFORE_NS = 120_000_000_000

_Entry = tuple[int, int, Any]  # time in ns, place in the table, row of `names`


def label(name: str) -> str:
    """The first label of a name, in lower case: what LLMNR, mDNS and NetBIOS have in common."""
    return name.lower().partition(".")[0]


class Neighbours:
    """Answers of those who may all answer, by the address that they name."""

    def __init__(self, facts: Facts) -> None:
        self._by_client: dict[tuple[str, str, str], list[_Entry]] = defaultdict(list)
        self._by_label: dict[tuple[str, str, str], list[_Entry]] = defaultdict(list)
        for place, fact in enumerate(facts.rows("names")):
            if not fact.broadcast:
                continue
            entry = fact.ts or 0, place, fact
            for address in {*(fact.addresses or ())}:
                self._by_client[fact.capture, address, fact.client].append(entry)
                self._by_label[fact.capture, address, label(fact.name)].append(entry)
        for index in (self._by_client, self._by_label):
            for entries in index.values():
                entries.sort(key=_moment)

    def before(self, row: Any) -> list[Any]:
        """Answers shortly before a negotiation that led its client to its server, in the table's order.

        A host may ask over one version of IP for the other: the name that it asked for tells then.
        """
        started = row.started or 0
        where = row.capture, row.server
        wanted = label(row.server_name or "")
        found = dict(_latest(self._by_client.get((*where, row.client), ()), started))
        if wanted:
            found |= dict(_latest(self._by_label.get((*where, wanted), ()), started))
        return [found[place] for place in sorted(found)]


def _moment(entry: _Entry) -> tuple[int, int]:
    return entry[:2]


def _latest(entries: list[_Entry] | tuple[()], until_ns: int) -> Iterator[tuple[int, Any]]:
    """Place and row of the latest of them that are not too old."""
    end = bisect_right(entries, until_ns, key=_when)
    begin = bisect_left(entries, until_ns - _BEFORE_NS, max(0, end - LOOK_BACK), end, key=_when)
    for _, place, fact in entries[begin:end]:
        yield place, fact


def _when(entry: _Entry) -> int:
    return entry[0]
