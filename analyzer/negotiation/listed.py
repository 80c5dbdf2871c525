"""Lists of mechanisms or schemes that the server of one connection gave, as its carrier has them.

One connection to a web server or through a proxy may serve many sites, each with a list of its own.

Spec: RFC 9110 11.5-11.7, RFC 4513 5.2.2.1.
"""

from __future__ import annotations

from analyzer.negotiation.model import SchemeList
from analyzer.negotiation.site import Site, may_be_one

SITES_KEPT = 64
"""Sites of one connection whose lists are kept; the one that was longest without a list is let go."""


class Lists:
    """The latest list of each carrier and site."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, Site | None], SchemeList] = {}  # in order of time

    def add(self, carrier: str, site: Site | None, listed: SchemeList) -> None:
        """Take the next list."""
        self._latest.pop((carrier, site), None)
        self._latest[carrier, site] = listed
        if len(self._latest) > SITES_KEPT:
            del self._latest[next(iter(self._latest))]

    def latest(self, carrier: str, site: Site | None) -> SchemeList | None:
        """The latest list that may be the site's, as far as its name and that of the list are known."""
        for (named, where), listed in reversed(self._latest.items()):
            if named == carrier and may_be_one(where, site):
                return listed
        return None
