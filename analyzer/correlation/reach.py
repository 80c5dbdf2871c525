"""Why NTLM: the client asked a KDC and got no answer, or found none to ask.

What counts is what came after the question in vain: a KDC that answered before it, or about another realm,
may be out of reach now, or may never have been the one that was needed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import partial
from typing import NamedTuple

from analyzer.capture.model import NO_TIME
from analyzer.correlation.askers import answered_after, same_client
from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import KdcIndex, other_version
from analyzer.correlation.kdc_lookups import kdc_not_named
from analyzer.correlation.kdc_rules import BEFORE_NS
from analyzer.correlation.name_index import NameIndex
from analyzer.correlation.services import account_of, principal, same_host, server_names
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import ConnectionAttempt, KdcExchange

LONGER_BEFORE_NS = 6 * BEFORE_NS
"""Clients try several KDCs, each until a time-out of seconds, before they give up."""
PATIENCE_NS = 1_000_000_000
"""No client gives up sooner for want of an answer; one that went on at once had its answer."""


def unreachable_kdc(
    negotiation: Negotiation, index: KdcIndex, names: NameIndex
) -> Iterator[Finding]:
    """Connections refused, or requests without answer, and no answer of a KDC in the meantime.

    Else look-ups of KDCs that named none.
    """
    if not index.attempts and not index.unanswered and not index.no_kdc_named:
        return
    for finding in _in_the_time_before(negotiation, index, names):
        # without times all that is older is found, however old
        timed = negotiation.started_ns != NO_TIME
        yield finding if timed else finding._replace(confidence="possible")


def _in_the_time_before(
    negotiation: Negotiation, index: KdcIndex, names: NameIndex
) -> Iterator[Finding]:
    since = negotiation.started_ns - LONGER_BEFORE_NS
    asked_in_vain = _asked_in_vain(negotiation, index, names, since)
    if asked_in_vain is not None:
        yield asked_in_vain
    elif index.no_kdc_named:
        of_client = partial(_known, negotiation, index=index, names=names)
        yield from kdc_not_named(negotiation, index, since, of_client)


class _Vain(NamedTuple):
    """What was asked in vain, latest first; by addresses of one IP version."""

    asked: list[KdcExchange]
    attempts: list[ConnectionAttempt]

    def by(self, addresses: set[str]) -> _Vain:
        """What these addresses asked."""
        asked = [exchange for exchange in self.asked if exchange.client in addresses]
        return _Vain(asked, [a for a in self.attempts if a.client in addresses])

    @property
    def addresses(self) -> set[str]:
        """Who asked."""
        return {exchange.client for exchange in self.asked} | {a.client for a in self.attempts}


def _asked_in_vain(
    negotiation: Negotiation, index: KdcIndex, names: NameIndex, since: int
) -> Finding | None:
    client = negotiation.stream.client
    for asker in (client, other_version(client)):
        # the client's own address, else those of the other version that are the client's too
        vain = _in_vain(negotiation, index, names, asker, since)
        known = {a for a in vain.addresses if _known(negotiation, a, index, names)}
        vain = vain.by(known) if known else vain
        # who could send a request over TCP had been answered: the KDC's side is not in the capture
        accepted = {(e.client, e.server, e.server_port) for e in vain.asked if e.transport == "tcp"}
        heard = [
            attempt
            for attempt in vain.attempts
            if attempt.how != "no-answer"
            or (attempt.client, attempt.server, attempt.port) not in accepted
        ]
        one_sided = len(heard) < len(vain.attempts)
        vain = vain._replace(attempts=heard)
        if vain.addresses:
            return _unreachable(negotiation, vain, known=bool(known), one_sided=one_sided)
    return None


def _in_vain(
    negotiation: Negotiation, index: KdcIndex, names: NameIndex, asker: Hashable, since: int
) -> _Vain:
    until = negotiation.ended_ns
    asked = [
        exchange
        for exchange in index.unanswered.latest(asker, since, until)
        if same_client(negotiation, exchange)
        and (exchange.proxy_status is None or exchange.turned_away)  # else it was answered somehow
        and (_for_this(negotiation, exchange) or _known(negotiation, exchange.client, index, names))
        and not _answered(index, exchange, until)
    ]
    own = {exchange.client for exchange in asked}
    attempts = [
        attempt
        for attempt in index.attempts.latest(asker, since, until)
        if (attempt.client in own or _known(negotiation, attempt.client, index, names))
        and not _answered(index, attempt, until)
    ]
    return _Vain(asked, attempts)


def _unreachable(negotiation: Negotiation, vain: _Vain, *, known: bool, one_sided: bool) -> Finding:
    asked, attempts = vain
    evidence = {f for each in attempts for f in each.frames} | {f for e in asked for f in e.frames}
    meant = next((e for e in asked if _for_this(negotiation, e)), None)
    # a refusal says more than silence, which may be a hole of the capture
    refused = next((a for a in reversed(attempts) if a.how != "no-answer"), None)
    away = next((e for e in asked if e.turned_away), None)
    shown = len(evidence) > 1 or refused is not None
    gave_up = meant is not None and negotiation.started_ns - meant.ts_ns >= PATIENCE_NS
    sure = "likely" if known and (gave_up or shown) and not one_sided else "possible"
    if away is not None and refused is None:
        words = f"{away.server} port {away.server_port}, a KDC's proxy: {away.refusal}"
    elif attempts:
        first = refused or attempts[-1]
        words = f"{first.server} port {first.port}: {first.how}"
    else:
        words = f"no answer from {asked[-1].server}"
    address = attempts[-1].client if attempts else asked[-1].client
    if address != negotiation.stream.client:
        words += f", asked by {address}"
    if not known:
        words += ", whose it is, nothing tells"
    return Finding("kdc_unreachable", sure, tuple(sorted(evidence)), words, meant)


def _of_client(negotiation: Negotiation, address: str, index: KdcIndex) -> bool:
    """The address is the client's, or tickets of the same user were asked for from it."""
    if address == negotiation.stream.client:
        return True
    account = account_of(negotiation.user)
    return account is not None and account in index.accounts_at.get(address, ())


def _known(negotiation: Negotiation, address: str, index: KdcIndex, names: NameIndex) -> bool:
    """Something tells that the address is the client's, be it one of the other IP version."""
    if _of_client(negotiation, address, index):
        return True
    return names.looked_up(address, negotiation)


def _answered(index: KdcIndex, vain: KdcExchange | ConnectionAttempt, until: int) -> bool:
    """A KDC answered after it was asked in vain, so that one was within reach."""
    realm = vain.realm if isinstance(vain, KdcExchange) else None
    asked = vain.ts_ns, vain.frames[0]
    return answered_after(index, vain.client, asked, realm, until)


def _for_this(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """The ticket was asked for this service, or for this user's first ticket."""
    account = account_of(negotiation.user)
    if account is not None and account == account_of(exchange.asker):
        return True
    asked = principal(exchange.sname)
    return asked is not None and any(
        same_host(asked.host, name.host) for name in server_names(negotiation)
    )
