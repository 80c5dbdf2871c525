"""Read the facts of a finished negotiation from its steps: mechanisms, identity, outcome, protection.

Every function looks at the steps only, so the order in which captures deliver packets does not matter
any more. Nothing is claimed that no step shows.

Spec: RFC 4178 3.2 and 5, MS-NLMP 3.2.5.1.2, and `reference` sections named in each function.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.negotiation.model import (
    ACCEPTOR,
    INITIATOR,
    CarrierState,
    Negotiation,
    State,
    Step,
)
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.codes.ntlm_flags import NEGOTIATE_SEAL
from dissectors.mechs import mech_family, mech_name
from dissectors.recognise import wrap_kind
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


def conclude(negotiation: Negotiation) -> None:
    """Fill the columns of a negotiation whose last step has been taken."""
    tokens = mechanism_tokens(negotiation.steps)
    _describe_frames(negotiation)
    _describe_carrier(negotiation)
    _describe_spnego(negotiation)
    _describe_mechanism(negotiation, tokens)
    _describe_identity(negotiation, tokens)
    _describe_outcome(negotiation)
    _describe_protection(negotiation)


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


# -- carrier, frames ---------------------------------------------------------------------------------


def _describe_frames(negotiation: Negotiation) -> None:
    steps = negotiation.steps
    said = [step for step in steps if step.message.kind != "after"] or steps
    negotiation.frames = tuple(sorted({step.frame for step in said}))
    times = [step.ts_ns for step in said]
    negotiation.started_ns, negotiation.ended_ns = min(times), max(times)


def _describe_carrier(negotiation: Negotiation) -> None:
    exchange = negotiation.exchange
    if exchange is None:
        hint = negotiation.steps[-1].message
        negotiation.carrier_version = hint.context.get("carrier_version")
        negotiation.server_name = hint.context.get("server_name")
    else:
        negotiation.carrier_version = exchange.carrier_version
        negotiation.scheme = exchange.scheme
        negotiation.server_name = exchange.server_name
    legs = len([step for step in negotiation.steps if step.is_leg])
    negotiation.legs = legs or (1 if _is_plain_logon(negotiation) else 0)


def _is_plain_logon(negotiation: Negotiation) -> bool:
    return negotiation.exchange is not None and negotiation.exchange.mechanism is not None


# -- SPNEGO ------------------------------------------------------------------------------------------


def _describe_spnego(negotiation: Negotiation) -> None:
    spnego = raw = None
    offered: NegTokenInit | None = None
    states: list[str] = []
    mics: set[str] = set()
    for step in negotiation.steps:
        token = step.token
        if isinstance(token, NegTokenInit2):
            negotiation.hinted_mechs = [mech_name(oid) for oid in token.mech_types]
        elif isinstance(token, (NegTokenInit, NegTokenResp)):
            spnego = spnego or token
            if token.mech_list_mic is not None:
                mics.add(step.role)
            if isinstance(token, NegTokenInit):
                offered = offered or token
            else:
                if token.neg_state is not None:
                    states.append(token.neg_state)
                if (
                    negotiation.selected_mech is None
                    and step.role == ACCEPTOR
                    and token.supported_mech is not None
                ):
                    negotiation.selected_mech = mech_name(token.supported_mech)
        elif raw is None and token is not None and token.raw and not step.message.sasl_layer:
            raw = token_mechanism(token)
    if offered is not None:
        negotiation.offered_mechs = [mech_name(oid) for oid in offered.mech_types] or None
        if offered.inner is not None and offered.inner.raw:
            negotiation.optimistic_mech = _optimistic_name(offered)
    if spnego is not None or (
        negotiation.exchange is None and negotiation.hinted_mechs is not None
    ):
        negotiation.wrapper = "spnego"
        negotiation.neg_states = states
        negotiation.mech_list_mic = "both" if len(mics) == 2 else next(iter(mics), "absent")
        server_first = negotiation.hinted_mechs is not None
        negotiation.flow = (
            "server-initiated"
            if server_first
            else "unknown"
            if started_late(negotiation)
            else "client-initiated"
        )
    else:
        negotiation.flow = "unwrapped"
        if raw == "ntlm":
            negotiation.wrapper = "raw-ntlm"
        elif raw in {"kerberos", "iakerb"}:
            negotiation.wrapper = "raw-kerberos"
        else:
            negotiation.wrapper = _wrapper_by_scheme(negotiation)
            if negotiation.wrapper is None:
                negotiation.flow = "unknown"


def _optimistic_name(offer: NegTokenInit) -> str | None:
    """Name as listed where the token's family matches the first mechanism, else by its own bytes."""
    assert offer.inner is not None
    family = token_mechanism(offer.inner)
    if family is None:
        return None
    for oid in offer.mech_types:
        if mech_family(oid) == family:
            return mech_name(oid)
    return family


def _wrapper_by_scheme(negotiation: Negotiation) -> str | None:
    """Without any readable token the carrier's own words are all there is."""
    scheme = negotiation.scheme
    if _is_plain_logon(negotiation):
        return "none"
    if scheme is None:
        return None
    return {"NTLM": "raw-ntlm", "GSSAPI": "raw-kerberos", "Kerberos": "raw-kerberos"}.get(
        scheme, "none"
    )


def started_late(negotiation: Negotiation) -> bool:
    """The first thing seen of it is not the first thing that was said."""
    for first in negotiation.steps:
        if first.message.kind != "hint":
            break
    else:
        return False
    if first.request_missing:
        return True
    if negotiation.wrapper == "none":  # no token tells its place
        return False
    return first.role == ACCEPTOR or isinstance(first.token, (NegTokenResp, NtlmAuthenticate))


# -- mechanism and identity -----------------------------------------------------------------------------


