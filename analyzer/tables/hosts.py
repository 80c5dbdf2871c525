"""The `hosts` table: one row per client and per server of a capture, made of the other tables' columns.

Rows that are alike are counted together first, so that a million negotiations of a hundred hosts cost one
pass over a few columns each. What other tables were not asked for stays unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from analyzer.tables.schema import HOSTS
from analyzer.tables.weakness import RANK, Run, etype_weakness, weakest_of
from dissectors.codes.windows_build import os_name

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns

LISTED = 20
"""Users, names, domains and systems of a host that its row lists; the most frequent ones."""

CLIENT, SERVER = "client", "server"
BEHIND_ANOTHER = frozenset({"kkdcp", "iakerb"})
"""Ways to a KDC on which the address that answers is a proxy's or an acceptor's (MS-KKDCP 1.3, IAKERB 1).

What the KDC gives is not theirs.
"""

Key = tuple[str, str, str]  # capture, address, role
Hosts = dict[Key, "_Host"]


class _Host:
    """What is counted of one client or server."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None
        self.outcomes: Counter[str] = Counter()
        self.carriers: Counter[str] = Counter()
        self.mechanisms: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self.offers: Counter[str] = Counter()
        self.users: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self.domains: Counter[str] = Counter()
        self.versions: Counter[str] = Counter()
        self.signing: set[str] = set()
        self.reasons: Counter[str] = Counter()
        self.weakest: str | None = None
        self.weakest_id: int | None = None

    def seen(self, first: int | None, last: int | None) -> None:
        """Widen the time in which the host was there."""
        if first is not None and (self.first is None or first < self.first):
            self.first = first
        if last is not None and (self.last is None or last > self.last):
            self.last = last

    def weak(self, code: str | None, negotiation_id: int | None) -> None:
        """Keep the weakest thing, and the first negotiation that shows it."""
        if code is None:
            return
        mine = (RANK[code], negotiation_id is None, negotiation_id or 0)
        kept = self.weakest_id
        if self.weakest is None or mine < (RANK[self.weakest], kept is None, kept or 0):
            self.weakest, self.weakest_id = code, negotiation_id


def host_columns(tables: dict[str, Columns]) -> Columns:
    """The table's columns: captures in order, clients before servers, the busiest first."""
    hosts: Hosts = defaultdict(_Host)
    _runs(hosts, tables["negotiations"])
    _times(hosts, tables["negotiations"])
    _identities(hosts, tables["negotiations"])
    _lists(hosts, tables["offers"])
    _ntlm(hosts, tables["tokens"])
    _tickets(hosts, tables["kdc"])
    captures = {name: place for place, name in enumerate(tables["captures"]["capture"])}
    order = sorted(
        hosts,
        key=lambda key: (captures[key[0]], key[2], -hosts[key].outcomes.total(), key[1]),
    )
    rows = zip(*(_row(key, hosts[key]) for key in order), strict=True)
    names = HOSTS.names
    return dict(zip(names, map(list, rows), strict=True)) if order else {name: [] for name in names}


def _alike(columns: Columns, *names: str) -> Counter[tuple[Any, ...]]:
    """Combinations of cells and their number, in order of first appearance."""
    return Counter(zip(*(columns[name] for name in names), strict=True))


def _runs(hosts: Hosts, negotiations: Columns) -> None:
    """What was offered and run, how it ended, and the weakest of it."""
    cells: list[Iterable[Any]] = [
        negotiations[name]
        for name in ("capture", "client", "server", "carrier", "scheme", *Run._fields)
    ]
    cells += [negotiations["client_signing"], negotiations["server_signing"]]
    cells += [map(_tuple, negotiations[name]) for name in ("offered_mechs", "hinted_mechs")]
    counts: Counter[tuple[Any, ...]] = Counter()
    first_id: dict[tuple[Any, ...], int] = {}
    for key, number in zip(zip(*cells, strict=True), negotiations["negotiation_id"], strict=True):
        counts[key] += 1
        first_id.setdefault(key, number)
    for key, count in counts.items():
        capture, client, server, carrier, scheme, *rest = key
        *run_cells, client_signing, server_signing, offered, hinted = rest
        run = Run(*run_cells)
        code = weakest_of(run)
        accepted = code if run.outcome == "success" else None
        for address, role, weak, signing in (
            (client, CLIENT, code, client_signing),
            (server, SERVER, accepted, server_signing),
        ):
            host = hosts[capture, address, role]
            host.outcomes[run.outcome] += count
            host.carriers[carrier] += count
            if run.mechanism is not None:
                host.mechanisms[run.mechanism] += count
                if run.outcome == "success":
                    host.accepted[run.mechanism] += count
            if run.reason is not None:
                host.reasons[run.reason] += count
            if signing is not None:
                host.signing.add(signing)
            host.weak(weak, first_id[key])
        one = scheme or run.mechanism
        for mech in offered or ((one,) if one is not None else ()):
            hosts[capture, client, CLIENT].offers[mech] += count
        for mech in hinted:
            hosts[capture, server, SERVER].offers[mech] += count


def _tuple(listed: list[str] | None) -> tuple[str, ...]:
    return tuple(listed) if listed else ()


def _times(hosts: Hosts, negotiations: Columns) -> None:
    names = ("capture", "client", "server", "started", "ended")
    for capture, client, server, started, ended in zip(
        *(negotiations[name] for name in names), strict=True
    ):
        hosts[capture, client, CLIENT].seen(started, ended)
        hosts[capture, server, SERVER].seen(started, ended)


