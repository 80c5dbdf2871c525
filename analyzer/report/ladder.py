"""One negotiation as a ladder: client left, server right, an arrow for every leg.

Each line says the frame, who speaks to whom and what the token says in short; the verdict stands below.
"""

from __future__ import annotations

from analyzer.negotiation.model import Negotiation, Step
from analyzer.report.grid import shorten, width_of
from analyzer.report.visible import visible
from dissectors.codes.krb_etype import krb_etype_name
from dissectors.mechs import mech_name
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

LEAST_WIDTH = 60


def ladder(negotiation: Negotiation, width: int = 100) -> list[str]:
    """Lines of the diagram, at most `width` cells wide."""
    width = max(width, LEAST_WIDTH)
    stream = negotiation.stream
    left = f"{stream.client}:{stream.client_port}"
    right = f"{stream.server}:{stream.server_port}"
    margin = max((len(str(step.frame)) for step in negotiation.steps), default=1) + 2
    inner = width - margin - 2
    lines = [
        " " * margin + left + " " * max(1, inner + 2 - width_of(left) - width_of(right)) + right
    ]
    lines.append(" " * margin + "│" + " " * inner + "│")
    for step in negotiation.steps:
        for place, text in enumerate(_labels(step)):
            frame = f"{step.frame}".rjust(margin - 2) if place == 0 else " " * (margin - 2)
            shown = shorten(visible(text), inner - 4)
            fill = inner - width_of(shown) - 3
            body = f" {shown} " + " " * (fill + 1)
            if place == 0:
                arrow = "─" * (fill - 1)
                body = f" {shown} {arrow}─▶" if step.side == 0 else f"◀─{arrow} {shown} "
                if step.side == 0:
                    body = body.replace(" ", " ", 1)
            elif step.side == 1:
                body = " " * (fill + 1) + f" {shown} "
            lines.append(f"{frame}  │{body}│")
    lines.append(" " * margin + "│" + " " * inner + "│")
    return lines


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
    if step.message.kind == "after":
        labels.append(_event_words(context))
    if not labels:
        exchange = step.message.exchange
        scheme = exchange.scheme if exchange is not None else None
        labels.append(f"{scheme} logon" if scheme and step.side == 0 else "(no token)")
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
            words.append(
                f"{token.domain}\\{token.user}" if token.domain else str(token.user or "anonymous")
            )
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


def verdict_lines(negotiation: Negotiation) -> list[str]:
    """The outcome in words: what was run, how it ended, why, and how sure that is."""
    run = negotiation.mechanism or "no mechanism"
    if negotiation.mechanism_detail:
        run += f" ({negotiation.mechanism_detail})"
    source = f", said by {negotiation.outcome_source}" if negotiation.outcome_source else ""
    lines = [f"{negotiation.outcome.upper()}  {run} over {negotiation.carrier}{source}"]
    if negotiation.status is not None:
        lines.append(f"status    {visible(negotiation.status.name)}")
    if negotiation.reason is not None:
        reason = negotiation.reason
        frames = ", ".join(str(frame) for frame in reason.evidence)
        lines.append(f"reason    {reason.code}: {visible(reason.detail)}")
        lines.append(f"          {reason.confidence}, frames {frames}")
    if negotiation.protection is not None:
        lines.append(
            f"then      {negotiation.protection}: {negotiation.signed_messages} signed, "
            f"{negotiation.sealed_messages} sealed messages"
        )
    if negotiation.completeness != "complete":
        lines.append(f"capture   {negotiation.completeness}")
    return lines
