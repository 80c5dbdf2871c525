"""Chooses the facts about names that a join may ask for: few of all that a network looks up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.correlation.name_index import HOST_RECORDS

if TYPE_CHECKING:
    from analyzer.negotiation.model import Negotiation
    from analyzer.surroundings.model import Surroundings
    from analyzer.surroundings.name_facts import NameFact, Told


def wanted_names(negotiations: list[Negotiation], surroundings: Surroundings) -> list[NameFact]:
    """Facts about names, without answers that lead a client to where no negotiation is.

    Where a look-up failed, what others found under the same name counts, wherever it led.
    """
    if not negotiations:
        return []
    servers = {negotiation.stream.server for negotiation in negotiations}
    failed = {fact.name for fact in surroundings.names if not fact.addresses}
    for answers in surroundings.answered:
        failed.update(told.question.name for told in answers.told if not told.addresses)

    def is_wanted(told: Told) -> bool:
        name, record = told.question
        if not told.addresses or record not in HOST_RECORDS:
            return True
        return not (servers.isdisjoint(told.addresses) and failed.isdisjoint((name, *told.targets)))

    return surroundings.all_names(is_wanted)
