"""Which request for a ticket that a KDC refused is the one that a negotiation needed.

Spec: RFC 4120 1.2, 3.3, RFC 6806 8.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.model import NO_TIME
from analyzer.correlation.asked_names import AskedName, asked_names
from analyzer.correlation.askers import asked_by, asker_of, other_account
from analyzer.correlation.context import Context
from analyzer.correlation.counter_evidence import (
    beside,
    granted_since,
    had_it_elsewhere,
    went_on_itself,
)
from analyzer.correlation.finding import STRENGTH
from analyzer.correlation.kdc_index import other_version
from analyzer.correlation.kdc_rules import (
    AFTER_NS,
    BEFORE_NS,
    REMEMBERED_NS,
    SECOND,
    Asker,
    Beside,
    Match,
    Use,
    When,
    least,
)
from analyzer.correlation.services import account_of, classes, label_of, principal
from analyzer.correlation.tickets import differ, granted_ticket
from analyzer.correlation.turn_to_ntlm import too_late
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange
from dissectors.records import NamedTuple

TWO_MINUTES_NS = 120 * SECOND


class Refusal(NamedTuple):
    """A ticket request that was refused, and by what it is taken for the negotiation's."""

    exchange: KdcExchange
    match: Match
    asker: Asker
    when: When
    ago_ns: int  # from the request to the negotiation
    beside: Beside | None = None  # what speaks against it

    @property
    def confidence(self) -> str:
        """The most that a reason may be that rests on it."""
        rules = (Use.NO_TICKET, self.match, self.asker, self.when, self.beside)
        return least(*(rule.value.confidence for rule in rules if rule is not None))

    @property
    def remarks(self) -> str:
        """What a reader must know beside the KDC's own words; begins with a comma, if it is not empty."""
        words = asked_by(self.asker, self.exchange.client)
        if self.beside is Beside.TICKET_AT_ANOTHER:
            words += ", though an address of the other IP version had the ticket since"
        if self.match is Match.REALM:
            words += ", the realm of the server's domain"
        if self.when is When.REMEMBERED:
            return f"{words}, {_ago(self.ago_ns)} before"
        return words + said_when(self.when)


def said_when(when: When) -> str:
    """What a reader must know of the time, to put behind other words; "" for just before."""
    return _SAID_WHEN.get(when, "")


_SAID_WHEN = {
    When.LATE: ", said after the first NTLM token",
    When.UNTIMED: ", how long before, the capture does not tell",
}


def _ago(ns: int) -> str:
    return f"{ns // SECOND} s" if ns < TWO_MINUTES_NS else f"{ns // SECOND // 60} min"


def refused_ticket(negotiation: Negotiation, context: Context) -> Refusal | None:
    """The request of this client for a ticket to this service that a KDC refused, and that shows most.

    Of equally good ones the one by the client's own address, then the latest.
    """
    index = context.kdc
    if not index.refused_labels and not index.refused_realms:
        return None
    best: Refusal | None = None
    known = asked_names(negotiation)
    wanted = classes(negotiation.carrier)
    spn = principal(negotiation.spn)
    if spn is not None:
        wanted |= {spn.service}
    for name in known:
        if label_of(name.host) not in index.refused_labels:
            continue
        for service in wanted:
            for refusal in _refused(negotiation, context, service, name):
                if best is None or _rank(refusal) < _rank(best):
                    best = refusal
        if best is not None and best.match is Match.NAMED and best.confidence == "certain":
            return best
    if best is None and not known:
        since, until = negotiation.started_ns - BEFORE_NS, negotiation.ended_ns + AFTER_NS
        for exchange in index.asked.latest(negotiation.stream.client, since, until):
            asked = principal(exchange.sname)
            if asked is not None and asked.service in wanted:
                if _got_it_later(negotiation, exchange, context):
                    continue
                when = when_refused(negotiation, exchange)
                against = beside(negotiation, exchange, context)
                return Refusal(exchange, Match.CLASS_ONLY, Asker.OWN, when, 0, against)
    return best or _refused_realm(negotiation, context, known)


