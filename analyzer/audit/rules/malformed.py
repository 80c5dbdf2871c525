"""Tokens and messages that are not as their specifications say.

What the capture itself cut or lost is nobody's fault and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from analyzer.audit.facts import Facts
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule


def _malformed(facts: Facts) -> Iterator[tuple[Any, Any]]:
    """Malformed bytes of sound streams, with their negotiation if they have one."""
    for noticed in facts.rows("anomalies"):
        if noticed.group != "malformed" or noticed.frame is None:
            continue
        if (noticed.capture, noticed.stream_id) in facts.broken_streams:
            continue
        row = facts.by_negotiation.get(noticed.negotiation_id)
        if row is None or row.completeness == "complete":
            yield noticed, row


@rule(
    "NGS-DATA-001",
    "low",
    "Malformed token",
    means="A peer sends what no sound implementation writes: a faulty program, a fuzzer, or an "
    "attack on a parser.",
    remedy="Look at it with `negoscope show`; find the program, and update what has to read it.",
    references=("ATT&CK T1190", "X.690"),
    table=None,
)
def malformed(facts: Facts) -> Iterator[Hit]:
    """Anomalies of the group `malformed` in a stream of which nothing is missing."""
    found = list(_malformed(facts))
    if not found:
        return  # as nearly always; else all tokens are gone through for who sent these
    wanted = {(noticed.capture, noticed.frame) for noticed, _ in found}
    senders = {
        place: token.src
        for token in facts.rows("tokens")
        if (place := (token.capture, token.frame)) in wanted
    }
    for noticed, row in found:
        sender = senders.get((noticed.capture, noticed.frame))
        if row is None and sender is None:
            continue  # bytes that may be no token at all
        numbers = () if row is None else (row.negotiation_id,)
        kind, subject = "negotiation", str(row.negotiation_id if row is not None else "")
        if sender is not None:
            kind = "server" if row is not None and sender == row.server else "client"
            subject = sender
        detail = noticed.code if not noticed.detail else f"{noticed.code}, {noticed.detail}"
        why = f"{sender or 'a peer'} sent malformed bytes: {detail}"
        yield Hit(
            kind, subject, why, (noticed.frame,), numbers, noticed.capture, noticed.ts, "likely"
        )
