"""Whose token is it: the mechanism that shows in a token's own form, else in its frame.

Spec: RFC 4178 3, RFC 2743 3.1.
"""

from __future__ import annotations

from dissectors.mechs import mech_family
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbAsRep,
    KrbAsReq,
    KrbCred,
    KrbError,
    KrbPriv,
    KrbSafe,
    KrbTgsRep,
    KrbTgsReq,
    KrbTgtRep,
    KrbTgtReq,
    NegoexMessages,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    NtlmChallenge,
    NtlmNegotiate,
    Token,
)


def token_mech(token: Token) -> str | None:
    """Name of the mechanism whose token this is, by its bytes; `spnego` for SPNEGO's own."""
    mech = _MECHS.get(type(token))
    if token.this_mech is None or mech not in (None, "kerberos"):
        return mech
    framed = mech_family(token.this_mech)
    # a Kerberos message in a frame of IAKERB or PKU2U is theirs
    return framed if mech is None or framed in ("iakerb", "pku2u") else mech


_MECHS: dict[type[Token], str] = {
    NegTokenInit: "spnego",
    NegTokenInit2: "spnego",
    NegTokenResp: "spnego",
    NtlmNegotiate: "ntlm",
    NtlmChallenge: "ntlm",
    NtlmAuthenticate: "ntlm",
    KrbApReq: "kerberos",
    KrbApRep: "kerberos",
    KrbError: "kerberos",
    KrbAsReq: "kerberos",
    KrbAsRep: "kerberos",
    KrbTgsReq: "kerberos",
    KrbTgsRep: "kerberos",
    KrbSafe: "kerberos",
    KrbPriv: "kerberos",
    KrbCred: "kerberos",
    KrbTgtReq: "kerberos",
    KrbTgtRep: "kerberos",
    IakerbMessage: "iakerb",
    NegoexMessages: "negoex",
}
