"""NTLM that a host in between hands on over HTTP: a reverse proxy does so by right, a relay does so too.

A client whom a false answer for a name has led to a relay asks for the same host as the relay does behind
it: the bytes of both hops are those of a proxy. So this says that there is such a host, not what it is.
Where the hosts asked for differ, NGS-RELAY-001 and NGS-RELAY-002 tell a relay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hops import by_middle, joined, may_be_one_host, near, pairs_of, same_exchange
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_WAITING = 64  # clients of one host that wait for its answer to the same NEGOTIATE
_SAID = (("answer", "ntlm_response_id"), ("challenge", "ntlm_challenge_id"))


@rule(
    "NGS-RELAY-006",
    "medium",
    "NTLM handed on by a host in between",
    means="A host sends the NTLM messages of its client on as its own. Reverse proxies and load "
    "balancers do; a relay to which a false answer for the name has led the client looks the same.",
    remedy="If the host in between is no proxy of yours, treat it as a relay. If it is one, let it "
    "authenticate users itself, or serve TLS with Extended Protection end to end.",
    references=("ATT&CK T1557.001", "KB5005413", "MS-NLMP 3.1.5.1.2"),
    table=None,
)
def in_between(facts: Facts) -> Iterator[Hit]:
    """Two HTTP connections to one host, the first's server being the second's client, with the same NTLM.

    That is one response, one challenge, or one NEGOTIATE that was sent on before the first was challenged;
    also where the capture lacks for which host one of them asks.
    """
    told: set[frozenset[int]] = set()
    for what, one, first, other, second in _the_same(facts):
        pair = frozenset({first.negotiation_id, second.negotiation_id})
        if pair in told or not (near(one, other) and _passed_on(first, second)):
            continue
        told.add(pair)
        near_hop, far_hop = (first, second) if first.server == second.client else (second, first)
        host = far_hop.server_name or near_hop.server_name
        why = (
            f"the NTLM {what} between {near_hop.client} and {near_hop.server} ({near_hop.carrier}) is also "
            f"between {far_hop.client} and {far_hop.server}"
        )
        why += f", both for the host {host}" if host else ""
        yield by_middle(near_hop, far_hop, why, (one.frame, other.frame), "possible")


def _passed_on(first: Any, second: Any) -> bool:
    between = joined(first, second) and may_be_one_host(first, second)
    return between and not same_exchange(first, second)


def _the_same(facts: Facts) -> Iterator[tuple[str, Any, Any, Any, Any]]:
    """What is the same on two connections: a word for it, and each token with its negotiation."""
    for what, column in _SAID:
        for found in pairs_of(facts, column):
            yield what, *found
    for found in _negotiates(facts):
        yield "NEGOTIATE", *found


def _negotiates(facts: Facts) -> Iterator[tuple[Any, Any, Any, Any]]:
    """A NEGOTIATE whose receiver sends it on, before it answers its own client.

    Programs of one kind all send the same bytes; only that the answer waits for them makes it one exchange.
    """
    sent = [
        token
        for token in facts.ntlm_messages
        if "NTLM_NEGOTIATE" in (token.token_type, token.inner_type)
        and token.ts is not None
        and not facts.is_cut(token)
    ]
    waiting: dict[tuple[str, str], list[tuple[Any, Any, int]]] = defaultdict(list)
    for token in sorted(sent, key=lambda token: token.ts):
        row = facts.by_negotiation[token.negotiation_id]
        digest = token.inner_sha256 or token.sha256
        still = [each for each in waiting.pop((row.client, digest), ()) if token.ts <= each[2]]
        for one, first, _ in still:
            yield one, first, token, row
        if still:
            waiting[row.client, digest] = still[-_WAITING:]
        challenge = facts.challenges.get(token.negotiation_id)
        if challenge is not None and challenge.ts is not None:
            waiting[row.server, digest].append((token, row, challenge.ts))
