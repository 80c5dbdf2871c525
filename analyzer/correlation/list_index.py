"""Lists of schemes that a server gave the same client over other connections.

Browsers and tools ask without credentials first and come back with them over a new connection. Of a web
server's lists only those count that are, or may be, about the site that the client asks for now.

Spec: RFC 9110 11.5-11.7, RFC 4513 5.2.2.1.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

from analyzer.negotiation.model import Negotiation, SchemeList
from analyzer.negotiation.site import Site
from analyzer.surroundings.model import SchemesListed

Place = tuple[str, str, int, str]
"""Client, server, port and carrier."""


class ListIndex:
    """Lists of a capture, in order of frame."""

    def __init__(self, lists: list[SchemesListed]) -> None:
        self._at: dict[Place, list[SchemesListed]] = defaultdict(list)
        self._about: dict[tuple[Place, Site | None], list[SchemesListed]] = defaultdict(list)
        for listed in sorted(lists, key=lambda each: each.frame):
            place = listed.client, listed.server, listed.port, listed.carrier
            self._at[place].append(listed)
            self._about[place, listed.site].append(listed)

    def learn(self, negotiation: Negotiation) -> None:
        """Fill `listed` where the negotiation's own connection showed no list before it."""
        if negotiation.listed is not None or not self._at:
            return
        stream = negotiation.stream
        place = stream.client, stream.server, stream.server_port, negotiation.carrier
        if place not in self._at:
            return
        site = negotiation.site
        if site is None:
            candidates = [self._at[place]]
        else:
            candidates = [self._about.get((place, which), []) for which in (site, None)]
        before = [
            known[at - 1]
            for known in candidates
            if (at := bisect_left(known, negotiation.first_frame, key=lambda each: each.frame))
        ]
        if before:
            latest = max(before, key=lambda each: each.frame)
            negotiation.listed = SchemeList(
                latest.frame, latest.names, same_connection=False, whole=latest.whole
            )
