"""Names that anybody in the network may answer, and where they led.

Spec: RFC 4795 (LLMNR), RFC 6762 (mDNS), RFC 1002 (NetBIOS names).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client
from analyzer.audit.model import Hit
from analyzer.audit.neighbours import Neighbours, label
from analyzer.audit.registry import rule

_ANYBODY = {"llmnr": "LLMNR", "mdns": "mDNS", "nbns": "NetBIOS"}
_NO_ADDRESS = {"PTR", "NBSTAT", "ANY"}
"""Names of an address or of a host that is known; ANY: whether one's own name is free (RFC 4795 4.1)."""
_OFF = (
    "Turn off LLMNR ('Turn off multicast name resolution'), NetBIOS over TCP/IP and mDNS "
    "where they are not needed."
)


@rule(
    "NGS-NAME-001",
    "high",
    "NTLM to a host that a neighbour's answer named",
    means="A name that DNS did not know was answered by whoever wanted to, and the client sent "
    "its NTLM answer there.",
    remedy=_OFF + " Find the host that answered.",
    references=(
        "ATT&CK T1557.001",
        "RFC 4795 5",
        "CIS Windows: turn off multicast name resolution",
    ),
    table=None,
)
def led_astray(facts: Facts) -> Iterator[Hit]:
    """A neighbour's answer led the client to a server, by NTLM, that calls itself otherwise."""
    neighbours = Neighbours(facts)
    for row in facts.rows("negotiations", "mechanism", {"ntlm"}):
        challenge = facts.challenges.get(row.negotiation_id)
        if challenge is None or facts.is_cut(challenge):
            continue  # what the server calls itself must be there
        used = label(row.server_name or (row.spn or "").partition("/")[2])
        own = _own_names(challenge)
        before = [
            fact
            for fact in neighbours.before(row)
            if label(fact.name) not in own
            and (not used or used[0].isdigit() or used == label(fact.name))
        ]
        if before:
            fact = before[0]
            why = (
                f"{row.client} asked for {fact.name} by {_ANYBODY[fact.source]}, "
                f"{fact.responder or row.server} answered, and NTLM went to {row.server}"
            )
            frames = (*sorted({each.frame for each in before}), *row.frames)
            sure = "likely" if own and used == label(fact.name) else "possible"
            yield by_client(row, why, sure, frames)


def _own_names(challenge: Any) -> set[str]:
    """What the server calls itself and its domain: who is asked for by these answers by right."""
    said = [str(value) for value in (challenge.ntlm_target_info or {}).values()]
    return {label(name) for name in (*said, challenge.ntlm_target_name or "") if name}


@rule(
    "NGS-NAME-002",
    "low",
    "Names asked of everybody",
    means="The client asks the whole network for names by LLMNR or NetBIOS: any neighbour may "
    "answer.",
    remedy=_OFF,
    references=("ATT&CK T1557.001", "CIS Windows: turn off multicast name resolution"),
    table="names",
)
def asks_everybody(row: Any) -> Iterator[Hit]:
    """A question for a host's address by LLMNR or NetBIOS' broadcast, answered or not.

    NetBIOS' answers tell only likely that everybody was asked: the question may have gone to one host.
    """
    if row.broadcast and row.source != "mdns" and row.record not in _NO_ADDRESS:
        why = f"{row.client} asks for {row.name} by {_ANYBODY[row.source]}"
        answered = row.source == "nbns" and row.responder is not None
        sure = "likely" if answered else "certain"
        yield Hit("client", row.client, why, (row.frame,), (), row.capture, row.ts, sure)
