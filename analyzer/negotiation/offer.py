"""What was offered, hinted and selected, and how the tokens were wrapped.

Spec: RFC 4178 4.2, MS-SPNG 2.2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from analyzer.negotiation.mechanism import MechanismTokens, token_mechanism
from analyzer.negotiation.model import (
    ACCEPTOR,
    INITIATOR,
    Negotiation,
    Step,
)
from analyzer.negotiation.seen import Seen
from dissectors.mechs import mech_family, mech_name, mech_names
from dissectors.tokens.model import (
    KrbApRep,
    KrbError,
    MicToken,
    NegTokenInit,
    NegTokenInit2,
    NegTokenResp,
    NtlmAuthenticate,
    WrapToken,
)

_NEVER_FIRST = (NegTokenResp, NtlmAuthenticate, KrbApRep, KrbError)
"""What a client says in answer only."""


def describe_spnego(negotiation: Negotiation, seen: Seen) -> None:
    """Fill wrapper, flow, the lists of both sides, the selection, the states and who sent a MIC."""
    offered = seen.offer
    if seen.hint is not None:
        negotiation.hinted_mechs = mech_names(seen.hint.mech_types)
        negotiation.hint_cut = _is_cut(seen.hint)
    if seen.selected is not None:
        negotiation.selected_mech = mech_name(seen.selected)
    if offered is not None:
        negotiation.offered_mechs = mech_names(offered.mech_types) or None
        negotiation.offer_cut = _is_cut(offered)
        if offered.inner is not None and offered.inner.raw:
            negotiation.optimistic_mech = _optimistic_name(offered)
    if seen.spnego or (negotiation.exchange is None and seen.hint is not None):
        negotiation.wrapper = "spnego"
        negotiation.neg_states = _one_list(tuple(seen.states))
        negotiation.mech_list_mic = _who_sent_mics(seen)
        server_first = negotiation.hinted_mechs is not None
        negotiation.flow = (
            "server-initiated"
            if server_first
            else "unknown"
            if begins_late(seen.first, None) or _hint_lost(negotiation)
            else "client-initiated"
        )
    else:
        negotiation.flow = "unwrapped"
        if seen.raw == "ntlm":
            negotiation.wrapper = "raw-ntlm"
        elif seen.raw in {"kerberos", "iakerb"}:
            negotiation.wrapper = "raw-kerberos"
        else:
            negotiation.wrapper = _wrapper_by_scheme(negotiation)
            if negotiation.wrapper is None:
                negotiation.flow = "unknown"


def _who_sent_mics(seen: Seen) -> str | None:
    """By whom one is seen: `both`, one role, `absent`; None if it may have stood at an end that is lost."""
    if len(seen.mics) == 2:
        return "both"
    return next(iter(seen.mics), None if seen.mics_cut else "absent")


def _is_cut(offer: NegTokenInit) -> bool:
    """The token ends inside its list of mechanisms."""
    return not offer.mech_types_der and any(a.code == "truncated" for a in offer.anomalies)


@lru_cache(maxsize=1024)
def _one_list(states: tuple[str, ...]) -> list[str]:
    """One list for all that say the same."""
    return list(states)


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
    for step in negotiation.steps:
        if step.message.kind != "hint":
            return begins_late(step, negotiation.wrapper)
    return False


def begins_late(first: Step | None, wrapper: str | None) -> bool:
    """The same of what begins with `first`, hints aside."""
    if first is None:
        return False
    if first.request_missing:
        return True
    if wrapper == "none":  # no token tells its place
        return False
    return first.role == ACCEPTOR or isinstance(first.token, _NEVER_FIRST)


def begins_protected(tokens: MechanismTokens) -> bool:
    """The first token protects a message: those that set the context up are not there (RFC 4752 3.1)."""
    return bool(tokens) and isinstance(tokens[0][1], (WrapToken, MicToken))


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
