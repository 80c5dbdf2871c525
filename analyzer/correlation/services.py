"""Which service a negotiation is about: by which names its client may have asked a KDC for a ticket.

Names are compared without regard to case; a short name equals the first label of a full one, but says less.

Spec: RFC 4120 6.2, RFC 4559 4.1, MS-ADTS 2.2.21, MS-SMB2 3.2.4.2.3.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from analyzer.negotiation.model import Negotiation
from dissectors.records import NamedTuple

CLASSES: dict[str, frozenset[str]] = {
    "http": frozenset({"http", "wsman"}),
    "http-proxy": frozenset({"http"}),
    "smb1": frozenset({"cifs", "host"}),
    "smb2": frozenset({"cifs", "host"}),
    "ldap": frozenset({"ldap", "gc", "host"}),
    "dcerpc": frozenset({"host", "cifs", "rpcss", "rpc", "ldap", "restrictedkrbhost"}),
    "dns-tkey": frozenset({"dns"}),
    "tds": frozenset({"mssqlsvc", "mssql"}),
    "imap": frozenset({"imap", "host"}),
    "smtp": frozenset({"smtp", "smtpsvc", "host"}),
    "pop3": frozenset({"pop", "pop3", "host"}),
    "postgresql": frozenset({"postgres"}),
    "credssp": frozenset({"termsrv", "http", "wsman", "host"}),
    "rpcsec-gss": frozenset({"nfs", "host"}),
    "socks5": frozenset({"rcmd", "socks", "host"}),
}
"""Carrier -> service classes in lower case that its clients ask tickets for."""

HIDDEN = "wellknown/anonymous"
"""What stands in place of a client's name that FAST hides (RFC 6113 5.4.2): nobody known."""
FAMILIES = {"smb1": "smb", "smb2": "smb"}
"""Carriers that are versions of one service."""


class Principal(NamedTuple):
    """A service principal name in lower case, without its realm."""

    service: str
    host: str  # of an IPv6 address without brackets; "" for a name of one part


class ServerName(NamedTuple):
    """A host name, in lower case, by which the server may be known."""

    host: str
    named_by_client: bool  # the client said it to this server; else the server, DNS or TLS told it


@lru_cache(maxsize=4096)
def principal(name: str | None) -> Principal | None:
    """Split `HTTP/web.lab.example:8080`; None for no name. Port, realm and a third part are left out."""
    if not name:
        return None
    service, _, rest = name.partition("/")
    host = rest.partition("/")[0].partition("@")[0]
    return Principal(service.lower(), host_of(host))


@lru_cache(maxsize=4096)
def host_of(text: str) -> str:
    """The host of `host`, `host:port`, `[v6]:port` or an IPv6 address, in lower case, without last dot."""
    host = text.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    return host.removesuffix(".")


@lru_cache(maxsize=4096)
def is_address(host: str) -> bool:
    """Tell whether a host is written as an IP address."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def family(carrier: str) -> str:
    """The service that a carrier is a version of."""
    return FAMILIES.get(carrier, carrier)


def classes(carrier: str) -> frozenset[str]:
    """Service classes of tickets for a carrier; empty for one that is not known."""
    return CLASSES.get(carrier, frozenset())


def named_by_client(negotiation: Negotiation) -> tuple[str, ...]:
    """Hosts by which the client names the server: Host header, UNC server, SPN; without doubles.

    Where it shows none, the one that it looked up stands for it.
    """
    return _hosts_named(negotiation.server_name, negotiation.spn)


@lru_cache(maxsize=4096)
def _hosts_named(server_name: str | None, spn: str | None) -> tuple[str, ...]:
    asked = principal(spn)
    hosts = (host_of(server_name or ""), asked.host if asked is not None else "")
    return tuple(host for host in dict.fromkeys(hosts) if host)


def server_names(negotiation: Negotiation) -> list[ServerName]:
    """Every host name of the server, the client's own first; no addresses among those of others."""
    found = dict.fromkeys(named_by_client(negotiation), True)
    spn = principal(negotiation.spn)
    if negotiation.name_looked_up and negotiation.server_name:
        looked_up = host_of(negotiation.server_name)
        found[looked_up] = spn is not None and spn.host == looked_up
    told = negotiation.ntlm_server
    own = (told.dns_computer, told.nb_computer) if told is not None else ()
    for name in (*negotiation.names, *own):
        if name and not is_address(host := host_of(name)):
            found.setdefault(host, False)
    return [ServerName(host, by_client) for host, by_client in found.items()]


def is_known_as(negotiation: Negotiation, host: str) -> bool:
    """The server shows that it is this host: it says so in its CHALLENGE, or took the ticket for it."""
    told = negotiation.ntlm_server
    if told is not None:
        own = (told.dns_computer, told.nb_computer)
        return any(same_host(host_of(name), host) for name in own if name)
    return negotiation.mechanism == "kerberos" and negotiation.outcome == "success"


def same_host(one: str, other: str) -> bool:
    """The names are equal, or one is the short form of the other."""
    if one == other:
        return True
    if is_address(one) or is_address(other) or ("." in one) == ("." in other):
        return False
    return one.partition(".")[0] == other.partition(".")[0]


@lru_cache(maxsize=4096)
def label_of(host: str) -> str:
    """What a short and a full name of a host have in common: the first label; all of an address."""
    return host if is_address(host) else host.partition(".")[0]


@lru_cache(maxsize=4096)
def account_of(user: str | None) -> str | None:
    r"""The account's own name in lower case: of `alice@LAB.EXAMPLE`, `LAB\alice`, `alice/admin`."""
    if not user:
        return None
    account = user.rpartition("\\")[2].partition("@")[0].lower()
    return account if account not in {"", HIDDEN} else None
