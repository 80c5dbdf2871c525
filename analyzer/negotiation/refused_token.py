"""What the client had sent when it was refused, as far as the capture shows it.

Spec: RFC 4178 4.2.1, MS-NTHT 2.
"""

from __future__ import annotations

from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import INITIATOR, Negotiation, Step
from analyzer.negotiation.offer import is_plain_logon, started_late
from dissectors.tokens.model import (
    KrbApReq,
    NegTokenInit,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmNegotiate,
    OpaqueToken,
    Token,
)

WITHOUT_PASSWORD = frozenset({"kerberos", "iakerb"})
"""Mechanisms by which no server learns anything of a password."""


def _sent(negotiation: Negotiation) -> list[Step]:
    """The client's own messages that belong to the exchange of tokens, in their order.

    One whose token is cut off as a whole is one too.
    """
    return [
        step
        for step in negotiation.steps
        if step.role == INITIATOR
        and (step.is_leg or (step.message.kind == "request" and step.lost))
    ]


def token_not_seen(negotiation: Negotiation, refusal: Step) -> bool:
    """The capture lacks what the client sent and `refusal` answers: nobody knows what was wrong with it.

    What came before it does not tell: with a challenge alone nobody proves anything. Nor does NTLM's first
    message where a challenge and what answered it may be missing behind it.
    """
    if refusal.request_missing:
        return True
    if negotiation.mechanism is None:
        return negotiation.completeness != "complete"
    sent = _sent(negotiation)
    began = bool(sent) and isinstance(_inner(sent[-1]), NtlmNegotiate)
    return began and not all_sent_seen(negotiation)


def _inner(step: Step) -> Token | None:
    """The mechanism's own token, within SPNEGO or without."""
    token = step.token
    return token.inner if isinstance(token, (NegTokenInit, NegTokenResp)) else token


def proof_not_seen(negotiation: Negotiation, tokens: MechanismTokens) -> bool:
    """The client's last token is cut so early that it need not be what proves who the client is."""
    sent = _sent(negotiation)
    if not sent or sent[-1].lost is None or is_plain_logon(negotiation):
        return False
    proofs = [step for step, token in tokens if isinstance(token, (KrbApReq, NtlmAuthenticate))]
    return all(step is not sent[-1] for step in proofs)


def all_sent_seen(negotiation: Negotiation) -> bool:
    """The capture has all that the client had sent when it was refused.

    What a snap length cuts off behind the client's tokens, or off the refusal, takes none of them away; a gap
    may have taken messages as a whole.
    """
    if negotiation.completeness != "truncated":
        return negotiation.completeness == "complete"
    if any(noticed.anomaly.code == "gap" for noticed in negotiation.anomalies):
        return False
    sent = _sent(negotiation)
    return bool(sent) and not (started_late(negotiation) or any(step.lost for step in sent))


def unread_proof(negotiation: Negotiation, tokens: MechanismTokens) -> str | None:
    """Why the client's last token is cut, if so much that it may be no ticket: an error of its own."""
    sent = _sent(negotiation)
    if not sent or any(s is sent[-1] and isinstance(t, KrbApReq) for s, t in tokens):
        return None
    return sent[-1].lost


def lost_token(negotiation: Negotiation) -> str | None:
    """Why the capture does not have all of the client's last token; None if it has."""
    sent = _sent(negotiation)
    return sent[-1].lost if sent else None


def only_an_offer(negotiation: Negotiation) -> bool:
    """Nothing but a list of mechanisms came from the client, none of which the server selected."""
    sent = _sent(negotiation)
    if len(sent) != 1 or sent[0].lost or negotiation.selected_mech is not None:
        return False
    token = sent[0].token
    return isinstance(token, NegTokenInit) and token.mech_token is None and not token.findings


def unreadable(negotiation: Negotiation) -> bool:
    """The client's last token is whole in the capture and ends too early, or is none of any mechanism."""
    sent = _sent(negotiation)
    token = sent[-1].token if sent else None
    if token is None or sent[-1].lost or negotiation.completeness != "complete":
        return False
    if type(token) is OpaqueToken:
        return bool(token.raw) and negotiation.mechanism is None
    return any(finding.code == "truncated" for finding in token.findings)


def without_challenge(negotiation: Negotiation) -> bool:
    """NTLM's last message came first on a connection that is whole, which no password mends (MS-NTHT 2)."""
    return (
        negotiation.mechanism == "ntlm"
        and negotiation.first_lost
        and not negotiation.challenged
        and negotiation.completeness == "complete"
    )


def no_password(negotiation: Negotiation, code: str) -> str:
    """A ticket was refused, and no password was asked: the code for either says no more than that."""
    without = code == "bad_credentials" and negotiation.mechanism in WITHOUT_PASSWORD
    return "kerberos_refused" if without else code
