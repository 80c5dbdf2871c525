"""Why NTLM: the client asked a KDC and got no answer."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import KdcIndex, other_version
from analyzer.correlation.services import account_of, principal, same_host, server_names
from analyzer.correlation.tickets import BEFORE_NS, same_client
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange

LONGER_BEFORE_NS = 6 * BEFORE_NS
"""Clients try several KDCs, each until a time-out of seconds, before they give up."""


def unreachable_kdc(negotiation: Negotiation, index: KdcIndex) -> Iterator[Finding]:
    """Connections refused, or requests without answer, and no answer of any KDC in the meantime."""
    if not index.attempts and not index.unanswered:
        return
    client, until = negotiation.stream.client, negotiation.ended_ns
    since = negotiation.started_ns - LONGER_BEFORE_NS
    for asker in (client, other_version(client)):
        # the client's own address, else those of the other version that are the client's too
        asked = [
            exchange
            for exchange in index.unanswered.latest(asker, since, until)
            if same_client(negotiation, exchange)
            and (
                _for_this(negotiation, exchange) or _of_client(negotiation, exchange.client, index)
            )
            and not _answered(index, exchange.client, since, until)
        ]
        own = {exchange.client for exchange in asked}
        attempts = [
            attempt
            for attempt in index.attempts.latest(asker, since, until)
            if (attempt.client in own or _of_client(negotiation, attempt.client, index))
            and not _answered(index, attempt.client, since, until)
        ]
        if not attempts and not asked:
            continue
        evidence = sorted(
            {f for attempt in attempts for f in attempt.frames}
            | {f for e in asked for f in e.frames}
        )
        meant = next((e for e in asked if _for_this(negotiation, e)), None)
        sure = "likely" if meant or (asker == client and len(evidence) > 1) else "possible"
        if attempts:
            first = attempts[-1]
            words = f"{first.server} port {first.port}: {first.how}"
        else:
            words = f"no answer from {asked[-1].server}"
        yield Finding("kdc_unreachable", sure, tuple(evidence), words, meant)
        return


def _of_client(negotiation: Negotiation, address: str, index: KdcIndex) -> bool:
    """The address is the client's, or tickets of the same user were asked for from it."""
    if address == negotiation.stream.client:
        return True
    account = account_of(negotiation.user)
    return account is not None and account in index.accounts_at.get(address, ())


def _answered(index: KdcIndex, client: str, since: int, until: int) -> bool:
    return next(index.answered.latest(client, since, until), None) is not None


def _for_this(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """The ticket was asked for this service, or for this user's first ticket."""
    account = account_of(negotiation.user)
    if account is not None and account == account_of(exchange.cname):
        return True
    asked = principal(exchange.sname)
    return asked is not None and any(
        same_host(asked.host, name.host) for name in server_names(negotiation)
    )