def _identities(hosts: Hosts, negotiations: Columns) -> None:
    """Names by which users and hosts are called."""
    for (capture, client, user, domain), count in _alike(
        negotiations, "capture", "client", "user", "domain"
    ).items():
        host = hosts[capture, client, CLIENT]
        if user:
            host.users[f"{domain}\\{user}" if domain else user] += count
        if domain:
            host.domains[domain] += count
    for (capture, client, workstation), count in _alike(
        negotiations, "capture", "client", "workstation"
    ).items():
        if workstation:
            hosts[capture, client, CLIENT].names[workstation] += count
    for (capture, server, name, spn, realm), count in _alike(
        negotiations, "capture", "server", "server_name", "spn", "realm"
    ).items():
        host = hosts[capture, server, SERVER]
        asked = {name, *(spn or "").split("/")[1:2]} - {None, "", server}
        host.names.update(dict.fromkeys(sorted(asked), count))
        if realm:
            host.domains[realm] += count
    for capture, server, names in zip(
        *(negotiations[name] for name in ("capture", "server", "names")), strict=True
    ):
        if names:
            hosts[capture, server, SERVER].names.update(names)


def _lists(hosts: Hosts, offers: Columns) -> None:
    """Schemes that servers list by name, also where nobody took one."""
    for (capture, server, by, carrier, mech, oid), count in _alike(
        offers, "capture", "server", "by", "carrier", "mech", "oid"
    ).items():
        if by == SERVER and oid is None:
            host = hosts[capture, server, SERVER]
            host.offers[mech] += count
            host.carriers[carrier] += count


def _ntlm(hosts: Hosts, tokens: Columns) -> None:
    """The sender's VERSION, LM responses, and what a CHALLENGE's sender calls itself."""
    for (capture, sender, role, version), count in _alike(
        tokens, "capture", "src", "role", "ntlm_version"
    ).items():
        if version is not None:
            hosts[capture, sender, _side(role)].versions[version.partition("/")[0]] += count
    for capture, sender, kind, number in zip(
        *(tokens[name] for name in ("capture", "src", "ntlm_lm", "negotiation_id")), strict=True
    ):
        if kind == "lm":
            hosts[capture, sender, CLIENT].weak("lm", number)
    for capture, sender, role, info in zip(
        *(tokens[name] for name in ("capture", "src", "role", "ntlm_target_info")), strict=True
    ):
        if info and role == "acceptor":
            host = hosts[capture, sender, SERVER]
            host.names.update(_said(info, "MsvAvNbComputerName", "MsvAvDnsComputerName"))
            host.domains.update(_said(info, "MsvAvNbDomainName", "MsvAvDnsDomainName"))


def _side(role: str) -> str:
    return CLIENT if role == "initiator" else SERVER


def _said(info: dict[str, Any], *keys: str) -> Iterator[str]:
    return (info[key] for key in keys if info.get(key))


def _tickets(hosts: Hosts, kdc: Columns) -> None:
    """Who asked which KDC, and for whom."""
    names = ("capture", "client", "server", "ts", "duration_ms", "cname", "realm", "transport")
    etypes = zip(kdc["ticket_etype"], kdc["reply_etype"], kdc["negotiation_ids"], strict=True)
    for (capture, client, server, ts, lasted, cname, realm, transport), (
        of_ticket,
        of_reply,
        explained,
    ) in zip(zip(*(kdc[name] for name in names), strict=True), etypes, strict=True):
        asker, answerer = hosts[capture, client, CLIENT], hosts[capture, server, SERVER]
        given = [etype_weakness(etype) for etype in (of_ticket, of_reply) if etype is not None]
        code = min(given, key=RANK.__getitem__, default=None)
        number = min(explained) if explained else None
        for host in (asker, answerer):
            host.seen(ts, None if ts is None else ts + round((lasted or 0) * 1e6))
            host.carriers["kdc"] += 1
            if realm:
                host.domains[realm] += 1
        asker.weak(code, number)
        if transport not in BEHIND_ANOTHER:
            answerer.weak(code, number)
        if cname:
            asker.users[f"{cname}@{realm}" if realm else cname] += 1


def _row(key: Key, host: _Host) -> list[Any]:
    """Cells in schema order."""
    capture, address, role = key
    versions = _most(host.versions)
    return [
        capture,
        address,
        role,
        host.first,
        host.last,
        host.outcomes.total(),
        *(host.outcomes[outcome] for outcome in ("success", "failure", "incomplete")),
        [name for name, _ in host.carriers.most_common()],
        dict(host.mechanisms.most_common()),
        [name for name, _ in host.offers.most_common()],
        _most(_folded(host.users)),
        _most(_folded(host.names)),
        _most(host.domains),
        "; ".join(os_name(*map(int, version.split("."))) for version in versions) or None,
        "; ".join(versions) or None,
        None if not host.signing else min(host.signing) if len(host.signing) == 1 else "mixed",
        host.weakest,
        host.weakest_id,
        dict(host.reasons.most_common()),
        dict(host.accepted.most_common()),
    ]


def _folded(counted: Counter[str]) -> Counter[str]:
    """Names that differ in case only as one, spelt as it was first; realms, which do differ, are none."""
    spelt: dict[str, str] = {}
    folded: Counter[str] = Counter()
    for name, count in counted.items():
        folded[spelt.setdefault(name.casefold(), name)] += count
    return folded


def _most(counted: Counter[str]) -> list[str]:
    return [name for name, _ in counted.most_common()[:LISTED]]
