"""Why NTLM: the client asked a KDC and got no answer, or found none to ask."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import KdcIndex, other_version
from analyzer.correlation.kdc_lookups import kdc_not_named
from analyzer.correlation.services import account_of, principal, same_host, server_names
from analyzer.correlation.tickets import BEFORE_NS, same_client
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange

LONGER_BEFORE_NS = 6 * BEFORE_NS
"""Clients try several KDCs, each until a time-out of seconds, before they give up."""
PATIENCE_NS = 1_000_000_000
"""No client gives up sooner for want of an answer; one that went on at once had its answer."""


def unreachable_kdc(negotiation: Negotiation, index: KdcIndex) -> Iterator[Finding]:
    """Connections refused, or requests without answer, and no answer of any KDC in the meantime.

    Else look-ups of KDCs that named none.
    """
    if not index.attempts and not index.unanswered and not index.no_kdc_named:
        return
    since = negotiation.started_ns - LONGER_BEFORE_NS
    asked_in_vain = _asked_in_vain(negotiation, index, since)
    if asked_in_vain is not None:
        yield asked_in_vain
    elif index.no_kdc_named:
        of_client = partial(_of_client, negotiation, index=index)
        yield from kdc_not_named(negotiation, index, since, of_client)


def _asked_in_vain(negotiation: Negotiation, index: KdcIndex, since: int) -> Finding | None:
    client, until = negotiation.stream.client, negotiation.ended_ns
    for asker in (client, other_version(client)):
        # the client's own address, else those of the other version that are the client's too
        asked = [
            exchange
            for exchange in index.unanswered.latest(asker, since, until)
            if same_client(negotiation, exchange)
            and (
                _for_this(negotiation, exchange) or _of_client(negotiation, exchange.client, index)
            )
            and index.answered.last(exchange.client, since, until) is None
        ]
        own = {exchange.client for exchange in asked}
        attempts = [
            attempt
            for attempt in index.attempts.latest(asker, since, until)
            if (attempt.client in own or _of_client(negotiation, attempt.client, index))
            and index.answered.last(attempt.client, since, until) is None
        ]
        # who could send a request over TCP had been answered: the KDC's side is not in the capture
        accepted = {(e.client, e.server, e.server_port) for e in asked if e.transport == "tcp"}
        one_sided = [
            a for a in attempts if a.how == "no-answer" and (a.client, a.server, a.port) in accepted
        ]
        attempts = [attempt for attempt in attempts if attempt not in one_sided]
        if not attempts and not asked:
            continue
        evidence = sorted(
            {f for attempt in attempts for f in attempt.frames}
            | {f for e in asked for f in e.frames}
        )
        meant = next((e for e in asked if _for_this(negotiation, e)), None)
        # a refusal says more than silence, which may be a hole of the capture
        refused = next((a for a in reversed(attempts) if a.how != "no-answer"), None)
        shown = asker == client and (len(evidence) > 1 or refused is not None)
        gave_up = meant is not None and negotiation.started_ns - meant.ts_ns >= PATIENCE_NS
        sure = "likely" if (gave_up or shown) and not one_sided else "possible"
        if attempts:
            first = refused or attempts[-1]
            words = f"{first.server} port {first.port}: {first.how}"
        else:
            words = f"no answer from {asked[-1].server}"
        return Finding("kdc_unreachable", sure, tuple(evidence), words, meant)
    return None


def _of_client(negotiation: Negotiation, address: str, index: KdcIndex) -> bool:
    """The address is the client's, or tickets of the same user were asked for from it."""
    if address == negotiation.stream.client:
        return True
    account = account_of(negotiation.user)
    return account is not None and account in index.accounts_at.get(address, ())


def _for_this(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """The ticket was asked for this service, or for this user's first ticket."""
    account = account_of(negotiation.user)
    if account is not None and account == account_of(exchange.asker):
        return True
    asked = principal(exchange.sname)
    return asked is not None and any(
        same_host(asked.host, name.host) for name in server_names(negotiation)
    )