def _refused_realm(
    negotiation: Negotiation, context: Context, known: list[AskedName]
) -> Refusal | None:
    """The client's own KDC refused it the way to the realm that the server's name belongs to.

    Clients without a rule of their own take a host's DNS domain for its realm (RFC 4120 1.2); others are
    referred there (RFC 6806 8).
    """
    since, until = negotiation.started_ns - BEFORE_NS, negotiation.ended_ns + AFTER_NS
    for exchange in context.kdc.refused_realms.latest(negotiation.stream.client, since, until):
        realm = principal(exchange.sname)
        if realm is None or other_account(negotiation, exchange):
            continue
        if not any(f".{name.host}".endswith(f".{realm.host}") for name in known):
            continue
        if _got_it_later(negotiation, exchange, context):
            continue
        if granted_ticket(negotiation, context.kdc) is not None:
            return None
        when = when_refused(negotiation, exchange)
        return Refusal(exchange, Match.REALM, Asker.OWN, when, 0)
    return None


def _rank(refusal: Refusal) -> tuple[int, bool, bool, int, int]:
    strength, named = STRENGTH[refusal.confidence], refusal.match is Match.NAMED
    asked = refusal.exchange
    others = refusal.asker is not Asker.OWN
    return strength, not named, others, -asked.ts_ns, -asked.frames[-1]


def _refused(
    negotiation: Negotiation, context: Context, service: str, name: AskedName
) -> Iterator[Refusal]:
    """The latest refusal by each address that may be the client's; one that came too late for want of it."""
    client = negotiation.stream.client
    label = label_of(name.host)
    since, until = negotiation.started_ns - REMEMBERED_NS, negotiation.ended_ns + AFTER_NS
    for key in (client, account_of(negotiation.user), other_version(client)):
        late: Refusal | None = None
        for exchange in context.kdc.refused.latest((key, service, label), since, until):
            asked = principal(exchange.sname)
            match = name.match_of(asked.host) if asked is not None else None
            if match is None:
                continue
            asker = asker_of(negotiation, exchange, context.names)
            if asker is None or (asker is Asker.OTHER_VERSION and went_on_itself(exchange)):
                continue
            if _got_it_later(negotiation, exchange, context):
                continue
            when, ago = when_refused(negotiation, exchange), negotiation.started_ns - exchange.ts_ns
            against = beside(negotiation, exchange, context)
            if match is Match.OWN_NAME and against is Beside.NAMED_BY_ANOTHER:
                continue
            refusal = Refusal(exchange, match, asker, when, ago, against)
            if when is When.REMEMBERED and refusal.confidence == "possible":
                continue  # who it is that remembers, or what, nobody knows
            if when is not When.LATE:
                yield refusal
                break
            late = late or refusal
        else:
            if late is not None:
                yield late


def when_refused(negotiation: Negotiation, exchange: KdcExchange) -> When:
    """When a KDC refused what is found in the time before the negotiation that a refusal may count."""
    if too_late(negotiation, exchange):
        return When.LATE
    if NO_TIME in {negotiation.started_ns, exchange.ts_ns}:
        return When.UNTIMED
    ago = negotiation.started_ns - exchange.ts_ns
    return When.JUST_BEFORE if ago <= BEFORE_NS else When.REMEMBERED


def _got_it_later(negotiation: Negotiation, refused: KdcExchange, context: Context) -> bool:
    """The same client got a ticket for it after all before the negotiation was over, or showed one.

    By the short name or the full one: clients that are refused the one may try the other. Not another user at
    the same address, as far as both are known.
    """
    asked, span = principal(refused.sname), (refused.ts_ns, negotiation.ended_ns)
    if asked is not None:
        granted = context.kdc.granted_for(refused.client, asked.service, asked.host, *span)
        whose = account_of(refused.asker)
        if any(
            granted_since(negotiation, refused, each)
            and not other_account(negotiation, each)
            and not differ(account_of(each.asker), whose)
            for each in granted
        ):
            return True
    if context.kerberos.had_ticket_since(negotiation, refused):
        return True
    return had_it_elsewhere(negotiation, refused, context)
