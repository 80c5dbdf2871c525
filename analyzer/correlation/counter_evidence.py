"""What speaks against a KDC's refusal, or its silence: the client has the ticket all the same.

A machine has an address of each IP version: it may be refused by one and granted just the same by the other,
and use it there. An answer that is not in the capture came if its ticket is shown later.

Spec: RFC 4120 3.3 (the TGS exchange), 3.2 (the AP exchange).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.model import NO_TIME
from analyzer.correlation.asked_names import names_it
from analyzer.correlation.askers import asker_of, owner_of
from analyzer.correlation.chains import other_user
from analyzer.correlation.context import Context
from analyzer.correlation.kdc_index import LOOK_BACK, other_version
from analyzer.correlation.kdc_rules import Asker, Beside, weakest
from analyzer.correlation.kerberos_use import ticket_account
from analyzer.correlation.services import account_of, principal
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


def has_its_ticket(negotiation: Negotiation, asked: KdcExchange, context: Context) -> bool:
    """The client showed what the answer to `asked` would have given: to a service, or to a KDC.

    The ticket that it presents to a KDC counts unless it is known from where it came.
    """
    kerberos = context.kerberos
    logon = asked.exchange == "AS"
    shown = kerberos.had_any_since if logon else kerberos.had_ticket_since
    if shown(negotiation, asked):
        return True
    since, until = asked.ts_ns, negotiation.ended_ns
    return any(
        later.frames[0] > asked.frames[0] and _follows(asked, later)
        for later in context.kdc.presented.latest(asked.client, since, until)
    )


def _follows(asked: KdcExchange, later: KdcExchange) -> bool:
    """A request that presents the ticket asked for, or the referral that came in its place (RFC 6806 8)."""
    wanted, presented = (asked.sname or "").lower(), (later.ticket_used_sname or "").lower()
    if wanted and wanted == presented:
        return True
    if asked.exchange != "TGS" or not wanted or wanted != (later.sname or "").lower():
        return False
    return (asked.realm or "").lower() != (later.realm or "").lower()


def beside(negotiation: Negotiation, refused: KdcExchange, context: Context) -> Beside | None:
    """What speaks most against it: a ticket that the client may have had, or another logon it explains."""
    has_one = any(True for _ in _holders(negotiation, refused, context))
    ticket = Beside.TICKET_AT_ANOTHER if has_one else None
    return weakest(_taken_up(negotiation, refused), ticket)


def went_on_itself(asked: KdcExchange) -> bool:
    """The address that asked logged on itself for want of the ticket, so that it need be nobody else's."""
    return any(each.stream.client == asked.client for each in asked.explains[:LOOK_BACK])


def _taken_up(negotiation: Negotiation, refused: KdcExchange) -> Beside | None:
    """An earlier logon has the refusal for its cause, and fits it better, or as well for another user."""
    earlier = [each for each in refused.explains[:LOOK_BACK] if each is not negotiation]
    asked = principal(refused.sname)
    named = asked is not None and any(names_it(each, asked.host) for each in earlier)
    if asked is not None and named and not names_it(negotiation, asked.host):
        return Beside.NAMED_BY_ANOTHER
    if account_of(refused.asker) is None and any(other_user(e, negotiation) for e in earlier):
        return Beside.USED_BY_ANOTHER
    return None


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
