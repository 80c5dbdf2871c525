"""First tickets that a KDC refused: those that the client asked for, and those that a server asked for.

Spec: RFC 4120 3.1.
"""

from __future__ import annotations

from itertools import chain

from analyzer.capture.model import NO_TIME
from analyzer.correlation.askers import asked_by, asker_of, other_account
from analyzer.correlation.context import Context
from analyzer.correlation.kdc_index import KdcIndex, version
from analyzer.correlation.kdc_rules import BEFORE_NS, Asker, Use, When, least
from analyzer.correlation.refused_tickets import said_when, when_refused
from analyzer.correlation.services import account_of
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange
from dissectors.records import NamedTuple


class FailedLogon(NamedTuple):
    """A first ticket that was refused, and by what it is taken for the client's."""

    exchange: KdcExchange
    asker: Asker
    when: When

    @property
    def confidence(self) -> str:
        """The most that a reason may be: that no other first ticket was there, is an inference."""
        rules = (Use.NO_FIRST_TICKET, self.asker, self.when)
        return least(*(rule.value.confidence for rule in rules))

    @property
    def remarks(self) -> str:
        """As those of a `Refusal`."""
        return asked_by(self.asker, self.exchange.client) + said_when(self.when)


def failed_logon(
    negotiation: Negotiation, context: Context, use: Use = Use.NO_FIRST_TICKET
) -> FailedLogon | None:
    """The latest AS exchange of this client that left it without a ticket just before.

    Only for the user of the negotiation, as far as both are known, and only if since then no ticket was
    granted, which for `Use.ACCOUNT` must be a first one, and none shown.
    """
    index = context.kdc
    if not index.failed_logons:
        return None
    since = negotiation.started_ns - BEFORE_NS
    until = negotiation.ended_ns
    account = account_of(negotiation.user)
    own = index.failed_logons.latest(negotiation.stream.client, since, until)
    others = index.failed_for_account.latest(account, since, until)
    late: FailedLogon | None = None
    for failed in (*own, *others):
        asker = asker_of(negotiation, failed, context.names)
        if asker is None or context.kerberos.had_any_since(negotiation, failed):
            continue
        if _granted_since(negotiation, failed, index, use):
            continue
        found = FailedLogon(failed, asker, when_refused(negotiation, failed))
        if found.when is not When.LATE:
            return found
        late = late or found
    return late


def _granted_since(
    negotiation: Negotiation, failed: KdcExchange, index: KdcIndex, use: Use
) -> bool:
    """The client was granted a ticket after all, or its user was at an address of the other IP version.

    Who is granted a service's ticket has a first one; what the KDC says of a password only a first one
    takes back, since the other may be older.
    """
    account, client, until = (
        account_of(failed.asker),
        negotiation.stream.client,
        negotiation.ended_ns,
    )
    at_address = chain.from_iterable(
        index.got_any.latest(address, failed.ts_ns, until)
        for address in dict.fromkeys((failed.client, client))
    )
    others = index.got_any.latest(("user", account), failed.ts_ns, until)
    elsewhere = (e for e in others if version(e.client) != version(failed.client))
    return any(
        _order(failed) < _order(exchange)
        and (exchange.exchange == "AS" or use is not Use.ACCOUNT)
        and not other_account(negotiation, exchange)
        for exchange in chain(at_address, elsewhere)
    )


def _order(exchange: KdcExchange) -> tuple[int, int]:
    """By time, then by frame: where packets carry no time, all have the same."""
    return exchange.ts_ns, exchange.frames[-1]


def asked_by_server(negotiation: Negotiation, index: KdcIndex) -> KdcExchange | None:
    """The AS exchange in which the server had the client's password refused by a KDC meanwhile."""
    account = account_of(negotiation.user)
    if account is None:
        return None
    key = (negotiation.stream.server, account)
    found = index.failed_for_user.latest(key, negotiation.started_ns, negotiation.ended_ns)
    first, last = negotiation.first_frame, negotiation.last_frame
    for exchange in found:
        # where packets carry no time, all have the same
        meanwhile = exchange.ts_ns != NO_TIME or first < exchange.frames[0] <= last
        if meanwhile and not other_account(negotiation, exchange):
            return exchange
    return None
