"""KDC exchanges in the order of time, by client and by what was asked for: look-ups by bisection.

A look-up sees at most `LOOK_BACK` exchanges, however busy the KDC is.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from analyzer.correlation.services import account_of, label_of, principal, same_host
from analyzer.negotiation.reasons import is_kdc_refusal
from analyzer.surroundings.model import ConnectionAttempt, KdcExchange
from analyzer.surroundings.name_facts import NameFact

LOOK_BACK = 32
"""Entries of one key that a single look-up goes through, latest first."""
KDC_RECORDS = ("_kerberos._tcp.", "_kerberos._udp.")
"""What the SRV records of a realm's KDCs begin with (RFC 4120 7.2.3.2)."""

_Entry = TypeVar("_Entry")


def version(address: str) -> int:
    """Version of the Internet Protocol that an address is of."""
    return 6 if ":" in address else 4


def other_version(address: str) -> int:
    """The version that the address is not of: a machine may have one of each."""
    return 4 if ":" in address else 6


class Timeline(dict[Hashable, tuple[list[int], list[_Entry]]], Generic[_Entry]):
    """Times and entries under keys, each key's in order of time; entries must come in order of time.

    A dict, so that to ask whether there is anything in it, as every negotiation does, costs nothing.
    """

    def add(self, key: Hashable, ts_ns: int, entry: _Entry) -> None:
        """Append an entry."""
        known = self.get(key)
        if known is None:
            self[key] = [ts_ns], [entry]
            return
        times, entries = known
        times.append(max(ts_ns, times[-1]))
        entries.append(entry)

    def latest(self, key: Hashable, since_ns: int, until_ns: int) -> Iterator[_Entry]:
        """Entries of a key from `since_ns` to `until_ns`, latest first, at most `LOOK_BACK`."""
        known = self.get(key)
        if known is None:
            return iter(())
        times, entries = known
        end = bisect_right(times, until_ns)
        begin = bisect_left(times, since_ns, max(0, end - LOOK_BACK), end)
        return reversed(entries[begin:end])

    def last(self, key: Hashable, since_ns: int, until_ns: int) -> _Entry | None:
        """The latest entry of a key from `since_ns` to `until_ns`."""
        return next(self.latest(key, since_ns, until_ns), None)


