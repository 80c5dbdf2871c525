"""Keep the facts of a negotiation that later joins need, before its steps are let go.

Spec: RFC 4120 5.5.1 and 5.9.1, MS-NLMP 2.2.1.2 and 2.2.2.1.
"""

from __future__ import annotations

from typing import Any

from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import (
    ACCEPTOR,
    INITIATOR,
    KerberosRefusal,
    KeyFrames,
    Negotiation,
    NtlmServer,
    Ticket,
)
from dissectors.codes.ntlm_flags import TARGET_TYPE_DOMAIN, TARGET_TYPE_SERVER
from dissectors.tokens.model import (
    KrbApReq,
    KrbError,
    NegTokenInit2,
    NtlmAuthenticate,
    NtlmChallenge,
)


def keep_facts(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    """Fill `ticket`, `ntlm_server`, `ntlm_local_call`, `user_agent`, `key_frames`, `kerberos_refusal`."""
    exchange = negotiation.exchange
    if exchange is not None:
        negotiation.user_agent = exchange.context.get("user_agent")
    proof = None
    for step, token in tokens:
        if step.message.sasl_layer:
            continue
        match token:
            case KrbApReq():
                proof = step.frame
                if negotiation.ticket is None:
                    negotiation.ticket = _ticket(step.frame, token)
            case NtlmChallenge():
                negotiation.ntlm_local_call |= token.local_call
                if negotiation.ntlm_server is None:
                    negotiation.ntlm_server = _ntlm_server(step.frame, token)
            case NtlmAuthenticate():
                proof = step.frame
                negotiation.ntlm_local_call |= token.response == "local-call"
            case KrbError() if token.error_code is not None and step.role == ACCEPTOR:
                name = token.error or str(token.error_code)
                negotiation.kerberos_refusal = KerberosRefusal(step.frame, token.error_code, name)
    negotiation.key_frames = _key_frames(negotiation, proof)


def _key_frames(negotiation: Negotiation, proof: int | None) -> KeyFrames | None:
    hint = offer = selection = None
    for step in negotiation.steps:
        kind = step.message.kind
        if isinstance(step.token, NegTokenInit2):
            hint = step.frame
        elif kind == "request" and offer is None and step.role == INITIATOR:
            offer = step.frame
        elif kind == "response" and selection is None and step.token is not None:
            selection = step.frame
    if negotiation.exchange is None:
        return None
    return KeyFrames(hint, offer, selection, proof)


def _ticket(frame: int, token: KrbApReq) -> Ticket:
    return Ticket(
        frame,
        token.realm,
        token.sname,
        token.etype,
        token.kvno,
        token.authenticator_etype,
        token.ap_options,
        token.authenticator_length,
    )


def _ntlm_server(frame: int, token: NtlmChallenge) -> NtlmServer:
    flags = token.flags or 0
    target_type = None
    if flags & TARGET_TYPE_DOMAIN:
        target_type = "domain"
    elif flags & TARGET_TYPE_SERVER:
        target_type = "server"
    told = token.target_info or {}
    return NtlmServer(
        frame,
        token.target_name or None,
        target_type,
        _text(told, "MsvAvNbComputerName"),
        _text(told, "MsvAvNbDomainName"),
        _text(told, "MsvAvDnsComputerName"),
        _text(told, "MsvAvDnsDomainName"),
    )


def _text(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value if isinstance(value, str) and value else None
