"""Which KDC exchange stands behind a negotiation: it gave the ticket, or refused the one that was needed.

Spec: RFC 4120 3.3, MS-KILE 3.3.5.
"""

from __future__ import annotations

from enum import Enum
from itertools import chain
from typing import NamedTuple

from analyzer.correlation.kdc_index import KdcIndex, other_version, version
from analyzer.correlation.services import (
    account_of,
    classes,
    label_of,
    named_by_client,
    principal,
    same_host,
    server_names,
)
from analyzer.negotiation.mechanism import KERBEROS_NAMES
from analyzer.negotiation.model import Negotiation, Ticket
from analyzer.surroundings.model import KdcExchange

SECOND = 1_000_000_000
BEFORE_NS = 10 * SECOND
"""How long before a negotiation its client may have asked for the ticket that it lacks."""
AFTER_NS = 2 * SECOND
"""How long after it: the clocks of two captured interfaces differ, and clients also ask when challenged."""
TICKET_LIFE_NS = 7 * 24 * 3600 * SECOND
"""How long before a negotiation its ticket may have been issued: nothing renewable lives longer."""


class Match(Enum):
    """How well a refused name fits the server, best first."""

    NAMED = 1  # the client names the server so
    KNOWN = 2  # the server, DNS or TLS tells this name, or it is the short form of one
    CLASS_ONLY = 3  # nothing is known of the server's name; service class and time fit


class Refusal(NamedTuple):
    """A ticket request that was refused, and how well it fits."""

    exchange: KdcExchange
    match: Match

    def is_sure(self, negotiation: Negotiation) -> bool:
        """The name is the one that the client says, and the client is known to be the same."""
        account, asked_for = account_of(negotiation.user), account_of(self.exchange.asker)
        same = self.exchange.client == negotiation.stream.client
        return self.match is Match.NAMED and (
            same or (account is not None and account == asked_for)
        )


def first_ntlm(negotiation: Negotiation) -> int | None:
    """Frame in which the client sent its first NTLM token, as far as it was seen."""
    frames = negotiation.key_frames
    if frames is None or negotiation.mechanism != "ntlm":
        return None
    # an offer with a Kerberos token is no NTLM yet
    first = frames.proof if negotiation.optimistic_mech in KERBEROS_NAMES else frames.offer
    return frames.proof if first is None else first


