"""By which names a client may have asked a KDC for a ticket, and how well each stands for the server.

One address has many names, and what is refused for one says nothing of the others: what the client itself
names goes before all that look-ups tell of the address. Beside it only those names count that a client makes
out of its own: the canonical one (CNAME), and the address's own one (PTR), which some put into the SPN.

Spec: RFC 4120 1.3 (host names are not to be canonicalised by an insecure DNS, though many clients do),
RFC 1034 3.6.2.
"""

from __future__ import annotations

from analyzer.correlation.kdc_rules import Match
from analyzer.correlation.services import (
    host_of,
    is_address,
    principal,
    same_host,
    server_names,
)
from analyzer.negotiation.model import Negotiation
from dissectors.records import NamedTuple


class AskedName(NamedTuple):
    """A host name, in lower case, for whose service the client may have asked a ticket."""

    host: str
    match: Match  # of a request for just this name

    def match_of(self, asked: str) -> Match | None:
        """How well the host of a request fits; None: it is another one."""
        if asked == self.host:
            return self.match
        if not same_host(asked, self.host):
            return None
        return Match.KNOWN if self.match is Match.NAMED else self.match


def asked_names(negotiation: Negotiation) -> list[AskedName]:
    """Every name by which the client may have asked, the best first.

    Where it names no host, or an address, any name of the server counts.
    """
    anything = all(map(is_address, _said(negotiation)))
    canonical, own = negotiation.canonical_names, _own_names(negotiation)
    found: dict[str, Match] = {}
    for host, by_client in server_names(negotiation):
        if by_client:
            found[host] = Match.NAMED
        elif anything or host in canonical or names_it(negotiation, host):
            found[host] = Match.KNOWN
        elif host in negotiation.reverse_names or host in own:
            found[host] = Match.OWN_NAME
    return [AskedName(host, match) for host, match in sorted(found.items(), key=_best_first)]


def names_it(negotiation: Negotiation, asked: str) -> bool:
    """The client itself names the host that was asked for, or looked it up to get to the server."""
    hosts = _said(negotiation)
    if negotiation.name_looked_up and _looked_up_fits(negotiation):
        hosts.add(host_of(negotiation.server_name or ""))
    return any(same_host(asked, host) for host in hosts)


def _best_first(item: tuple[str, Match]) -> int:
    return list(Match).index(item[1])


def _said(negotiation: Negotiation) -> set[str]:
    """Hosts that the client itself says: to the server, in its SPN."""
    looked_up = negotiation.name_looked_up
    spn = principal(negotiation.spn)
    hosts = (
        "" if looked_up else host_of(negotiation.server_name or ""),
        spn.host if spn is not None else "",
    )
    return {host for host in hosts if host}


def _looked_up_fits(negotiation: Negotiation) -> bool:
    """The name that the client looked up may be the one that it means: its SPN has no other."""
    looked_up = host_of(negotiation.server_name or "")
    return all(
        is_address(host) or same_host(host, looked_up) or host in negotiation.canonical_names
        for host in _said(negotiation)
    )


def _own_names(negotiation: Negotiation) -> set[str]:
    """What the server calls itself in its CHALLENGE."""
    told = negotiation.ntlm_server
    own = (told.dns_computer, told.nb_computer) if told is not None else ()
    return {host_of(name) for name in own if name}
