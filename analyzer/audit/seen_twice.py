"""Whether two streams are one TCP connection: captured on both sides of a box that translates addresses.

A NAT changes addresses, ports and checksums and hands the segments on (RFC 3022 2): the sequence numbers, 32
random bits for each direction (RFC 6528), stay. Who ends the connection and makes another one (a relay, a
replay, a proxy) has numbers of his own. Some firewalls replace the numbers of one direction, or of both; then
what is left to see is that every message comes on both streams, at the same place, before the next one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.audit.facts import Facts

_MADE_UP = 1 << 16  # both numbers below: the packets are made up, or their numbers made relative
_AT_ONCE_NS = 1_000_000_000


def connection(row: Any) -> tuple[int, int] | None:
    """What tells the TCP connection of a negotiation from all others; None if nothing does."""
    numbers = row.client_seq, row.server_seq
    return None if None in numbers or max(numbers) < _MADE_UP else numbers


def one_connection(one: Any, other: Any) -> bool:
    """Whether two negotiations were on one TCP connection.

    One direction will not do: there are devices that give all their connections the same number.
    """
    numbers = connection(one)
    return numbers is not None and numbers == connection(other)


Seen = tuple[Any, Any]
"""A token and its negotiation."""


def connections(seen: Iterable[Seen]) -> list[list[Seen]]:
    """Tokens by the TCP connection that they were on, in the order of its first: several may be its views."""
    found: dict[Hashable, list[Seen]] = {}
    for number, (token, row) in enumerate(seen):
        found.setdefault(connection(row) or number, []).append((token, row))
    return list(found.values())


def once(rows: Iterable[Any]) -> Iterator[Any]:
    """Negotiations without those of a connection that the same capture has shown before, with other ends."""
    seen: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for row in rows:
        numbers = connection(row)
        if numbers is None or seen.setdefault((row.capture, *numbers), ends(row)) == ends(row):
            yield row


def ends(row: Any) -> tuple[Any, ...]:
    """Addresses and ports of a negotiation."""
    return row.client, row.client_port, row.server, row.server_port


def passed_whole(facts: Facts, one: Any, other: Any) -> bool:
    """Whether all tokens of two negotiations are the same, at the same places of their streams, in step.

    In step: each is on both streams before the next one is on any, and so is the end; a token that nothing
    follows is on both within a second. Who only repeats what he has heard comes later; a relay that makes
    messages of its own puts the tokens elsewhere. Clocks of two captures may differ: there the first token
    counts as simultaneous, if something follows it.
    """
    if (one.carrier, one.outcome) != (other.carrier, other.outcome):
        return False
    these, those = facts.said(one.negotiation_id), facts.said(other.negotiation_id)
    if not these or [each[1:] for each in these] != [each[1:] for each in those]:
        return False
    times = [[ts for ts, *_ in said] for said in (these, those)]
    if times[0][-1] != one.ended and times[1][-1] != other.ended:
        times = [[*times[0], one.ended], [*times[1], other.ended]]
    if None in times[0] + times[1] or any(place is None for *_, place in these):
        return False
    if len(times[0]) == 1:
        return bool(abs(times[1][0] - times[0][0]) <= _AT_ONCE_NS)
    ahead = 0 if one.capture == other.capture else times[1][0] - times[0][0]
    both = [(here, there - ahead) for here, there in zip(*times, strict=True)]
    return all(max(now) <= min(following) for now, following in pairwise(both))
