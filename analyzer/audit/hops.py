"""Whether two negotiations with the same bytes are one exchange: seen twice, or handed on by a middle box.

A port forwarder, load balancer or proxy sends its client's own messages again over a connection of its own,
with other ports and often other addresses.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from analyzer.audit.model import Hit
from analyzer.audit.seen_twice import Seen, connections, ends, one_connection, passed_whole

if TYPE_CHECKING:
    from analyzer.audit.facts import Facts

_TOGETHER_NS = 120_000_000_000  # a relay answers while its victim waits
_HTTP = frozenset({"http", "http-proxy"})
_VIEWS = 4  # of one connection, that are looked at
_PROTECTED = frozenset({"sign", "seal"})


def same_exchange(one: Any, other: Any) -> bool:
    """Whether the same bytes of both prove that they are one exchange, which passes through what is between.

    They are one connection seen twice, maybe with other ends behind a NAT; or over SMB 2 have one session id,
    which the server chooses, of 64 bits, where another id proves two (the UID of SMB 1 tells nothing: Windows
    gives everybody the first 2048); or are seen before and behind a box that changes the server's address
    alone; or both go on signed or sealed, for which a relay has no key.
    """
    if ends(one) == ends(other) or one_connection(one, other):
        return True
    if _family(one) != _family(other):
        return False
    if one.carrier == "smb2" and one.exchange and other.exchange:
        return bool(one.exchange == other.exchange)
    if one.client_port is not None and one.client_port == other.client_port:
        together = abs((one.started or 0) - (other.started or 0)) <= _TOGETHER_NS
        if one.client == other.client and together:
            return True
    return _protected(one) and _protected(other)


def _protected(row: Any) -> bool:
    return row.protection in _PROTECTED and bool(row.signed_messages or row.sealed_messages)


def joined(one: Any, other: Any) -> bool:
    """Whether a host is the server of one and the client of the other."""
    return bool(one.server == other.client or other.server == one.client)


def may_be_forwarded(one: Any, other: Any) -> bool:
    """Whether nothing tells a relay from a port forwarder or a proxy that asks for a host of its own choice.

    SMB 2 tells them apart, by its session id.
    """
    return _family(one) != "smb2" and _family(one) == _family(other)


def _family(row: Any) -> str:
    return "http" if row.carrier in _HTTP else str(row.carrier)


def less_sure(facts: Facts, one: Any, other: Any, sure: str) -> str:
    """How sure it is that the second of two connections is another's doing: `sure`, unless all passed whole.

    Then a firewall that renumbers connections, or a port forwarder, may stand between. Two session ids of
    SMB 2 say that it does not.
    """
    two_sessions = one.carrier == "smb2" and one.exchange and other.exchange
    return "possible" if not two_sessions and passed_whole(facts, one, other) else sure


def may_be_one_host(one: Any, other: Any) -> bool:
    """Whether both ask for one host by HTTP, or the capture lacks for which one of them asks.

    A name without a domain may be that host of any domain.
    """
    if not {one.carrier, other.carrier} <= _HTTP:
        return False
    if one.server_name is None or other.server_name is None:
        return True
    short, long = sorted((_host(one), _host(other)), key=len)
    return short == long or ("." not in short and long.startswith(f"{short}."))


def _host(row: Any) -> str:
    return str(row.server_name).lower().removesuffix(".")


def handed_on(one: Any, other: Any) -> bool:
    """Whether it may be the client's own exchange, handed on by a middle box."""
    return same_exchange(one, other) or may_be_one_host(one, other)


def pairs_of(facts: Facts, column: str) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Neighbouring tokens of two connections with the same value: first, its row, second, its row.

    Two negotiations are a pair once, however often they repeat it.
    """
    seen: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for token in facts.ntlm_messages:
        value = getattr(token, column)
        if value is not None:
            seen[value].append((token, facts.by_negotiation[token.negotiation_id]))
    for tokens in seen.values():
        if len(tokens) == 1:
            continue  # as most values
        ordered = sorted(tokens, key=lambda pair: (pair[0].ts is None, pair[0].ts or 0))
        told: set[frozenset[int]] = set()
        for these, those in itertools.pairwise(connections(ordered)):
            (one, first), (other, second) = side_by_side(these, those)
            pair = frozenset({first.negotiation_id, second.negotiation_id})
            if ends(first) != ends(second) and pair not in told:
                told.add(pair)
                yield one, first, other, second


def side_by_side(these: list[Seen], those: list[Seen]) -> tuple[Seen, Seen]:
    """Of the views of two connections those with a host in between, if there is one, else the first ones."""
    for one in these[:_VIEWS]:
        for other in those[:_VIEWS]:
            if joined(one[1], other[1]):
                return one, other
    return these[0], those[0]


def near(one: Any, other: Any) -> bool:
    """Whether two tokens are so close in time that one sender may have waited for the other."""
    if one.ts is None or other.ts is None:
        return bool(one.capture == other.capture)
    return bool(abs(other.ts - one.ts) <= _TOGETHER_NS)


def middle_of(first: Any, second: Any) -> str:
    """Who is server on one connection and client on the other."""
    if first.server == second.client:
        return str(first.server)
    if second.server == first.client:
        return str(second.server)
    return str(first.server)


def by_middle(first: Any, second: Any, why: str, frames: Any, confidence: str) -> Hit:
    """A hit about the host between two connections."""
    numbers = tuple(sorted({first.negotiation_id, second.negotiation_id}))
    who, when = middle_of(first, second), first.started
    return Hit("server", who, why, frames, numbers, first.capture, when, confidence)