class KdcIndex:
    """What the clients of a capture asked of KDCs, and what came of it.

    An asker is found by address, by the version of its address, since a machine may have one of each, and by
    account, where the exchange names one.
    """

    def __init__(
        self,
        exchanges: list[KdcExchange],
        attempts: list[ConnectionAttempt],
        names: Iterable[NameFact] = (),
    ) -> None:
        self.granted: Timeline[KdcExchange] = Timeline()  # by (asker, sname as issued)
        self.granted_to: Timeline[KdcExchange] = Timeline()  # by (client, class, label)
        self.got_any: Timeline[KdcExchange] = Timeline()  # by client, and by ("user", account)
        self._issued: dict[bytes, tuple[KdcExchange, ...]] = {}  # by `ticket_id`; see `issuers`
        self.refused: Timeline[KdcExchange] = Timeline()  # by (asker, class, label)
        self.refused_labels: set[str] = set()  # of hosts, one of whose services was refused
        self.refused_realms: Timeline[KdcExchange] = Timeline()  # by client: other realms' KDCs
        self.failed_logons: Timeline[KdcExchange] = Timeline()  # by client: AS only
        self.failed_for_user: Timeline[KdcExchange] = Timeline()  # by (client, account): AS only
        self.failed_for_account: Timeline[KdcExchange] = Timeline()  # by account: AS only
        self.asked: Timeline[KdcExchange] = Timeline()  # by client: tickets of services, refused
        self.answered: Timeline[KdcExchange] = Timeline()  # by client: any answer, lost ones too
        self.lost: Timeline[KdcExchange] = Timeline()  # by client, and by `version`: lost answers
        self.presented: Timeline[KdcExchange] = Timeline()  # by client: a ticket from nowhere seen
        self.unanswered: Timeline[KdcExchange] = Timeline()  # by client, and by `version`
        self.attempts: Timeline[ConnectionAttempt] = Timeline()  # by client, and by `version`
        self.kdc_named: Timeline[NameFact] = Timeline()  # by client: SRV records of KDCs
        self.no_kdc_named: Timeline[NameFact] = Timeline()  # by client, and by `version`
        self.clients: set[str] = set()  # addresses that asked a KDC, or tried to
        self.accounts: set[str] = set()  # whose tickets were asked for
        self.accounts_at: dict[
            str, set[str]
        ] = {}  # address of a client -> the same, by that client
        repeated = {id(e.continues) for e in exchanges if e.continues is not None}
        for exchange in sorted(exchanges, key=lambda e: e.ts_ns):
            self._add(exchange, repeated=id(exchange) in repeated)
        for attempt in sorted(attempts, key=lambda a: a.ts_ns):
            self.clients.add(attempt.client)
            for key in (attempt.client, version(attempt.client)):
                self.attempts.add(key, attempt.ts_ns, attempt)
        looked_for = (f for f in names if f.record == "SRV" and f.name.startswith(KDC_RECORDS))
        for fact in sorted(looked_for, key=lambda f: f.ts_ns):
            if fact.source == "dns":
                self._add_lookup(fact)

    def _add(self, exchange: KdcExchange, *, repeated: bool) -> None:
        client, ts_ns = exchange.client, exchange.ts_ns
        self.clients.add(client)
        account = account_of(exchange.asker)
        if account is not None:
            self.accounts.add(account)
            self.accounts_at.setdefault(client, set()).add(account)
        if exchange.ticket_used_sname is not None and not exchange.ticket_used_names:
            self.presented.add(client, ts_ns, exchange)
        if not exchange.answered:
            unknown = self.lost if exchange.reply_lost else self.unanswered
            for key in (client, version(client)):
                unknown.add(key, ts_ns, exchange)
            if exchange.reply_lost:
                self.answered.add(client, ts_ns, exchange)
            return
        self.answered.add(client, ts_ns, exchange)
        if exchange.granted:
            issued = (exchange.ticket_sname or exchange.sname or "").lower()
            at = exchange.reply_ts_ns or ts_ns
            for asker in (client, version(client)):
                self.granted.add((asker, issued), at, exchange)
            named = principal(issued)
            if named is not None and named.host:
                self.granted_to.add((client, named.service, label_of(named.host)), at, exchange)
            self.got_any.add(client, at, exchange)
            if account is not None:
                self.got_any.add(("user", account), at, exchange)
            if exchange.ticket_id is not None:
                issuers = self._issued.get(exchange.ticket_id, ())
                if len(issuers) < LOOK_BACK:
                    self._issued[exchange.ticket_id] = (*issuers, exchange)
        elif not repeated and is_kdc_refusal(
            exchange.error_code, exchange.referral, cut=exchange.reply_cut
        ):
            self._add_failure(exchange, account)

    def issuers(self, ticket_id: bytes | None) -> tuple[KdcExchange, ...]:
        """Exchanges in which the KDC issued just this ticket: a reply may be sent again.

        Empty if tickets of several names share the id, as only made-up or blanked-out ciphers do.
        """
        issuers = self._issued.get(ticket_id, ()) if ticket_id is not None else ()
        names = {(e.ticket_sname, e.ticket_realm, e.ticket_etype, e.ticket_kvno) for e in issuers}
        return issuers if len(names) == 1 else ()

    def granted_for(
        self, client: str, service: str, host: str, since_ns: int, until_ns: int
    ) -> Iterator[KdcExchange]:
        """Tickets for a service of a host, by its full or short name, with port or without; latest first."""
        key = client, service, label_of(host)
        for exchange in self.granted_to.latest(key, since_ns, until_ns):
            named = principal(exchange.ticket_sname or exchange.sname)
            if named is not None and same_host(named.host, host):
                yield exchange

    def _add_lookup(self, fact: NameFact) -> None:
        if any(fact.targets):  # a lone dot says that there is no such service (RFC 2782)
            self.kdc_named.add(fact.client, fact.ts_ns, fact)
            return
        if not fact.denies:
            return
        for key in (fact.client, version(fact.client)):
            self.no_kdc_named.add(key, fact.ts_ns, fact)

    def _add_failure(self, exchange: KdcExchange, account: str | None) -> None:
        client, ts_ns = exchange.client, exchange.ts_ns
        asked = principal(exchange.sname)
        if exchange.exchange == "AS":
            self.failed_logons.add(client, ts_ns, exchange)
            if account is not None:
                self.failed_for_user.add((client, account), ts_ns, exchange)
                self.failed_for_account.add(account, ts_ns, exchange)
            return
        if asked is None or not asked.host:
            return
        if asked.service == "krbtgt":
            if exchange.realm is not None and exchange.realm.lower() != asked.host:
                self.refused_realms.add(
                    client, ts_ns, exchange
                )  # of its own: to delegate, to renew
            return
        self.asked.add(client, ts_ns, exchange)
        label = label_of(asked.host)
        self.refused_labels.add(label)
        for asker in (client, version(client), account):
            if asker is not None:
                self.refused.add((asker, asked.service, label), ts_ns, exchange)
