"""How sure it is that a direction was not captured of which there is no packet.

That none is there proves it only if the other side must have spoken between what is seen: else the
capture may have begun or ended before it could.

Spec: RFC 9293 3.5 (handshake) and 3.8.6.3 (an acknowledgment is not delayed by more than 0.5 s),
RFC 4178 3.2, MS-NLMP 1.3.1.
"""

from __future__ import annotations

from analyzer.negotiation.model import ACCEPTOR, Negotiation
from dissectors.tokens.model import NegTokenResp, NtlmAuthenticate

ANSWERED_NS = 1_000_000_000
"""Nobody receives data for so long without a packet of his own; twice what RFC 9293 allows."""


def one_sided(negotiation: Negotiation, span_ns: int) -> str:
    """Give the confidence; `possible` if nothing else shows it. `span_ns`: of the connection's packets."""
    if negotiation.syn_seen or _goes_on(negotiation):
        return "certain"
    return "likely" if negotiation.abandoned or span_ns >= ANSWERED_NS else "possible"


def _goes_on(negotiation: Negotiation) -> bool:
    """Its last message could only be sent after one of the other side, which its first one caused."""
    spoken = [step for step in negotiation.steps if step.message.kind in {"request", "response"}]
    if len(spoken) < 2:
        return False
    last = spoken[-1]
    return last.role == ACCEPTOR or isinstance(last.token, (NegTokenResp, NtlmAuthenticate))