def too_late(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """The KDC answered when the client had sent its first NTLM token already: no cause of it."""
    first = first_ntlm(negotiation)
    return first is not None and bool(exchange.frames) and exchange.frames[-1] > first


def same_client(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """Who asked the KDC is the client of the negotiation.

    A machine may have an IPv4 and an IPv6 address: another address of the other version counts, unless
    the users differ. Another address of the same version counts only for the same user.
    """
    client = negotiation.stream.client
    account, asked_for = account_of(negotiation.user), account_of(exchange.asker)
    if exchange.client == client:
        return not other_account(negotiation, exchange)
    if account is not None and asked_for is not None:
        return account == asked_for
    return version(exchange.client) != version(client)


def other_account(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """Both name a user, and not the same one."""
    account, asked_for = account_of(negotiation.user), account_of(exchange.asker)
    return account is not None and asked_for is not None and account != asked_for


def ticket_source(negotiation: Negotiation, index: KdcIndex) -> KdcExchange | None:
    """The exchange in which the KDC issued the ticket of this AP-REQ; None if it is not in the capture.

    The same cipher proves it, whoever asked and under whatever name, and another cipher that it is another
    ticket. Only where one of the two is not all there do client, name and time have to do.
    """
    ticket = negotiation.ticket
    if ticket is None:
        return None
    issuers = index.issuers(ticket.ticket_id)
    if issuers:
        return min(issuers, key=lambda e: _farness(negotiation, ticket, e))
    return _likely_source(negotiation, ticket, index)


def _farness(
    negotiation: Negotiation, ticket: Ticket, exchange: KdcExchange
) -> tuple[bool, bool, int]:
    """Least for where the client has the ticket from, if the capture shows it issued several times."""
    elsewhere = exchange.client != negotiation.stream.client
    return elsewhere, exchange.frames[-1] > ticket.frame, exchange.frames[-1]


def _likely_source(negotiation: Negotiation, ticket: Ticket, index: KdcIndex) -> KdcExchange | None:
    """The latest exchange that gave this client a ticket that looks alike, as far as it can be seen."""
    if ticket.sname is None:
        return None
    name = ticket.sname.lower()
    until = negotiation.started_ns + AFTER_NS
    since = until - TICKET_LIFE_NS
    client = negotiation.stream.client
    shown = ticket.ticket_id, ticket.etype, ticket.kvno, ticket.realm
    own = index.granted.latest((client, name), since, until)
    others = index.granted.latest((other_version(client), name), since, until)
    for exchange in chain(own, others):
        if exchange.frames[-1] > ticket.frame:
            continue  # issued when the client had shown one already
        told = exchange.ticket_etype, exchange.ticket_kvno, exchange.ticket_realm
        differs = any(map(_differ, (exchange.ticket_id, *told), shown))
        if not differs and same_client(negotiation, exchange):
            return exchange
    return None


def _differ(one: object, other: object) -> bool:
    """Both are known, and not the same."""
    return one is not None and other is not None and one != other


def refused_ticket(negotiation: Negotiation, index: KdcIndex) -> Refusal | None:
    """The latest request of this client for a ticket to this service that a KDC refused, if there is one."""
    if not index.refused_classes:
        return None
    since = negotiation.started_ns - BEFORE_NS
    until = negotiation.ended_ns + AFTER_NS
    best: Refusal | None = None
    names = server_names(negotiation)
    wanted = classes(negotiation.carrier)
    spn = principal(negotiation.spn)
    if spn is not None:
        wanted |= {spn.service}
    for name in names:
        for service in index.refused_classes.get(label_of(name.host), ()):
            if service not in wanted:
                continue
            found = _refused(negotiation, index, service, name.host, since, until)
            if found is None:
                continue
            asked = principal(found.sname)
            exact = asked is not None and asked.host == name.host
            refusal = Refusal(found, Match.NAMED if exact and name.named_by_client else Match.KNOWN)
            if best is None or refusal.match.value < best.match.value:
                best = refusal
        if best is not None and best.match is Match.NAMED:
            return best
    if best is None and not names:
        for exchange in index.asked.latest(negotiation.stream.client, since, until):
            asked = principal(exchange.sname)
            if asked is not None and asked.service in wanted:
                return Refusal(exchange, Match.CLASS_ONLY)
    return best


def _refused(
    negotiation: Negotiation, index: KdcIndex, service: str, host: str, since: int, until: int
) -> KdcExchange | None:
    client = negotiation.stream.client
    label = label_of(host)
    late: KdcExchange | None = None
    for asker in (client, account_of(negotiation.user), other_version(client)):
        for exchange in index.refused.latest((asker, service, label), since, until):
            asked = principal(exchange.sname)
            if (
                asked is not None
                and same_host(asked.host, host)
                and same_client(negotiation, exchange)
                and not _granted_later(negotiation, exchange, index)
            ):
                if not too_late(negotiation, exchange):
                    return exchange
                late = late or exchange
    return late


def _granted_later(negotiation: Negotiation, refused: KdcExchange, index: KdcIndex) -> bool:
    """The same client got the same ticket after all before the negotiation was over."""
    key = (refused.client, (refused.sname or "").lower())
    return index.granted.last(key, refused.ts_ns, negotiation.ended_ns) is not None


def granted_ticket(negotiation: Negotiation, index: KdcIndex) -> KdcExchange | None:
    """A ticket for the service that the client had when it began, if the KDC's answer is in the capture."""
    if not index.granted:
        return None
    until = negotiation.started_ns
    for host in named_by_client(negotiation):
        for service in sorted(classes(negotiation.carrier)):
            key = (negotiation.stream.client, f"{service}/{host}")
            found = index.granted.last(key, until - TICKET_LIFE_NS, until)
            if found is not None and not other_account(negotiation, found):
                return found
    return None


def failed_logon(negotiation: Negotiation, index: KdcIndex) -> KdcExchange | None:
    """The latest AS exchange of this client that left it without a ticket just before.

    Only for the user of the negotiation, as far as both are known, and only if none succeeded since.
    """
    if not index.failed_logons:
        return None
    since = negotiation.started_ns - BEFORE_NS
    until = negotiation.ended_ns
    account = account_of(negotiation.user)
    own = index.failed_logons.latest(negotiation.stream.client, since, until)
    others = index.failed_for_account.latest(account, since, until)
    late: KdcExchange | None = None
    for failed in (*own, *others):
        if other_account(negotiation, failed):
            continue
        later = index.answered.latest(failed.client, failed.ts_ns + 1, until)
        if not any(e.exchange == "AS" and e.granted for e in later):
            if not too_late(negotiation, failed):
                return failed
            late = late or failed
    return late


def asked_by_server(negotiation: Negotiation, index: KdcIndex) -> KdcExchange | None:
    """The AS exchange in which the server had the client's password refused by a KDC meanwhile."""
    account = account_of(negotiation.user)
    if account is None:
        return None
    key = (negotiation.stream.server, account)
    return index.failed_for_user.last(key, negotiation.started_ns, negotiation.ended_ns)


def join_tickets(negotiations: list[Negotiation], index: KdcIndex) -> None:
    """Fill `kdc` of every negotiation whose ticket was issued in the capture."""
    for negotiation in negotiations:
        source = ticket_source(negotiation, index)
        if source is not None:
            attach(negotiation, source)


def attach(negotiation: Negotiation, exchange: KdcExchange) -> None:
    """Link both ways; the first link of a negotiation stays."""
    if negotiation.kdc is None:
        negotiation.kdc = exchange
        exchange.explains.append(negotiation)
