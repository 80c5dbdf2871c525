"""Turn exchanges with a KDC into rows of the `kdc` table."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.capture.model import NO_TIME
from analyzer.surroundings.model import KdcExchange
from analyzer.tables.rows import Row
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.codes.krb_padata import krb_padata_name
from dissectors.codes.nt_status import nt_status_name

PREAUTH: tuple[tuple[str, frozenset[int]], ...] = (
    ("pkinit", frozenset({14, 15, 16})),
    ("spake", frozenset({151})),
    ("otp", frozenset({142})),
    ("encrypted-challenge", frozenset({138})),
    ("gss", frozenset({655})),
    ("encrypted-timestamp", frozenset({2, 5})),
)
"""Ways of pre-authentication by the padata-types of an AS request that show them; the first one counts.

FAST hides the types that would, and is known by its armour."""


def preauth(exchange: KdcExchange) -> str | None:
    """How an AS request proves who asks; `none`, or None for what is no such request.

    None as well where no proof is seen of a request that is not all there.
    """
    if exchange.exchange != "AS" or exchange.frame_request is None:
        return None
    if exchange.fast:
        return "fast"
    for name, types in PREAUTH:
        if not types.isdisjoint(exchange.padata):
            return name
    return None if exchange.request_cut else "none"


def outcome(exchange: KdcExchange) -> str:
    """`success`: a ticket came; `failure`: an error, whatever is done about it; else `incomplete`.

    So is a ticket whose last packets the capture lacks: the KDC gave it, but that it came is not shown.
    """
    if not exchange.answered:
        return "failure" if exchange.turned_away else "incomplete"
    if not exchange.granted:
        return "failure"
    return "incomplete" if exchange.reply_torn else "success"


def answer(exchange: KdcExchange) -> str:
    """What became of the answer; that there was `none` is seen, as far as a capture can show silence."""
    if exchange.proxy_status is not None:
        return "proxy"
    if exchange.answered:
        return "torn" if exchange.reply_torn else "seen"
    return "lost" if exchange.reply_lost else "none"


def kdc_row(capture: str, exchange: KdcExchange) -> Row:
    """Cells of the `kdc` table."""
    began, ended = exchange.ts_ns, exchange.reply_ts_ns
    duration = None
    if exchange.frame_request is not None and ended is not None and NO_TIME not in (began, ended):
        duration = (ended - began) / 1e6
    begin = _begin_is_known(exchange)
    all_there = exchange.frame_request is not None and not exchange.request_cut
    earlier = exchange.continues
    explained = [*exchange.explains]
    if exchange.carried_by is not None:
        explained.append(exchange.carried_by)
    return [
        capture,
        exchange.stream.stream_id,
        exchange.frame_request,
        exchange.frame_reply,
        None if began == NO_TIME else began,
        exchange.client,
        exchange.server,
        exchange.exchange,
        _asker(exchange),
        exchange.realm,
        exchange.sname,
        _listed(map(krb_etype_name, exchange.requested_etypes), known=all_there),
        _etype(exchange.ticket_etype),
        exchange.error_code,
        exchange.error,
        exchange.transport,
        exchange.client_port,
        exchange.server_port,
        duration,
        outcome(exchange),
        exchange.crealm,
        _etype(exchange.reply_etype),
        _listed(exchange.kdc_options, known=begin),
        _listed(map(krb_padata_name, exchange.padata), known=begin),
        _listed(
            map(krb_padata_name, exchange.reply_padata),
            known=exchange.answered and not exchange.reply_cut,
        ),
        None if exchange.nt_status is None else nt_status_name(exchange.nt_status),
        exchange.e_text,
        exchange.fast or (False if begin else None),
        exchange.s4u,
        exchange.for_user,
        exchange.u2u or (False if begin else None),
        exchange.referral,
        preauth(exchange),
        earlier.frame_request if earlier is not None else None,
        sorted({each.negotiation_id for each in explained if each.negotiation_id}),
        exchange.clock_offset_ms,
        _etype(exchange.ticket_used_etype),
        exchange.ticket_used_sname,
        _hex(exchange.ticket_id),
        _hex(exchange.ticket_used_id),
        exchange.ticket_used_names[0] if exchange.ticket_used_names else None,
        exchange.proxy_status,
        answer(exchange),
        None if exchange.frame_request is None else exchange.request_cut,
        exchange.reply_cut if exchange.answered else None,
    ]


def _begin_is_known(exchange: KdcExchange) -> bool:
    """All of the request that stands before its realm was seen: padata and options (RFC 4120 5.4.1)."""
    cut = exchange.request_cut and not exchange.begin_seen
    return exchange.frame_request is not None and not cut


def _listed(names: Iterable[str], *, known: bool) -> list[str] | None:
    """What is seen of a list; that there is nothing in it only where all of it is known."""
    return [*names] or ([] if known else None)


def _asker(exchange: KdcExchange) -> str | None:
    """Who asks, for himself or for a user: then his own ticket, which he presents, tells it."""
    if exchange.s4u is None or exchange.cname is not None:
        return exchange.cname
    return exchange.ticket_used_names[0] if exchange.ticket_used_names else None


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()


def _etype(number: int | None) -> str | None:
    return None if number is None else krb_etype_name(number)
