"""Rows of the table `names`, cells in schema order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.surroundings.name_facts import NameFact


def name_row(capture: str, fact: NameFact) -> list[Any]:
    """One look-up, or one name that a client showed."""
    return [
        capture,
        fact.client,
        fact.source,
        fact.name,
        fact.record,
        list(fact.addresses),
        fact.rcode,
        fact.responder,
        fact.frame,
        fact.ts_ns,
        list(fact.targets),
        fact.broadcast,
        fact.ttl,
        fact.partial,
    ]
