"""Which mechanism was run, by the tokens' own bytes, and who it says that the client is.

Spec: RFC 4178 3.2, MS-NLMP 2.2.1.3, RFC 4120 5.5.1.
"""

from __future__ import annotations

from analyzer.negotiation.model import (
    ACCEPTOR,
    Negotiation,
    Step,
)
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.mechs import mech_family
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbError,
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

MechanismTokens = list[tuple[Step, Token]]


def mechanism_tokens(steps: list[Step]) -> MechanismTokens:
    """Each step's mechanism token: the one inside SPNEGO, or the raw one. Hints are left out."""
    found = []
    for step in steps:
        token = step.token
        if token is None or isinstance(token, NegTokenInit2):
            continue
        if isinstance(token, (NegTokenInit, NegTokenResp)):
            token = token.inner
        if token is not None:
            found.append((step, token))
    return found


_KERBEROS_TOKENS = (KrbApReq, KrbApRep, KrbError, KrbTgtReq, KrbTgtRep)


_MECHANISMS: dict[type[Token], str] = {
    NtlmNegotiate: "ntlm",
    NtlmChallenge: "ntlm",
    NtlmAuthenticate: "ntlm",
    NegoexMessages: "negoex",
    IakerbMessage: "iakerb",
    **dict.fromkeys(_KERBEROS_TOKENS, "kerberos"),
}


def token_mechanism(token: Token) -> str | None:
    """Mechanism that a token belongs to, by its own bytes."""
    mechanism = _MECHANISMS.get(type(token))
    if mechanism is not None and mechanism != "kerberos":
        return mechanism
    # an AP-REQ may be framed as IAKERB or PKU2U; of other tokens the frame is all there is
    return mech_family(token.this_mech) if token.this_mech else mechanism


def describe_mechanism(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    """Fill `mechanism` and its detail; an optimistic token that was discarded does not count."""
    exchange = negotiation.exchange
    if exchange is not None and exchange.mechanism is not None:
        negotiation.mechanism = exchange.mechanism
        negotiation.mechanism_detail = exchange.mechanism_detail
        return
    last: str | None = None
    for step, token in reversed(tokens):
        if not step.message.sasl_layer and (last := token_mechanism(token)) is not None:
            break
    selected = negotiation.selected_mech
    if selected is not None and last is not None and not _same_family(selected, last):
        answered = any(
            step.role == ACCEPTOR and token_mechanism(token) == last for step, token in tokens
        )
        if not answered:
            last = None  # only the optimistic token, which the acceptor discarded (RFC 4178 3.2)
    negotiation.mechanism = last
    negotiation.mechanism_detail = _mechanism_detail(tokens, last)


def _same_family(name: str, mechanism: str) -> bool:
    return mechanism == name or (mechanism == "kerberos" and name in KERBEROS_NAMES)


_WITH_TICKETS = frozenset({"kerberos", "iakerb", "pku2u"})
KERBEROS_NAMES = {"kerberos", "ms-kerberos", "kerberos-u2u", "kerberos-draft"}


def _mechanism_detail(tokens: MechanismTokens, mechanism: str | None) -> str | None:
    for _, token in reversed(tokens):
        if isinstance(token, NtlmAuthenticate):
            if mechanism == "ntlm":
                return token.response
        elif isinstance(token, KrbApReq):
            if mechanism in _WITH_TICKETS and token.etype is not None:
                return krb_etype_name(token.etype)
        elif isinstance(token, NegoexMessages) and mechanism == "negoex":
            for message in reversed(token.messages):
                if message.name in {"AP_REQUEST", "CHALLENGE", "VERIFY"} and message.schemes:
                    return message.schemes[0]
    return None


def describe_identity(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    """Fill the names that the client claims, and what NTLM or a SASL message says of bindings and MIC."""
    exchange = negotiation.exchange
    if exchange is not None:
        negotiation.channel_binding = exchange.context.get("channel_binding")
    if exchange is not None and exchange.mechanism is not None:
        negotiation.user = exchange.user
        negotiation.domain = exchange.domain
        negotiation.workstation = exchange.workstation
        return
    ntlm = negotiation.mechanism == "ntlm"
    for _, token in tokens:
        if ntlm:
            if not isinstance(token, NtlmAuthenticate):
                continue
            negotiation.user = token.user
            negotiation.domain = token.domain
            negotiation.workstation = token.workstation
            negotiation.spn = token.target_name or None
            negotiation.channel_binding = token.channel_binding
            negotiation.ntlm_mic = token.mic
        elif isinstance(token, (KrbApReq, KrbTgtReq)):
            negotiation.realm = token.realm or negotiation.realm
            negotiation.spn = token.sname or negotiation.spn
    if negotiation.user is None and exchange is not None:
        negotiation.user = exchange.user  # a name beside the token, as in Sicily's bind
