"""Which KDC exchange gave the ticket of a negotiation.

Spec: RFC 4120 3.3, MS-KILE 3.3.5.
"""

from __future__ import annotations

from itertools import chain

from analyzer.correlation.askers import other_account, same_client
from analyzer.correlation.kdc_index import KdcIndex, other_version
from analyzer.correlation.kdc_rules import AFTER_NS, SECOND
from analyzer.correlation.services import classes, named_by_client
from analyzer.negotiation.model import Negotiation, Ticket
from analyzer.surroundings.model import KdcExchange

TICKET_LIFE_NS = 7 * 24 * 3600 * SECOND
"""How long before a negotiation its ticket may have been issued: nothing renewable lives longer."""


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
        differs = any(map(differ, (exchange.ticket_id, *told), shown))
        if not differs and same_client(negotiation, exchange):
            return exchange
    return None


def differ(one: object, other: object) -> bool:
    """Both are known, and not the same."""
    return one is not None and other is not None and one != other


def granted_ticket(negotiation: Negotiation, index: KdcIndex) -> KdcExchange | None:
    """A ticket for the service that the client had when it began, if the KDC's answer is in the capture."""
    if not index.granted:
        return None
    until = negotiation.started_ns
    for host in named_by_client(negotiation):
        for service in sorted(classes(negotiation.carrier)):
            since = until - TICKET_LIFE_NS
            for found in index.granted_for(negotiation.stream.client, service, host, since, until):
                if not other_account(negotiation, found):
                    return found
    return None


def join_tickets(negotiations: list[Negotiation], index: KdcIndex) -> None:
    """Fill `kdc` of every negotiation whose ticket was issued in the capture."""
    if not index.granted:
        return
    for negotiation in negotiations:
        source = ticket_source(negotiation, index)
        if source is not None:
            attach(negotiation, source)


def attach(negotiation: Negotiation, exchange: KdcExchange) -> None:
    """Link both ways; the first link of a negotiation stays."""
    if negotiation.kdc is None:
        negotiation.kdc = exchange
        exchange.explains.append(negotiation)
