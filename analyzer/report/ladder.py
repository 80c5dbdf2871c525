"""One negotiation as a ladder: client left, server right, an arrow for every leg.

Each line says the frame, who speaks to whom and what the token says in short; the verdict stands below.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from analyzer.negotiation.model import CarrierState, Negotiation, Reason, Step
from analyzer.negotiation.reasons import ALSO, REASONS
from analyzer.report.chain import chain_lines
from analyzer.report.grid import shorten, width_of
from dissectors.carriers.base import CLIENT
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
from dissectors.visible import visible

LEAST_WIDTH = 60
LABEL = 10  # cells of `reason    ` and its like


def ladder(negotiation: Negotiation, width: int = 100) -> list[str]:
    """Lines of the diagram, at most `width` cells wide (but never under 60)."""
    stream = negotiation.stream
    left, right = _end(stream.client, stream.client_port), _end(stream.server, stream.server_port)
    margin = max((len(str(step.frame)) for step in negotiation.steps), default=1)
    room = max(width, LEAST_WIDTH) - margin - 4  # between the two rails
    between = max(1, room + 2 - width_of(left) - width_of(right))
    rails = " " * (margin + 2) + "│" + " " * room + "│"
    lines = [" " * (margin + 2) + left + " " * between + right, rails]
    for step in negotiation.steps:
        number = str(step.frame)
        for place, text in enumerate(_labels(step)):
            label = shorten(visible(text), room - 5)
            drawn = (
                _arrow(label, room, step.side) if place == 0 else _beside(label, room, step.side)
            )
            lines.append(f"{number:>{margin}}  │{drawn}│")
            number = ""
    return [*lines, rails]


def _end(address: str, port: int) -> str:
    """One end of the rails; tokens that came without a capture have no port."""
    return visible(f"{address}:{port}" if port else address)


def _arrow(label: str, room: int, side: int) -> str:
    """The label on its way: from the left for the client, from the right for the server."""
    line = "─" * (room - width_of(label) - 3)
    return f" {label} {line}▶" if side == CLIENT else f"◀{line} {label} "


def _beside(label: str, room: int, side: int) -> str:
    """A further line of the same message, without an arrow."""
    fill = " " * (room - width_of(label) - 2)
    return f" {label} {fill}" if side == CLIENT else f"{fill} {label} "


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


def kdc_lines(negotiation: Negotiation) -> list[str]:
    """The exchange with a KDC behind it: what was asked, what came of it."""
    exchange = negotiation.kdc
    if exchange is None:
        return []
    asked = f"{exchange.exchange or 'request'} for {exchange.sname or 'a ticket'}"
    lost = "the answer is lost" if exchange.reply_lost else "no answer"
    said = exchange.refusal or ("granted" if exchange.granted else lost)
    ticket = negotiation.ticket
    if exchange.granted and ticket is not None:
        proven = ticket.ticket_id is not None and ticket.ticket_id == exchange.ticket_id
        said += "" if proven else " (by client, name and time)"
    return [f"KDC       {visible(asked)}: {visible(said)}, {_frames(exchange.frames)}"]


def verdict_lines(
    negotiation: Negotiation, *, of_text: bool = False, width: int = 100
) -> list[str]:
    """The outcome in words, at most `width` cells wide: what was run, how it ended, why, how sure that is.

    `of_text`: the numbers of the evidence count messages of a given text, not a capture's frames.
    """
    run = negotiation.mechanism or "no mechanism"
    if negotiation.mechanism_detail:
        run += f" ({negotiation.mechanism_detail})"
    source = _source_words(negotiation)
    over = f" over {negotiation.carrier}" if negotiation.carrier != "unknown" else ""
    lines = [f"{negotiation.outcome.upper()}  {visible(run)}{over}{source}"]
    if negotiation.status is not None:
        lines.append(f"status    {visible(negotiation.status.name)}")
    if negotiation.reason is not None:
        lines += _reason_lines(negotiation.reason, of_text=of_text)
    lines += [*chain_lines(negotiation, of_text=of_text), *kdc_lines(negotiation)]
    if negotiation.reason is not None:
        remedy = REASONS[negotiation.reason.code].remedy
        if of_text and "the capture" in remedy:
            remedy = "give the rest of the exchange, too"
        lines.append(f"do        {remedy}")
    if negotiation.protection is not None:
        signed, sealed = negotiation.signed_messages, negotiation.sealed_messages
        counts = f": signed messages {signed}, sealed {sealed}" if signed or sealed else ""
        lines.append(f"then      {negotiation.protection}{counts}")
    if negotiation.completeness != "complete":
        lines.append(f"{'text   ' if of_text else 'capture'}   {negotiation.completeness}")
    return [part for line in lines for part in _wrapped(line, width)]


def _source_words(negotiation: Negotiation) -> str:
    """Who told the outcome."""
    source = negotiation.outcome_source
    if source is None:
        return ""
    if negotiation.outcome == "failure" and negotiation.carrier_state == CarrierState.CLOSED:
        return ", shown by its end"
    return (
        ", said by the carrier against the token" if source == "conflict" else f", said by {source}"
    )


def _reason_lines(reason: Reason, *, of_text: bool) -> list[str]:
    """Why, how sure that is, and what else fits."""
    detail, _, since = reason.detail.partition("; NTLM since ")
    detail, _, also = detail.partition(ALSO)
    lines = [
        f"reason    {reason.code}: {visible(detail)}",
        f"          {reason.confidence}, {_frames(reason.evidence, of_text=of_text)}",
    ]
    if also:
        lines.append(f"also      {visible(also)}")
    if since:
        lines.append(f"NTLM      since {visible(since)}")
    return lines


def _frames(numbers: Sequence[int], *, of_text: bool = False) -> str:
    noun = "message" if of_text else "frame"
    listed = ", ".join(map(str, numbers))
    return f"{noun} {listed}" if len(numbers) == 1 else f"{noun}s {listed}"


def _wrapped(line: str, width: int) -> list[str]:
    """A line of the verdict, its text below each other where it is long."""
    if width_of(line) <= width:
        return [line]
    parts = textwrap.wrap(line[LABEL:], max(width, LEAST_WIDTH) - LABEL, break_on_hyphens=False)
    return [
        f"{line[:LABEL] if place == 0 else '':{LABEL}}{part}" for place, part in enumerate(parts)
    ]
