"""Why NTLM: the client asked a KDC and got no answer, or found none to ask.

What counts is what came after the question in vain: a KDC that answered before it, or about another realm,
may be out of reach now, or may never have been the one that was needed.

Silence is told of what the capture would show: an answer that it lacks (`reply_lost`), or that a ticket shown
later proves, was none in vain. Over UDP a lost answer leaves no trace but that the client goes on at once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import partial

from analyzer.capture.model import NO_TIME
from analyzer.correlation.askers import answered_after, is_for, same_client
from analyzer.correlation.context import Context
from analyzer.correlation.counter_evidence import has_its_ticket, went_on_itself
from analyzer.correlation.finding import Finding
from analyzer.correlation.kdc_index import KdcIndex, other_version
from analyzer.correlation.kdc_lookups import kdc_not_named
from analyzer.correlation.kdc_rules import BEFORE_NS
from analyzer.correlation.name_index import NameIndex
from analyzer.correlation.offers import NTLM_SCHEMES
from analyzer.correlation.services import account_of
from analyzer.correlation.turn_to_ntlm import PATIENCE_NS, turned_ns, went_on_at_once
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import ConnectionAttempt, KdcExchange
from dissectors.records import NamedTuple

LONGER_BEFORE_NS = 6 * BEFORE_NS
"""Clients try several KDCs, each until a time-out of seconds, before they give up."""
NO_ANSWER = "no-answer"


def unreachable_kdc(negotiation: Negotiation, context: Context) -> Iterator[Finding]:
    """Connections refused, or requests without answer, and no answer of a KDC in the meantime.

    Else look-ups of KDCs that named none.
    """
    index = context.kdc
    if not index.attempts and not index.unanswered and not index.no_kdc_named:
        return
    for finding in _in_the_time_before(negotiation, context):
        # without times all that is older is found, however old
        timed = negotiation.started_ns != NO_TIME
        # a scheme that has only NTLM is chosen before a ticket is asked for
        sure = timed and negotiation.scheme not in NTLM_SCHEMES
        yield finding if sure else finding._replace(confidence="possible")


def _in_the_time_before(negotiation: Negotiation, context: Context) -> Iterator[Finding]:
    index, names = context.kdc, context.names
    since = negotiation.started_ns - LONGER_BEFORE_NS
    asked_in_vain = _asked_in_vain(negotiation, context, since)
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
    def of_nobody_seen(self) -> set[str]:
        """Of the addresses those that did not log on themselves for want of an answer."""
        return self.addresses - {e.client for e in self.asked if went_on_itself(e)}

    @property
    def addresses(self) -> set[str]:
        """Who asked."""
        return {exchange.client for exchange in self.asked} | {a.client for a in self.attempts}


def _asked_in_vain(negotiation: Negotiation, context: Context, since: int) -> Finding | None:
    client = negotiation.stream.client
    for asker in (client, other_version(client)):
        # the client's own address, else those of the other version that are the client's too
        vain = _in_vain(negotiation, context, asker, since)
        known = {a for a in vain.addresses if _known(negotiation, a, context.kdc, context.names)}
        vain = vain.by(known or vain.of_nobody_seen)
        if vain.addresses:
            return _unreachable(negotiation, vain, context.kdc, known=bool(known))
    return None


def _in_vain(negotiation: Negotiation, context: Context, asker: Hashable, since: int) -> _Vain:
    index, names = context.kdc, context.names
    until = negotiation.ended_ns
    before = min(turned_ns(negotiation, until), until)  # what is asked later is no cause
    asked = [
        exchange
        for exchange in index.unanswered.latest(asker, since, before)
        if same_client(negotiation, exchange)
        and (exchange.proxy_status is None or exchange.turned_away)  # else it was answered somehow
        and (is_for(negotiation, exchange) or _known(negotiation, exchange.client, index, names))
        and not _answered(index, exchange, until)
        and not has_its_ticket(negotiation, exchange, context)
    ]
    own = {exchange.client for exchange in asked}
    attempts = [
        attempt
        for attempt in index.attempts.latest(asker, since, before)
        if (attempt.client in own or _known(negotiation, attempt.client, index, names))
        and not _answered(index, attempt, until)
    ]
    return _Vain(asked, attempts)


def _unreachable(
    negotiation: Negotiation, vain: _Vain, index: KdcIndex, *, known: bool
) -> Finding | None:
    asked, attempts = vain
    each_one: list[KdcExchange | ConnectionAttempt] = [*asked, *attempts]
    waited = _waited(negotiation, vain)
    if not any(waited) and all(_answered_before(each, index) for each in each_one):
        return None  # it answered, and whoever goes on at once had one more answer
    evidence = {frame for each in each_one for frame in each.frames}
    evidence |= {e.frame_closed for e in asked if e.frame_closed is not None}
    meant = next((e for e in asked if is_for(negotiation, e)), None)
    shown = len(evidence) > 1 or any(a.how != NO_ANSWER for a in attempts)
    shown = shown or (meant is not None and not _answered_before(meant, index))
    sure = "likely" if known and shown and waited[-1] else "possible"
    words = _words(negotiation, vain)
    if not waited[-1]:
        words += ", though the client went on at once"
    if not known:
        words += ", whose it is, nothing tells"
    return Finding("kdc_unreachable", sure, tuple(sorted(evidence)), words, meant)


def _words(negotiation: Negotiation, vain: _Vain) -> str:
    """What came instead of an answer: a refusal says more than silence, which may be a hole."""
    asked, attempts = vain
    refused = next((a for a in reversed(attempts) if a.how != NO_ANSWER), None)
    away = next((e for e in asked if e.turned_away), None)
    closed = next((e for e in asked if e.frame_closed is not None), None)
    if away is not None and refused is None:
        words = f"{away.server} port {away.server_port}, a KDC's proxy: {away.refusal}"
    elif attempts:
        first = refused or attempts[-1]
        words = f"{first.server} port {first.port}: {first.how}"
    elif closed is not None:
        words = f"{closed.server} port {closed.server_port}: the connection closed, no answer"
    else:
        words = f"no answer from {asked[-1].server}"
    address = attempts[-1].client if attempts else asked[-1].client
    return words if address == negotiation.stream.client else f"{words}, asked by {address}"


def _waited(negotiation: Negotiation, vain: _Vain) -> list[bool]:
    """Of each that was asked in vain, in order of the last frames: refused, or the client waited for it."""
    refusals = [a for a in vain.attempts if a.how != NO_ANSWER]
    found = [(e.frames[-1], e.ts_ns, _refused(e, refusals)) for e in vain.asked]
    found += [(a.frames[-1], a.ts_ns, a.how != NO_ANSWER) for a in vain.attempts]
    return [
        refused or not went_on_at_once(negotiation, ts_ns) for _, ts_ns, refused in sorted(found)
    ]


def _refused(asked: KdcExchange, refusals: list[ConnectionAttempt]) -> bool:
    """By a proxy, by the end of the connection, or by ICMP, even before its last fragment."""
    if asked.turned_away or asked.frame_closed is not None:
        return True
    by = asked.client, asked.server, asked.server_port, asked.transport
    since = asked.ts_ns - PATIENCE_NS
    return any(
        (a.client, a.server, a.port, a.transport) == by and a.ts_ns >= since for a in refusals
    )


def _answered_before(asked: KdcExchange | ConnectionAttempt, index: KdcIndex) -> bool:
    """The same KDC answered the same client in the minute before: one more answer may just be lost."""
    since = asked.ts_ns - LONGER_BEFORE_NS
    return any(
        each.server == asked.server
        for each in index.answered.latest(asked.client, since, asked.ts_ns)
    )


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
