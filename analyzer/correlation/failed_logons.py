"""First tickets that a KDC refused: those that the client asked for, and those that a server asked for.

Spec: RFC 4120 3.1.
"""

from __future__ import annotations

from typing import NamedTuple

from analyzer.correlation.askers import asked_by, asker_of, other_account
from analyzer.correlation.context import Context
from analyzer.correlation.kdc_index import KdcIndex
from analyzer.correlation.kdc_rules import BEFORE_NS, Asker, Use, When, least
from analyzer.correlation.services import account_of
from analyzer.correlation.tickets import too_late
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange


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
        late = ", said after the first NTLM token" if self.when is When.LATE else ""
        return asked_by(self.asker, self.exchange.client) + late


def failed_logon(negotiation: Negotiation, context: Context) -> FailedLogon | None:
    """The latest AS exchange of this client that left it without a ticket just before.

    Only for the user of the negotiation, as far as both are known, and only if none succeeded and no
    ticket was shown since.
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
        later = index.answered.latest(failed.client, failed.ts_ns + 1, until)
        if not any(e.exchange == "AS" and e.granted for e in later):
            if not too_late(negotiation, failed):
                return FailedLogon(failed, asker, When.JUST_BEFORE)
            late = late or FailedLogon(failed, asker, When.LATE)
    return late


def asked_by_server(negotiation: Negotiation, index: KdcIndex) -> KdcExchange | None:
    """The AS exchange in which the server had the client's password refused by a KDC meanwhile."""
    account = account_of(negotiation.user)
    if account is None:
        return None
    key = (negotiation.stream.server, account)
    found = index.failed_for_user.latest(key, negotiation.started_ns, negotiation.ended_ns)
    return next((e for e in found if not other_account(negotiation, e)), None)