def _describe_mechanism(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    exchange = negotiation.exchange
    if exchange is not None and exchange.mechanism is not None:
        negotiation.mechanism = exchange.mechanism
        negotiation.mechanism_detail = exchange.mechanism_detail
        return
    last: str | None = None
    for step, token in tokens:
        mechanism = None if step.message.sasl_layer else token_mechanism(token)
        if mechanism is None:
            continue
        last = mechanism
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


KERBEROS_NAMES = {"kerberos", "ms-kerberos", "kerberos-u2u", "kerberos-draft"}


def _mechanism_detail(tokens: MechanismTokens, mechanism: str | None) -> str | None:
    detail: str | None = None
    for _, token in tokens:
        if mechanism == "ntlm" and isinstance(token, NtlmAuthenticate):
            detail = token.response
        elif mechanism in {"kerberos", "iakerb", "pku2u"} and isinstance(token, KrbApReq):
            if token.etype is not None:
                detail = krb_etype_name(token.etype)
        elif mechanism == "negoex" and isinstance(token, NegoexMessages):
            for message in token.messages:
                if message.name in {"AP_REQUEST", "CHALLENGE", "VERIFY"} and message.schemes:
                    detail = message.schemes[0]
    return detail


def _describe_identity(negotiation: Negotiation, tokens: MechanismTokens) -> None:
    exchange = negotiation.exchange
    if exchange is not None and exchange.mechanism is not None:
        negotiation.user = exchange.user
        negotiation.domain = exchange.domain
        negotiation.workstation = exchange.workstation
        return
    for _, token in tokens:
        if isinstance(token, NtlmAuthenticate) and negotiation.mechanism == "ntlm":
            negotiation.user = token.user
            negotiation.domain = token.domain
            negotiation.workstation = token.workstation
            negotiation.spn = token.target_name or None
            negotiation.channel_binding = token.channel_binding
            negotiation.ntlm_mic = token.mic
        elif isinstance(token, (KrbApReq, KrbTgtReq)) and negotiation.mechanism != "ntlm":
            negotiation.realm = token.realm or negotiation.realm
            negotiation.spn = token.sname or negotiation.spn
    if negotiation.user is None and exchange is not None:
        negotiation.user = exchange.user  # a name beside the token, as in Sicily's bind


# -- outcome ------------------------------------------------------------------------------------------------


def _describe_outcome(negotiation: Negotiation) -> None:
    state, carrier = negotiation.state, negotiation.carrier_state
    gss = {State.ACCEPTED: "success", State.REJECTED: "failure"}.get(state)
    said = {CarrierState.SUCCEEDED: "success", CarrierState.FAILED: "failure"}.get(carrier)
    if said is None and gss == "failure":
        negotiation.outcome, negotiation.outcome_source = "failure", "gss"
    elif said is None:
        refused = carrier == CarrierState.CLOSED
        negotiation.outcome = "failure" if refused else "incomplete"
        negotiation.outcome_source = "carrier" if refused else None
    elif gss is None:
        negotiation.outcome, negotiation.outcome_source = said, "carrier"
    else:
        negotiation.outcome = said
        negotiation.outcome_source = "both" if gss == said else "conflict"
    for step in negotiation.steps:
        if step.status is not None and step.message.kind == "response":
            negotiation.status = step.status
        token = step.token
        if isinstance(token, NegTokenResp) and step.role == ACCEPTOR and token.neg_state:
            negotiation.gss_status = token.neg_state
        error = token.inner if isinstance(token, NegTokenResp) else token
        if isinstance(error, KrbError) and error.error:
            negotiation.gss_status = error.error  # says more than the negState beside it
    negotiation.completeness = _completeness(negotiation)


def _completeness(negotiation: Negotiation) -> str:
    codes = {noticed.anomaly.code for noticed in negotiation.anomalies}
    if "snaplen" in codes:
        return "truncated"
    if "gap" in codes:
        return "gap"
    undecided = negotiation.outcome == "incomplete"
    if undecided and "encrypted" in codes:
        return "encrypted"
    if started_late(negotiation):
        return "started-before-capture"
    if undecided and negotiation.answer_lost:
        return "gap"
    if undecided and ("one-direction" in codes or not negotiation.abandoned):
        return "cut-off"
    return "complete"


# -- protection ---------------------------------------------------------------------------------------------


def _describe_protection(negotiation: Negotiation) -> None:
    exchange = negotiation.exchange
    if exchange is None or negotiation.outcome != "success":
        return
    signed, sealed = exchange.signed_messages, exchange.sealed_messages
    for head, count in exchange.wrapped.items():
        kind: str | None = wrap_kind(head)
        if kind == "ntlm":
            kind = _ntlm_wrap_kind(negotiation)
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


def _ntlm_wrap_kind(negotiation: Negotiation) -> str | None:
    """What NTLM's signatures protect, by the agreed flags: those of AUTHENTICATE (MS-NLMP 3.2.5.1.2)."""
    for _, token in mechanism_tokens(negotiation.steps):
        if isinstance(token, NtlmAuthenticate) and token.flags is not None:
            return "seal" if token.flags & NEGOTIATE_SEAL else "sign"
    return None


def offer_roles(negotiation: Negotiation) -> Iterator[tuple[str, NegTokenInit]]:
    """Who offered which list: (`client` or `server`, token), the latest hint and the first offer."""
    hint: NegTokenInit2 | None = None
    offer: NegTokenInit | None = None
    for step in negotiation.steps:
        if isinstance(step.token, NegTokenInit2):
            hint = step.token
        elif isinstance(step.token, NegTokenInit) and step.role == INITIATOR:
            offer = offer or step.token
    if hint is not None:
        yield "server", hint
    if offer is not None:
        yield "client", offer
