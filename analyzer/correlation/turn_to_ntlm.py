"""Where a client turned to NTLM, and whether it had waited for an answer to what it asked before."""

from __future__ import annotations

from analyzer.capture.model import NO_TIME
from analyzer.correlation.kdc_rules import SECOND
from analyzer.negotiation.mechanism import KERBEROS_NAMES
from analyzer.negotiation.model import Negotiation
from analyzer.surroundings.model import KdcExchange
from dissectors.records import NamedTuple

PATIENCE_NS = SECOND
"""No client gives up sooner for want of an answer; one that went on at once had its answer."""


class FirstToken(NamedTuple):
    """Where the client turned to NTLM; None: not seen."""

    frame: int | None = None
    ts_ns: int | None = None


def first_token(negotiation: Negotiation) -> FirstToken:
    """Frame and time in which the client sent its first NTLM token, as far as it was seen."""
    frames = negotiation.key_frames
    if frames is None or negotiation.mechanism != "ntlm":
        return FirstToken()
    # an offer with a Kerberos token is no NTLM yet
    if frames.offer is None or negotiation.optimistic_mech in KERBEROS_NAMES:
        return FirstToken(frames.proof, negotiation.proof_ns)
    return FirstToken(frames.offer, negotiation.offer_ns)


def first_ntlm(negotiation: Negotiation) -> int | None:
    """Frame in which the client sent its first NTLM token, as far as it was seen."""
    return first_token(negotiation).frame


def turned_ns(negotiation: Negotiation, otherwise: int) -> int:
    """When the client sent its first NTLM token; `otherwise` where that is not known."""
    at = first_token(negotiation).ts_ns
    return otherwise if at is None else at


def went_on_at_once(negotiation: Negotiation, asked_ns: int) -> bool:
    """The client did not wait for an answer to what it asked; never so where packets carry no time."""
    turned = turned_ns(negotiation, negotiation.started_ns)
    return NO_TIME not in {turned, asked_ns} and turned - asked_ns < PATIENCE_NS


def too_late(negotiation: Negotiation, exchange: KdcExchange) -> bool:
    """The KDC answered when the client had sent its first NTLM token already: no cause of it."""
    first = first_ntlm(negotiation)
    return first is not None and bool(exchange.frames) and exchange.frames[-1] > first
