"""Lists of schemes that a server gave the same client over other connections.

Browsers and tools ask without credentials first and come back with them over a new connection.

Spec: RFC 9110 11.6.1, RFC 4513 5.2.2.1.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

from analyzer.negotiation.model import Negotiation, SchemeList
from analyzer.surroundings.model import SchemesListed

Key = tuple[str, str, int, str]


class ListIndex:
    """Lists of a capture, in order of frame."""

    def __init__(self, lists: list[SchemesListed]) -> None:
        self._lists: dict[Key, list[SchemesListed]] = defaultdict(list)
        for listed in sorted(lists, key=lambda each: each.frame):
            key = listed.client, listed.server, listed.port, listed.carrier
            self._lists[key].append(listed)

    def learn(self, negotiation: Negotiation) -> None:
        """Fill `listed` where the negotiation's own connection showed no list before it."""
        if negotiation.listed is not None:
            return
        stream = negotiation.stream
        key = stream.client, stream.server, stream.server_port, negotiation.carrier
        known = self._lists.get(key)
        if known is None:
            return
        at = bisect_left(known, negotiation.first_frame, key=lambda each: each.frame)
        if at:
            latest = known[at - 1]
            negotiation.listed = SchemeList(
                latest.frame, latest.names, same_connection=False, whole=latest.whole
            )
