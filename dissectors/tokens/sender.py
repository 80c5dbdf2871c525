"""Who sent a token, as far as the token itself tells: initiator, acceptor, or nobody can say.

What only one side may send decides: the mechanism's messages, a hint, a selection, the flag of a per-message
token. The innermost token is asked first, for it says most.

Spec: RFC 4178 4.2, MS-SPNG 2.2.1, MS-NLMP 1.3.1, RFC 4120 3.2, RFC 4121 4.2.2,
draft-swift-win2k-krb-user2user 4, draft-ietf-kitten-iakerb 3, MS-NEGOEX 2.2.6.
"""

from __future__ import annotations

from typing import Literal

from dissectors.tokens.model import (
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbCred,
    KrbError,
    KrbKdcRep,
    KrbKdcReq,
    KrbTgtRep,
    KrbTgtReq,
    MicToken,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    Token,
    WrapToken,
)

Sender = Literal["initiator", "acceptor"]

_INITIATORS = (NtlmNegotiate, NtlmAuthenticate, KrbApReq, KrbTgtReq, KrbKdcReq, KrbCred)
_ACCEPTORS = (NtlmChallenge, KrbApRep, KrbError, KrbTgtRep, KrbKdcRep, NegTokenInit2)
_NEGOEX: dict[str, Sender] = {"INITIATOR": "initiator", "ACCEPTOR": "acceptor"}


def sender_of(token: Token) -> Sender | None:
    """The side that sends such a token; None if both may, as with a NegTokenResp without a selection."""
    if token.inner is not None and not isinstance(token, IakerbMessage):
        inside = sender_of(token.inner)
        if inside is not None:
            return inside
    match token:
        case NegoexMessages():
            return _negoex_sender(token)
        case IakerbMessage():
            return _iakerb_sender(token)
        case WrapToken() | MicToken() if token.from_acceptor is not None:
            return "acceptor" if token.from_acceptor else "initiator"
        case NegTokenResp() if token.supported_mech is not None:
            return "acceptor"
        case NegTokenInit() if not isinstance(token, NegTokenInit2):
            return "initiator"
    if isinstance(token, _INITIATORS):
        return "initiator"
    return "acceptor" if isinstance(token, _ACCEPTORS) else None


def _negoex_sender(token: NegoexMessages) -> Sender | None:
    for message in token.messages:
        side = _NEGOEX.get(message.name.partition("_")[0])
        if side is not None:
            return side
        if message.name == "AP_REQUEST":
            return "initiator"
        if message.name == "CHALLENGE":
            return "acceptor"
    return None


def _iakerb_sender(token: IakerbMessage) -> Sender | None:
    if token.message is None:
        return "acceptor" if token.realm else None
    return "initiator" if token.message.endswith("REQ") else "acceptor"
