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
from dissectors.codes.ntlm_flags import NEGOTIATE_SEAL
from dissectors.recognise import wrap_kind
from dissectors.tokens.model import KrbApRep, KrbApReq, KrbCred, NtlmAuthenticate


def describe_protection(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    """Fill `protection` and its counts, `tls`, both sides' signing, `delegation`, `session_etype`."""
    exchange = negotiation.exchange
    said = negotiation.steps[-1].message.context if exchange is None else exchange.context
    if negotiation.carrier != UNKNOWN:
        negotiation.tls = bool(said.get("tls")) if exchange is None else exchange.encrypted
    negotiation.client_signing = _signing(said, "client_signing")
    negotiation.server_signing = _signing(said, "signing")
    negotiation.delegation = _delegation(negotiation, tokens)
    negotiation.session_etype = _session_etype(tokens)
    if negotiation.outcome == "success":
        _describe_use(negotiation, tokens)


def _signing(said: dict[str, Any], what: str) -> str | None:
    if said.get(f"{what}_required"):
        return "required"
    enabled = said.get(f"{what}_enabled")
    return None if enabled is None else "enabled" if enabled else "disabled"


def _describe_use(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    exchange = negotiation.exchange
    if exchange is None:
        return
    signed, sealed = exchange.signed_messages, exchange.sealed_messages
    for head, count in exchange.wrapped.items():
        kind: str | None = wrap_kind(head)
        if kind == "ntlm":
            kind = _ntlm_wrap_kind(tokens)
        if kind == "seal":
            sealed += count
        elif kind == "sign":
            signed += count
    negotiation.signed_messages, negotiation.sealed_messages = signed, sealed
    if sealed:
        negotiation.protection = "seal"
    elif signed:
        negotiation.protection = "sign"
    elif exchange.encrypted:
        negotiation.protection = "tls"
    elif exchange.plain_messages or exchange.context.get("protection_none"):
        negotiation.protection = "none"


def _ntlm_wrap_kind(tokens: MechanismTokens) -> str | None:
    """What NTLM's signatures protect, by the agreed flags: those of AUTHENTICATE (MS-NLMP 3.2.5.1.2)."""
    for _, token in tokens:
        if isinstance(token, NtlmAuthenticate) and token.flags is not None:
            return "seal" if token.flags & NEGOTIATE_SEAL else "sign"
    return None


def _delegation(negotiation: Negotiation, tokens: MechanismTokens) -> bool | None:
    """NTLM has nothing to hand on; Kerberos tells it in the encrypted authenticator only."""
    if any(isinstance(token, KrbCred) for _, token in tokens):
        return True
    return False if negotiation.mechanism == "ntlm" else None


def _session_etype(tokens: MechanismTokens) -> int | None:
    """The type of the key that authenticator and AP-REP are sealed with: the ticket's session key."""
    for _, token in tokens:
        if isinstance(token, KrbApReq) and token.authenticator_etype is not None:
            return token.authenticator_etype
        if isinstance(token, KrbApRep) and token.etype is not None:
            return token.etype
    return None
