"""What protects a logon and what follows it: TLS around it, signing and sealing, delegation, key types.

What the two sides say of signing beforehand and what the session really used are told apart: the one
comes from SMB's SecurityMode, the other from messages counted by the carrier.

Spec: MS-SMB2 2.2.3-2.2.5, MS-CIFS 2.2.4.52.2, MS-NLMP 3.2.5.1.2, RFC 4120 5.5, RFC 4121 4.1.1.
Not handled: what an authenticator's encrypted checksum says (delegation, channel bindings of Kerberos).
"""

from __future__ import annotations

from typing import Any

from analyzer.negotiation.mechanism import MechanismTokens
from analyzer.negotiation.model import UNKNOWN, Negotiation
from dissectors.recognise import wrap_kind
from dissectors.tokens.model import KrbApRep, KrbApReq, KrbCred


def describe_protection(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    """Fill `protection` and its counts, `tls`, both sides' signing, `delegation`, `session_etype`."""
    exchange = negotiation.exchange
    said = negotiation.steps[-1].message.context if exchange is None else exchange.context
    if negotiation.carrier != UNKNOWN:
        negotiation.tls = bool(said.get("tls")) if exchange is None else exchange.encrypted
    if said:
        negotiation.client_signing = _signing(
            said, "client_signing_required", "client_signing_enabled"
        )
        negotiation.server_signing = _signing(said, "signing_required", "signing_enabled")
    _describe_kerberos(negotiation, tokens)
    if negotiation.outcome == "success":
        _describe_use(negotiation)


def _signing(said: dict[str, Any], required: str, enables: str) -> str | None:
    if said.get(required):
        return "required"
    enabled = said.get(enables)
    return None if enabled is None else "enabled" if enabled else "disabled"


def _describe_use(negotiation: Negotiation) -> None:
    exchange = negotiation.exchange
    if exchange is None:
        return
    signed, sealed = exchange.signed_messages, exchange.sealed_messages
    frames = {"sign": [exchange.signed_frame], "seal": [exchange.sealed_frame]}
    for head, count in exchange.wrapped.items():
        kind: str | None = wrap_kind(head)
        if kind == "unmarked":
            # buffers that continue a message do not begin as one: a plain one tells of them all
            plain = any(wrap_kind(other) == "sign" for other in exchange.wrapped)
            kind = "sign" if plain else "seal"
        if kind == "seal":
            sealed += count
        elif kind == "sign":
            signed += count
        if kind in frames:
            frames[kind].append(exchange.wrapped_frame.get(head, 0))
    negotiation.signed_messages, negotiation.sealed_messages = signed, sealed
    if sealed:
        negotiation.protection = "seal"
    elif signed:
        negotiation.protection = "sign"
    elif exchange.encrypted:
        negotiation.protection = "tls"
    elif exchange.plain_messages or exchange.context.get("protection_none"):
        negotiation.protection = "none"
        frames["none"] = [exchange.plain_frame]
    if negotiation.protection is not None:
        seen = filter(None, frames.get(negotiation.protection, ()))
        negotiation.protection_frame = min(seen, default=None)


def _describe_kerberos(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    """Whether credentials were handed on, and the type of the ticket's session key.

    NTLM has nothing to hand on; Kerberos tells it in the encrypted authenticator only. Authenticator and
    AP-REP are sealed with the session key.
    """
    etype: int | None = None
    delegation = False if negotiation.mechanism == "ntlm" else None
    for _, token in tokens:
        if type(token) is KrbApReq:
            if etype is None:
                etype = token.authenticator_etype
        elif type(token) is KrbApRep:
            if etype is None:
                etype = token.etype
        elif type(token) is KrbCred:
            delegation = True
    negotiation.delegation, negotiation.session_etype = delegation, etype
