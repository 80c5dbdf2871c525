"""Keep the facts of a negotiation that later joins need, before its steps are let go.

Spec: RFC 4120 5.5.1 and 5.9.1, MS-NLMP 2.2.1.2 and 2.2.2.1.
"""

from __future__ import annotations

from typing import Any

from analyzer.negotiation.model import (
    ACCEPTOR,
    KerberosRefusal,
    KeyFrames,
    Negotiation,
    NtlmServer,
    Ticket,
)
from analyzer.negotiation.seen import Seen
from dissectors.codes.ntlm_flags import TARGET_TYPE_DOMAIN, TARGET_TYPE_SERVER
from dissectors.tokens.model import (
    KrbApReq,
    KrbError,
    NtlmAuthenticate,
    NtlmChallenge,
)
from dissectors.tokens.ticket_id import ticket_id


def keep_facts(negotiation: Negotiation, seen: Seen) -> None:
    """Fill what later joins need: from `ticket` to `kerberos_refusal`."""
    exchange = negotiation.exchange
    proof = proof_ns = None
    for step, token in seen.tokens:
        if step.message.sasl_layer:
            continue
        if isinstance(token, NtlmChallenge):
            negotiation.ntlm_local_call |= token.local_call
            if negotiation.ntlm_server is None:
                negotiation.ntlm_server = _ntlm_server(step.frame, token)
        elif isinstance(token, NtlmAuthenticate):
            proof, proof_ns = step.frame, step.ts_ns
            negotiation.ntlm_local_call |= token.response == "local-call"
        elif isinstance(token, KrbApReq):
            proof, proof_ns = step.frame, step.ts_ns
            if negotiation.ticket is None:
                negotiation.ticket = _ticket(step.frame, token)
        elif isinstance(token, KrbError) and step.role == ACCEPTOR:
            code = token.error_code
            if code is not None:
                name = token.error or str(code)
                negotiation.kerberos_refusal = KerberosRefusal(step.frame, code, name)
    if exchange is not None:
        negotiation.user_agent = exchange.context.get("user_agent")
        negotiation.key_frames = KeyFrames(
            seen.hint_frame, seen.offer_frame, seen.selection_frame, proof
        )
        negotiation.offer_ns, negotiation.proof_ns = seen.offer_ns, proof_ns


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
        ticket_id(token),
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
        not token.anomalies or all(oddity.code != "truncated" for oddity in token.anomalies),
    )


def _text(told: dict[str, Any], name: str) -> str | None:
    value = told.get(name)
    return value if isinstance(value, str) and value else None
