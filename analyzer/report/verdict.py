"""The verdict on a negotiation in words: what was run, how it ended, why, how sure that is, what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from analyzer.negotiation.model import CarrierState, Negotiation, Reason
from analyzer.negotiation.reasons import ALSO, REASONS
from analyzer.report.chain import chain_lines
from analyzer.report.grid import width_of
from dissectors.visible import visible

LEAST_WIDTH = 60
LABEL = 10  # cells of `reason    ` and its like


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
    """The verdict as lines, at most `width` cells wide; below the outcome each text has its label.

    `of_text`: the numbers of the evidence count messages of a given text, not a capture's frames.
    """
    title, lines = _verdict(negotiation, of_text=of_text)
    return [part for line in (title, *lines) for part in _wrapped(line, width)]


def verdict_parts(
    negotiation: Negotiation, *, of_text: bool = False
) -> tuple[str, list[tuple[str, str]]]:
    """The verdict as its title, and pairs of label and text; a text that goes on has the label ''."""
    title, lines = _verdict(negotiation, of_text=of_text)
    return title, [(line[:LABEL].strip(), line[LABEL:]) for line in lines]


def _verdict(negotiation: Negotiation, *, of_text: bool) -> tuple[str, list[str]]:
    run = negotiation.mechanism or "no mechanism"
    if negotiation.mechanism_detail:
        run += f" ({negotiation.mechanism_detail})"
    source = _source_words(negotiation)
    over = f" over {negotiation.carrier}" if negotiation.carrier != "unknown" else ""
    title = f"{negotiation.outcome.upper()}  {visible(run)}{over}{source}"
    lines: list[str] = []
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
    return title, lines


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
