"""Which attempt an exchange with a KDC carries on, also across connections and KDCs.

A client asks again with the proof that was demanded, over TCP what was too big for UDP, after an answer that
did not come, and another realm's KDC where it was referred to.

Spec: RFC 4120 3.1.1 (pre-authentication), 7.2.1 (too big for UDP); RFC 6806 7 and 8 (referrals).
"""

from __future__ import annotations

from collections import deque

from analyzer.capture.model import NO_TIME
from analyzer.surroundings.model import KdcExchange

PREAUTH_REQUIRED, MORE_PREAUTH_REQUIRED, RESPONSE_TOO_BIG, WRONG_REALM = 25, 91, 52, 68
PROOF_WAIT = 300_000_000_000
"""Ns that may pass until the proof comes: somebody may have to type a password first."""
RETRY_WAIT = 60_000_000_000
"""Ns that may pass otherwise."""
LOOK_BACK = 16
"""Earlier attempts of one client for one kind of exchange that are looked at."""
_NO_PROOF = frozenset({128, 149, 150, 165, 167})
"""PA-PAC-REQUEST, PA-REQ-ENC-PA-REP, PA-AS-FRESHNESS, PA-SUPPORTED-ENCTYPES, PA-PAC-OPTIONS."""


def link_chains(exchanges: list[KdcExchange]) -> None:
    """Fill `continues` of exchanges in order of time; no attempt is carried on twice."""
    carried_on: set[int] = set()  # id(exchange)
    recent: dict[tuple[str, str | None], deque[KdcExchange]] = {}
    for exchange in exchanges:
        if exchange.frame_request is None:
            continue
        earlier = recent.setdefault((exchange.client, exchange.exchange), deque(maxlen=LOOK_BACK))
        for before in reversed(earlier):
            if id(before) not in carried_on and _continues(exchange, before):
                exchange.continues = before
                if before.frame_reply is None and _brings_proof(exchange, before):
                    before.reply_lost = True  # it is the answer that asks for the proof
                carried_on.add(id(before))
                break
        earlier.append(exchange)


def _continues(exchange: KdcExchange, before: KdcExchange) -> bool:
    """Whether `exchange` carries `before` on."""
    if not _same(exchange.cname, before.cname, unknown=exchange.exchange == "TGS"):
        return False
    known = NO_TIME not in (exchange.ts_ns, before.ts_ns)
    passed = exchange.ts_ns - before.ts_ns if known else 0
    if before.referral is not None:
        return passed <= RETRY_WAIT and _same(exchange.realm, before.referral)
    if not _same(exchange.sname, before.sname) or not _same(exchange.realm, before.realm):
        return False
    code = before.error_code
    if code in (PREAUTH_REQUIRED, MORE_PREAUTH_REQUIRED):
        return passed <= PROOF_WAIT and not _NO_PROOF.issuperset(exchange.padata)
    if passed > RETRY_WAIT:
        return False
    if code == RESPONSE_TOO_BIG:
        return exchange.transport != "udp"
    sent_again = exchange.nonce is not None and exchange.nonce == before.nonce
    return sent_again or not before.answered


def _brings_proof(exchange: KdcExchange, before: KdcExchange) -> bool:
    """An AS request with pre-authentication after one of the same client without."""
    if exchange.exchange != "AS" or before.request_cut:
        return False
    return _NO_PROOF.issuperset(before.padata) and not _NO_PROOF.issuperset(exchange.padata)


def _same(one: str | None, other: str | None, *, unknown: bool = False) -> bool:
    """Names are equal, whatever their case; `unknown`: a name that is not there may be any."""
    if one is None or other is None:
        return unknown or one is other
    return one.casefold() == other.casefold()
