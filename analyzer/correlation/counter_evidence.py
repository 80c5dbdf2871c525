"""What speaks against a KDC's refusal though another address had it: the client has one of each IP version.

A machine that is refused by one of its addresses may be granted just the same by the other, and use it there.

Spec: RFC 4120 3.3 (the TGS exchange), 3.2 (the AP exchange).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.model import NO_TIME
from analyzer.correlation.askers import asker_of, owner_of
from analyzer.correlation.context import Context
from analyzer.correlation.kdc_index import other_version
from analyzer.correlation.kdc_rules import Asker, Beside
from analyzer.correlation.kerberos_use import ticket_account
from analyzer.correlation.services import account_of
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange


def granted_since(negotiation: Negotiation, refused: KdcExchange, granted: KdcExchange) -> bool:
    """What was granted, found by its time, came between the refusal and the negotiation's end.

    Where packets carry no time, all have the same: then the frames alone tell what came first.
    """
    if refused.ts_ns != NO_TIME:
        return True
    return refused.frames[-1] < granted.frames[-1] <= negotiation.last_frame


def had_it_elsewhere(negotiation: Negotiation, refused: KdcExchange, context: Context) -> bool:
    """Since the refusal an address that is the client's, at least likely, had just this ticket."""
    return any(
        who.value.confidence != "possible" for who in _holders(negotiation, refused, context)
    )


def beside(negotiation: Negotiation, refused: KdcExchange, context: Context) -> Beside | None:
    """The rule for a ticket that an address had which may be the client's, though nothing tells it."""
    has_one = any(True for _ in _holders(negotiation, refused, context))
    return Beside.TICKET_AT_ANOTHER if has_one else None


def _holders(negotiation: Negotiation, refused: KdcExchange, context: Context) -> Iterator[Asker]:
    """Addresses other than the refused one that were granted the ticket since, or showed it."""
    client, name = negotiation.stream.client, (refused.sname or "").lower()
    for asker in (client, other_version(client)):
        granted = context.kdc.granted.latest((asker, name), refused.ts_ns, negotiation.ended_ns)
        for exchange in granted:
            who = asker_of(negotiation, exchange, context.names)
            since = granted_since(negotiation, refused, exchange)
            if who is not None and since and exchange.client != refused.client:
                yield who
    account = account_of(negotiation.user)
    for shown in context.kerberos.shown_at_another(negotiation, refused):
        whose = ticket_account(shown)
        known = account is not None and whose is not None
        if not known or account == whose:
            yield owner_of(shown.stream.client, negotiation, context.names, same_user=known)
