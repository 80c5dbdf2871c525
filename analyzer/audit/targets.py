"""For whom a client wrote its NTLM answer, against the server that got it.

MsvAvTargetName holds the service principal name that the client's program gave its library; the response
covers it, so that nobody on the way can change it. Whether it is the server's, the server's names tell: the
one that the client asked for, those that were learnt, and those by which it calls itself, in any case.

Spec: MS-NLMP 2.2.2.1 (MsvAvTargetName), RFC 4559 4.1, MS-SMB2 3.2.4.2.3, MS-ADTS 2.2.21.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from analyzer.audit.facts import Facts

_ANY = frozenset({"host", "restrictedkrbhost"})
"""Classes that stand for every service of a host's own account."""
CLASSES = {
    "http": frozenset({"http", "https", "wsman"}) | _ANY,
    "http-proxy": frozenset({"http", "https"}) | _ANY,
    "smb1": frozenset({"cifs", "smb"}) | _ANY,
    "smb2": frozenset({"cifs", "smb"}) | _ANY,
    "ldap": frozenset({"ldap", "ldaps", "gc"}) | _ANY,
}
"""Service classes in lower case by which clients of a carrier name its servers; others take any."""

_OWN = ("MsvAvNbComputerName", "MsvAvDnsComputerName")
_DOMAINS = ("MsvAvNbDomainName", "MsvAvDnsDomainName", "MsvAvDnsTreeName")
_SMB = frozenset({"smb1", "smb2"})
_OF_CONTROLLERS = _SMB | {"ldap"}
"""Carriers by which a domain's name leads to its controllers: to the directory, and to their shares."""


class Target(NamedTuple):
    """A service principal name in lower case, without port, realm and third part."""

    service: str
    host: str


class Names(NamedTuple):
    """Names and addresses of a server in lower case."""

    asked: frozenset[str]  # by which the client asked, or that look-ups and TLS showed
    own: frozenset[str]  # by which it calls itself
    domains: frozenset[str]  # whose controller it may be
    addresses: frozenset[str] = frozenset()  # beside the one that the client connected to

    @property
    def all(self) -> frozenset[str]:
        """Whatever it may be called by right."""
        return self.asked | self.own | self.domains | self.addresses

    @property
    def shown(self) -> list[str]:
        """The host's own names, those first by which it was asked."""
        return [*sorted(self.asked), *sorted(self.own - self.asked)]


def target_of(name: str | None) -> Target | None:
    """Split `HTTP/web.lab.example:8080`; None for a name without service or host."""
    service, slash, rest = (name or "").partition("/")
    host = _host(rest.partition("/")[0].partition("@")[0])
    return Target(service.lower(), host) if slash and service and host else None


def _host(text: str) -> str:
    host = text.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.rstrip(".")


def names_by_address(facts: Facts) -> dict[tuple[str, str], set[str]]:
    """By capture and address: the names for which a server of names gave it.

    Not what neighbours say, who may lead to themselves; nor the names in challenges, which a relay hands on.
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in facts.rows("names"):
        if not fact.broadcast:
            for address in fact.addresses or ():
                found[fact.capture, address].add(fact.name)
    return found


def also_at(target: Target, row: Any, known: dict[tuple[str, str], set[str]]) -> frozenset[str]:
    """The target's host, if it is an address to which a name leads that leads to the server as well.

    `known` is what `names_by_address` gives.
    """
    address = _address(target.host)
    theirs = known.get((row.capture, str(address)), set())
    return frozenset({target.host} if theirs & known.get((row.capture, row.server), set()) else ())


def names_of(row: Any, challenge: Any | None, addresses: frozenset[str] = frozenset()) -> Names:
    """Names of the server of a negotiation; `challenge` is the row of `tokens` with its CHALLENGE.

    `addresses` are what `also_at` finds.
    """
    info = (challenge.ntlm_target_info or {}) if challenge is not None else {}
    own, domains = (
        frozenset(_host(str(info[key])) for key in keys if info.get(key))
        for keys in (_OWN, _DOMAINS if row.carrier in _OF_CONTROLLERS else ())
    )
    asked = {_host(name) for name in (row.server_name, *(row.names or ())) if name}
    if _on_one_machine(row):
        asked.add("localhost")
    return Names(frozenset(asked), own, domains, addresses)


def misfit(target: Target, names: Names, row: Any) -> tuple[str, str] | None:
    """What of the target is another's, `host` or `service`, and how sure that is; None: it fits, or may.

    By host where it is known for which one the client asked: an alias is none of the names by which a server
    calls itself, and what showed it may be lost. That is likely, and possible where the domains alone differ.
    A name beside addresses alone tells nothing. Where nothing was asked for, only an address tells: the
    server's it is not, but may be translated to it; likely only if it is that of the very host that brought
    the answer. By service it is possible, and only if what the server calls itself is there.

    A domain's name is its controllers', and every member calls the domain its own: over SMB it is possible
    that it is another's where the client asked for a host.
    """
    fits = target.host in {row.server, *names.all} or _is_called(target.host, names.all)
    if fits and _leads_to_controllers(target, names, row):
        return "host", "possible"
    if not fits and row.server_name is not None and _comparable(target.host, names.all):
        alike = _label(target.host) in map(_label, names.all)
        return "host", "possible" if alike else "likely"
    address = None if fits else _address(target.host)
    if address is not None and address != _address(row.server) and not _tunnelled(address):
        return "host", "likely" if address == _address(row.client) else "possible"
    usual = CLASSES.get(row.carrier)
    if usual is None or target.service in usual or not names.own:
        return None
    return None if _made_of_the_challenge(target, names) else ("service", "possible")


def _leads_to_controllers(target: Target, names: Names, row: Any) -> bool:
    """Whether only the domain has the target's name, and the client asked over SMB for a host by its own."""
    if row.carrier not in _SMB or row.server_name is None:
        return False
    others = names.asked | names.own | names.addresses | {row.server}
    return target.host not in others and not _is_called(target.host, others)


def _comparable(host: str, names: frozenset[str]) -> bool:
    """Whether it is not a name beside addresses alone: then the server's names are not in the capture."""
    return _is_address(host) or not all(map(_is_address, names))


def _made_of_the_challenge(target: Target, names: Names) -> bool:
    """Impacket names every service `cifs/` with the NetBIOS name out of the server's own challenge."""
    return target.service == "cifs" and "." not in target.host and target.host in names.own


def _is_called(host: str, names: frozenset[str]) -> bool:
    """Whether a short name is one of the names' first labels, or a full one stands for short names alone."""
    if _is_address(host):
        return False
    alike = {each for each in names if _label(each) == _label(host)}
    return bool(alike) and ("." not in host or not any("." in each for each in alike))


def _label(host: str) -> str:
    return host if _is_address(host) else host.partition(".")[0]


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_address(host: str) -> bool:
    return _address(host) is not None


def _tunnelled(address: _Address) -> bool:
    """Whether it is every host's own, where a tunnel begins that leads to any server, or nobody's."""
    return address.is_loopback or address.is_unspecified


def _on_one_machine(row: Any) -> bool:
    address = _address(row.server)
    return row.client == row.server or (address is not None and address.is_loopback)
