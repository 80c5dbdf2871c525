"""What was offered, hinted and selected, and how the tokens were wrapped.

Spec: RFC 4178 4.2, MS-SPNG 2.2.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.negotiation.mechanism import token_mechanism
from analyzer.negotiation.model import (
    ACCEPTOR,
    INITIATOR,
    Negotiation,
)
from dissectors.mechs import mech_family, mech_name
from dissectors.tokens.model import (
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
)


def describe_spnego(negotiation: Negotiation) -> None:
    """Fill wrapper, flow, the lists of both sides, the selection, the states and who sent a MIC."""
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
            if started_late(negotiation) or _hint_lost(negotiation)
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
    if is_plain_logon(negotiation):
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


def _hint_lost(negotiation: Negotiation) -> bool:
    """Bytes are missing from where the server may have named its mechanisms first."""
    exchange = negotiation.exchange
    return exchange is not None and bool(exchange.context.get("hint_lost"))


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


def is_plain_logon(negotiation: Negotiation) -> bool:
    """Tell whether it is a logon without GSS, which the carrier describes by itself."""
    return negotiation.exchange is not None and negotiation.exchange.mechanism is not None
