"""NTLM that a host in between hands on: over HTTP a reverse proxy does so by right, a relay does so too.

A client whom a false answer for a name has led to a relay asks for the same host as the relay does behind
it: the bytes of both hops are those of a proxy. So this says that there is such a host, not what it is.
Where the hosts asked for differ, or the carriers, NGS-RELAY-001 and NGS-RELAY-002 tell a relay by challenge
and answer. What is left to this is a NEGOTIATE alone, where the capture lacks a challenge. It proves little:
systems of one kind all send the same bytes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.hops import by_middle, joined, may_be_one_host, near, pairs_of, same_exchange
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule
from analyzer.audit.seen_twice import connection

_WAITING = 64  # clients of one host that wait for its answer to the same NEGOTIATE
_AT_ONCE_NS = (
    1_000_000_000  # a NEGOTIATE whose answer is not in the capture may wait for it so long
)
_SAID = (("answer", "ntlm_response_id"), ("challenge", "ntlm_challenge_id"))


@rule(
    "NGS-RELAY-006",
    "medium",
    "NTLM handed on by a host in between",
    means="A host sends the NTLM messages of its client on as its own. Over HTTP reverse proxies and load "
    "balancers do; a relay to which a false answer for the name has led the client looks the same.",
    remedy="If the host in between is no proxy of yours, treat it as a relay. If it is one, let it "
    "authenticate users itself, or serve TLS with Extended Protection end to end.",
    references=("ATT&CK T1557.001", "KB5005413", "MS-NLMP 3.1.5.1.2"),
    table=None,
)
def in_between(facts: Facts) -> Iterator[Hit]:
    """Two HTTP connections to one host, the first's server being the second's client, with the same NTLM.

    That is one response, one challenge, or one NEGOTIATE that was sent on before the first was challenged;
    also where the capture lacks for which host one of them asks. For different hosts, or over other carriers,
    a NEGOTIATE alone, where the capture lacks a challenge, and only if the host in between never sends these
    bytes but while its client waits for an answer to them (or within a second, where that is missing).
    """
    told: set[frozenset[Hashable]] = set()
    for what, one, first, other, second in _the_same(facts):
        pair = frozenset({_logon(first), _logon(second)})
        if pair in told or not (near(one, other) and _passed_on(first, second)):
            continue
        told.add(pair)
        near_hop, far_hop = (first, second) if first.server == second.client else (second, first)
        host = far_hop.server_name or near_hop.server_name
        why = (
            f"the NTLM {what} between {near_hop.client} and {near_hop.server} ({near_hop.carrier}) is also "
            f"between {far_hop.client} and {far_hop.server} ({far_hop.carrier})"
        )
        why += f", both for the host {host}" if host and may_be_one_host(first, second) else ""
        yield by_middle(near_hop, far_hop, why, (one.frame, other.frame), "possible")


def _logon(row: Any) -> Hashable:
    """What is the same for all views of a connection, else the negotiation's own number."""
    return connection(row) or row.negotiation_id


def _passed_on(first: Any, second: Any) -> bool:
    return joined(first, second) and not same_exchange(first, second)


def _the_same(facts: Facts) -> Iterator[tuple[str, Any, Any, Any, Any]]:
    """What is the same on two connections: a word for it, and each token with its negotiation."""
    for what, column in _SAID:
        for one, first, other, second in pairs_of(facts, column):
            if may_be_one_host(first, second):
                yield what, one, first, other, second
    sent = _negotiates(facts)
    habits = {
        (row.client, _digest(token))
        for one, token, row in _asked_before(facts, sent)
        if one is None
    }
    for before, other, second in _asked_before(facts, sent):
        if before is None:
            continue
        one, first = before
        if may_be_one_host(first, second):
            told = first.negotiation_id in facts.challenges
        else:
            own_habit = (second.client, _digest(other)) in habits
            told = not own_habit and _one_side_lost(facts, first, second)
        if told:
            yield "NEGOTIATE", one, first, other, second


def _one_side_lost(facts: Facts, *rows: Any) -> bool:
    """The capture lacks a challenge, though not all that one side sends.

    With both challenges there is nothing left to be said: the same one is a relay's, others are not.
    """
    lost = [row for row in rows if row.negotiation_id not in facts.challenges]
    return bool(lost) and all(row.reason != "one_direction" for row in lost)


def _digest(token: Any) -> str:
    return str(token.inner_sha256 or token.sha256)


def _negotiates(facts: Facts) -> list[Any]:
    """Whole NEGOTIATE messages in order of time."""
    sent = [
        token
        for token in facts.ntlm_messages
        if "NTLM_NEGOTIATE" in (token.token_type, token.inner_type)
        and token.ts is not None
        and not facts.is_cut(token)
    ]
    return sorted(sent, key=lambda token: token.ts)


_Asked = tuple[tuple[Any, Any] | None, Any, Any]


def _asked_before(facts: Facts, sent: list[Any]) -> Iterator[_Asked]:
    """Each NEGOTIATE and its negotiation, with one that its sender was asked by and did not answer yet.

    Once for each of these; None where nobody waits. Programs of one kind all send the same bytes: only that
    the answer waits for them makes it one exchange.
    """
    waiting: dict[tuple[str, str], list[tuple[Any, Any, int]]] = defaultdict(list)
    for token in sent:
        row = facts.by_negotiation[token.negotiation_id]
        digest = _digest(token)
        still = [each for each in waiting.pop((row.client, digest), ()) if token.ts <= each[2]]
        for one, first, _ in still:
            yield (one, first), token, row
        if still:
            waiting[row.client, digest] = still[-_WAITING:]
        else:
            yield None, token, row
        challenge = facts.challenges.get(token.negotiation_id)
        until = token.ts + _AT_ONCE_NS if challenge is None else challenge.ts
        if until is not None:
            waiting[row.server, digest].append((token, row, until))
