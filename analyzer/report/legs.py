"""A negotiation leg by leg: the frame, who speaks, and in short what the message says.

The ladders of terminal, notebook and report are drawn from this.
"""

from __future__ import annotations

from analyzer.negotiation.model import Negotiation, Step
from dissectors.carriers.base import CLIENT
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.mechs import mech_name
from dissectors.records import NamedTuple
from dissectors.tokens.model import (
    IakerbMessage,
    KrbApRep,
    KrbApReq,
    KrbError,
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
from dissectors.visible import visible


class Leg(NamedTuple):
    """One message: the frame that completes it, its time (ns since the epoch), its sender (CLIENT, SERVER).

    `labels`: what it says, most important first, safe to print; never empty, and never a secret.
    """

    frame: int
    ts_ns: int
    side: int
    labels: tuple[str, ...]


def legs(negotiation: Negotiation) -> list[Leg]:
    """Return all messages of a negotiation that has its steps, in order."""
    return [
        Leg(step.frame, step.ts_ns, step.side, tuple(visible(text) for text in _labels(step)))
        for step in negotiation.steps
    ]


def ends(negotiation: Negotiation) -> tuple[str, str]:
    """Name client and server by address and port; tokens that came without a capture have no port."""
    stream = negotiation.stream
    return (
        _end(stream.client, stream.client_port),
        _end(stream.server, stream.server_port),
    )


def _end(address: str, port: int) -> str:
    return visible(f"{address}:{port}" if port else address)


def _labels(step: Step) -> list[str]:
    """What a step says, most important first; the first goes on the arrow."""
    labels = (
        [", ".join(_token_words(step.token))] if step.token is not None and step.token.raw else []
    )
    inner = step.token.inner if step.token is not None else None
    if inner is not None and inner.raw:
        labels.append(", ".join(_token_words(inner)))
    status = step.status
    if status is not None:
        words = status.name
        if status.layer in {"http", "ldap"}:
            words = f"{status.layer.upper()} {status.code}"
            if status.layer == "ldap":
                words += f" {status.name}"
        if status.detail:
            words += f" · {status.detail}"
        labels.append(words)
    context = step.message.context
    exchange = step.message.exchange
    if context.get("binding") and exchange is not None:
        labels.append(f"binds session {exchange.key} to this connection")
    if step.message.kind == "after":
        labels.append(_event_words(context))
    if not labels:
        logon = exchange is not None and exchange.mechanism is not None and step.side == CLIENT
        named = exchange.scheme or exchange.mechanism if exchange is not None and logon else None
        labels.append(f"{named} logon" if named else "(no token)")
    return [label for label in labels if label]


def _event_words(context: dict[str, object]) -> str:
    event = str(context.get("event", ""))
    if event == "closed":
        return f"{context.get('by')} closes the connection ({context.get('how')})"
    return event


def _token_words(token: Token) -> list[str]:
    """A token in a few words; secrets never."""
    words: list[str] = [token.token_type]
    match token:
        case NegTokenInit2():
            words.append("hints " + " > ".join(mech_name(oid) for oid in token.mech_types))
        case NegTokenInit():
            words.append("offers " + " > ".join(mech_name(oid) for oid in token.mech_types))
        case NegTokenResp():
            if token.neg_state:
                words.append(token.neg_state)
            if token.supported_mech:
                words.append("selects " + mech_name(token.supported_mech))
            if token.mech_list_mic is not None:
                words.append("with mechListMIC")
        case NtlmNegotiate() if token.workstation:
            words.append(f"from {token.workstation}")
        case NtlmChallenge() if token.target_name:
            words.append(f"of {token.target_name}")
        case NtlmAuthenticate():
            if token.user:
                words.append(f"{token.domain}\\{token.user}" if token.domain else token.user)
            if token.response:
                words.append(token.response)
        case KrbApReq() | KrbTgtReq():
            if token.sname:
                words.append(
                    f"for {token.sname}@{token.realm}" if token.realm else f"for {token.sname}"
                )
            if isinstance(token, KrbApReq) and token.etype is not None:
                words.append(krb_etype_name(token.etype))
        case KrbApRep() if token.etype is not None:
            words.append(krb_etype_name(token.etype))
        case KrbError():
            words.append(token.error or "")
        case NegoexMessages():
            words.append(" + ".join(message.name for message in token.messages))
        case IakerbMessage() if token.message:
            words.append(token.message)
    return [word for word in words if word]
