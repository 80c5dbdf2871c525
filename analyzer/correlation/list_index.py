"""Lists of schemes that a server gave the same client over other connections.

Browsers and tools ask without credentials first and come back with them over a new connection. Of a web
server's lists only those count that are, or may be, about the site that the client asks for now: the site's
own at whatever address, for that it is known by its name, and at the same address those about no named site.

Spec: RFC 9110 11.5-11.7, RFC 4513 5.2.2.1.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable
from functools import cached_property
from operator import attrgetter

from analyzer.negotiation.model import Negotiation, SchemeList
from analyzer.surroundings.model import SchemesListed


class ListIndex:
    """Lists of a capture, in order of frame."""

    def __init__(self, lists: list[SchemesListed]) -> None:
        self._lists = lists
        self._carriers = {listed.carrier for listed in lists}

    @cached_property
    def _known(self) -> dict[Hashable, list[SchemesListed]]:
        """By client and server, and by what the lists are about."""
        known: dict[Hashable, list[SchemesListed]] = defaultdict(list)
        for listed in sorted(self._lists, key=attrgetter("frame")):
            place = listed.client, listed.server, listed.port, listed.carrier
            about = (place, None) if listed.site is None else (listed.client, listed.site)
            known[place].append(listed)
            known[about].append(listed)
        return known

    def learn(self, negotiation: Negotiation) -> None:
        """Fill `listed` where the negotiation's own connection showed no list before it."""
        if negotiation.listed is not None or negotiation.carrier not in self._carriers:
            return
        stream, site = negotiation.stream, negotiation.site
        place = stream.client, stream.server, stream.server_port, negotiation.carrier
        keys = [place] if site is None else [(stream.client, site), (place, None)]
        before = [
            known[at - 1]
            for known in map(self._known.get, keys)
            if known
            and (at := bisect_left(known, negotiation.first_frame, key=lambda each: each.frame))
        ]
        if before:
            latest = max(before, key=lambda each: each.frame)
            negotiation.listed = SchemeList(
                latest.frame, latest.names, same_connection=False, whole=latest.whole
            )
