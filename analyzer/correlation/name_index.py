"""Names that were learnt in the capture: which name leads to which address, and which leads nowhere.

Spec: RFC 1034 3.6, RFC 6066 3, RFC 4795 2, RFC 1002 4.2.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator
from functools import cached_property
from operator import attrgetter, itemgetter

from analyzer.correlation import kdc_rules
from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import LOOK_BACK, Timeline, other_version, version
from analyzer.correlation.services import (
    is_address,
    is_known_as,
    named_by_client,
    principal,
    same_host,
)
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.name_facts import NameFact
from dissectors.names.reverse import reversed_address

SECOND = 1_000_000_000
BEFORE_NS = 60 * SECOND
"""How long before a negotiation a look-up is of it, whatever the answer's TTL."""
LONGEST_NS = 86_400 * SECOND
"""How long an answer holds at most, as Windows' resolver has it by default (MaxCacheTtl)."""
NAMES_KEPT = 16
"""Names of one address; the first ones."""
EMPTY = "NOERROR"
"""The name exists, a record of the type that was asked for does not."""
HOST_RECORDS = frozenset({"A", "AAAA", "NB", ""})


class NameIndex:
    """Name look-ups and TLS server names of a capture."""

    def __init__(self, facts: list[NameFact]) -> None:
        self._facts = sorted(facts, key=attrgetter("ts_ns"))
        self._leading_to: dict[str, list[NameFact]] = {}  # address -> facts, in order of time
        self._reverse: dict[str, dict[str, None]] = {}  # address -> names by PTR records
        self._reverse_by: Timeline[NameFact] = Timeline()  # the same, by (client, address)
        self._aliases: dict[str, dict[str, dict[str, None]]] = {}  # address -> name -> its CNAMEs
        self._names_of: dict[str, dict[str, None]] = {}  # address -> names, in order of time
        self._led_to: Timeline[NameFact] = Timeline()  # by (client, address), (version, address)
        self._failed: Timeline[NameFact] = Timeline()  # by (client, name)
        for fact in self._facts:
            if fact.record not in HOST_RECORDS:
                if fact.record == "PTR" and fact.targets:
                    self._learn_reverse(fact)
                continue
            for address in fact.addresses:
                self._leading_to.setdefault(address, []).append(fact)
            if not fact.addresses and fact.source != "sni" and fact.denies:
                self._failed.add((fact.client, fact.name), fact.ts_ns, fact)

    def _learn_reverse(self, fact: NameFact) -> None:
        """Clients that put the address's own name into the SPN take it from here (MIT's `rdns`)."""
        address = reversed_address(fact.name)
        if address is not None:
            self._reverse_by.add((fact.client, address), fact.ts_ns, fact)
            names = self._reverse.setdefault(address, {})
            for name in fact.targets:
                # on the way there may be names of the reverse tree itself (RFC 2317)
                if len(names) < NAMES_KEPT and not name.endswith(".arpa"):
                    names[name] = None

    def _names_leading_to(self, address: str) -> dict[str, None]:
        """Names of one address; few are asked for, and only their facts are put in order by client."""
        names = self._names_of.get(address)
        if names is None:
            names = self._names_of[address] = {}
            aliases = self._aliases[address] = {}
            for fact in self._leading_to.get(address, ()):
                for asker in (fact.client, version(fact.client)):
                    self._led_to.add((asker, address), fact.ts_ns, fact)
                for name in (fact.name, *fact.targets):
                    if len(names) < NAMES_KEPT:
                        names[name] = None
                if fact.targets:
                    _learn_aliases(aliases, fact)
            names.update(self._reverse.get(address, {}))
        return names

    @cached_property
    def _known(self) -> set[str]:
        """Names with an address, whoever learnt it."""
        return {
            name
            for fact in self._facts
            if fact.addresses and fact.record in HOST_RECORDS
            for name in (fact.name, *fact.targets)
        }

    @cached_property
    def _resolved(self) -> Timeline[NameFact]:
        """Answers with an address, by (client, name); of interest only where some look-up failed."""
        found: Timeline[NameFact] = Timeline()
        for fact in self._facts:
            if fact.addresses and fact.record in HOST_RECORDS and fact.source != "sni":
                found.add((fact.client, fact.name), fact.ts_ns, fact)
        return found

    def learn(self, negotiation: Negotiation) -> None:
        """Fill `names`, and `server_name` where the negotiation itself shows none."""
        server = negotiation.stream.server
        known = self._names_leading_to(server)
        if not known:
            return
        if negotiation.server_name is None:
            self._name_server(negotiation)
        own = set(named_by_client(negotiation))
        negotiation.names = tuple(name for name in known if name not in own)
        reverse = self._reverse.get(server)
        if reverse is not None or self._aliases[server]:
            negotiation.canonical_names = tuple(self._canonical(negotiation, own))
            negotiation.reverse_names = tuple(reverse or ())

    def _canonical(self, negotiation: Negotiation, own: set[str]) -> dict[str, None]:
        """Names that DNS gave for those that the client names, and that it may have put into the SPN."""
        server, until = negotiation.stream.server, negotiation.started_ns
        aliases = self._aliases.get(server, {})
        found = {name: None for host in own for name in aliases.get(host, ())}
        key = negotiation.stream.client, server
        for fact in self._reverse_by.latest(key, until - kdc_rules.BEFORE_NS, until):
            found.update(dict.fromkeys(fact.targets[:NAMES_KEPT]))
        return found

    def _name_server(self, negotiation: Negotiation) -> None:
        """Fill `server_name` by what the client looked up, unless its SPN says another name of the server.

        Where the server is none of the SPN's name, the look-up stays: the difference may be an attack.
        """
        spn = principal(negotiation.spn)
        wanted = spn.host if spn is not None and not is_address(spn.host) else ""
        name = self._name_led_by(negotiation, wanted)
        astray = wanted and name is not None and not self._leads(name, wanted, negotiation)
        if astray and is_known_as(negotiation, wanted):
            negotiation.server_name = wanted
        else:
            negotiation.server_name = name
            negotiation.name_looked_up = name is not None

    def _leads(self, name: str, wanted: str, negotiation: Negotiation) -> bool:
        """A name is the wanted one, or an alias of it."""
        canonical = self._aliases.get(negotiation.stream.server, {}).get(name, {})
        return any(same_host(host, wanted) for host in (name, *canonical))

    def _name_led_by(self, negotiation: Negotiation, wanted: str) -> str | None:
        """The name that led the client to the server, by an answer that still held.

        One that leads to the `wanted` host before others, then the latest from before the connection.
        Without one, a name that was asked for over the other version of the Internet Protocol: a machine
        looks up IPv6 addresses over IPv4 as well. Whose address that is, nothing says; so all that asked so
        must have asked for the same name.
        """
        stream, until = negotiation.stream, negotiation.started_ns
        own: list[tuple[bool, bool, str]] = []
        for fact in self._holding(stream.client, stream.server, until):
            astray = bool(wanted) and not self._leads(fact.name, wanted, negotiation)
            # a TLS client says its name once it is connected
            late = fact.ts_ns > stream.first_ts_ns and fact.source != "sni"
            if not astray and not late:
                return fact.name
            own.append((astray, late, fact.name))
        if own:
            return min(own, key=itemgetter(0, 1))[2]  # the first of equal ones is the latest
        asker = other_version(stream.server)
        others = {fact.name for fact in self._holding(asker, stream.server, until)}
        return others.pop() if len(others) == 1 else None

    def _holding(self, asker: Hashable, address: str, at_ns: int) -> Iterator[NameFact]:
        """Answers to an asker that lead to an address and hold at a time, latest first."""
        for fact in self._led_to.latest((asker, address), at_ns - LONGEST_NS, at_ns):
            if at_ns - fact.ts_ns <= max(BEFORE_NS, (fact.ttl or 0) * SECOND):
                yield fact

    def looked_up(self, address: str, negotiation: Negotiation) -> bool:
        """`address` is the one that `last_to_look_up` finds."""
        return self.last_to_look_up(negotiation) == address

    def last_to_look_up(self, negotiation: Negotiation) -> str | None:
        """The address, of the other IP version than the client, that was the last to look the server up.

        Many clients of a network ask for the same names: the last one before the connection is likely the one
        that then connects.
        """
        wanted = other_version(negotiation.stream.client)
        facts = self._leading_to.get(negotiation.stream.server, [])
        until = negotiation.started_ns
        at = bisect_right(facts, until, key=lambda fact: fact.ts_ns)
        for fact in reversed(facts[max(0, at - LOOK_BACK) : at]):
            if fact.ts_ns < until - BEFORE_NS:
                break
            if fact.source != "sni" and version(fact.client) == wanted:
                return fact.client
        return None

    def unresolved(self, negotiation: Negotiation) -> Iterator[Finding]:
        """A look-up of the name failed just before; where another protocol found it, the words say so."""
        if not self._failed:
            return
        until = negotiation.started_ns
        other_record = "A" if ":" in negotiation.stream.server else "AAAA"
        for host in named_by_client(negotiation):
            if is_address(host):
                continue
            key = negotiation.stream.client, host
            for failed in self._failed.latest(key, until - BEFORE_NS, until):
                if self._resolved_besides(failed, until):
                    continue
                if failed.rcode == EMPTY and failed.record == other_record:
                    continue  # the server's address is of the other kind, and was found
                if failed.rcode == "no-answer" and until - failed.ts_ns < SECOND:
                    continue  # it did not wait for one: the capture lacks the answer
                said = "no address" if failed.rcode == EMPTY else failed.rcode
                words = f"{failed.source} {failed.record} {failed.name}: {said}"
                found = self._resolved.last(key, until - BEFORE_NS, until)
                if found is not None:
                    words += f"; {found.source} found it at {found.addresses[0]}"
                yield Finding("target_name_unresolved", "possible", (failed.frame,), words)
                return

    def _resolved_besides(self, failed: NameFact, until: int) -> bool:
        """A question without an address as answer is no failure where another one brought an address.

        An empty answer says only that there is no record of this type, and silence may be one way of
        several that are tried at once. That a name does not exist is taken back by the same source only:
        what NetBIOS finds has no name in DNS all the same, and a ticket is asked for by a name of DNS.
        """
        if failed.rcode == EMPTY and failed.name in self._known:
            return True
        key = failed.client, failed.name
        at_once = failed.ts_ns + SECOND
        found = self._resolved.latest(key, failed.ts_ns - BEFORE_NS, max(at_once, until))
        unheard = failed.rcode == "no-answer"
        return any(f.source == failed.source or (unheard and f.ts_ns <= at_once) for f in found)


def _learn_aliases(aliases: dict[str, dict[str, None]], fact: NameFact) -> None:
    """Each name on the way of an answer is an alias of those behind it."""
    way = (fact.name, *fact.targets)[:NAMES_KEPT]
    for at, name in enumerate(way[:-1], 1):
        known = aliases.get(name)
        if known is None and len(aliases) < NAMES_KEPT:
            known = aliases[name] = {}
        if known is not None and len(known) < NAMES_KEPT:
            known.update(dict.fromkeys(way[at:]))
