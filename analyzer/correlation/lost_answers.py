"""What a KDC said of a negotiation's ticket, and the capture lacks: why NTLM was run may have stood in it.

Spec: RFC 4120 3.1.2, 3.3.2.
"""

from __future__ import annotations

from itertools import chain

from analyzer.correlation.askers import is_for, same_client
from analyzer.correlation.context import Context
from analyzer.correlation.kdc_index import other_version
from analyzer.correlation.kdc_rules import BEFORE_NS
from analyzer.correlation.turn_to_ntlm import first_ntlm, went_on_at_once
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange


def lost_answer(negotiation: Negotiation, context: Context) -> KdcExchange | None:
    """The client's latest request for this service, or for this user, just before, if its answer is lost.

    So it is where nothing shows one, and the client went on at once.
    """
    client, index = negotiation.stream.client, context.kdc
    if not index.lost and not index.unanswered:
        return None
    turned = first_ntlm(negotiation)
    since, until = negotiation.started_ns - BEFORE_NS, negotiation.ended_ns
    found = [
        exchange
        for asker in (client, other_version(client))
        for exchange in chain(
            index.lost.latest(asker, since, until), index.unanswered.latest(asker, since, until)
        )
        if (exchange.reply_lost or went_on_at_once(negotiation, exchange.ts_ns))
        and (turned is None or exchange.frames[0] < turned)
        and exchange.proxy_status is None
        and same_client(negotiation, exchange)
        and is_for(negotiation, exchange)
    ]
    return max(found, key=lambda exchange: exchange.frames, default=None)


def lost_words(exchange: KdcExchange) -> str:
    """What the capture lacks: `the answer of 10.0.0.1 about HTTP/web.lab.example, asked in frame 12`."""
    about = exchange.sname or "a ticket"
    return f"the answer of {exchange.server} about {about}, asked in frame {exchange.frames[0]}"
