"""Hosts whose clocks are off, as tokens tell it against the capture's clock.

The capture's own clock may be the one that is wrong: where all hosts are off by the same, nobody is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analyzer.audit.facts import Facts
from analyzer.audit.hits import by_client, kdc_hit, kdc_subject, the_kdc
from analyzer.audit.model import Hit
from analyzer.audit.registry import rule

_TOLERANCE = "Microsoft: Maximum tolerance for computer clock synchronization"
_OFF_MS = 120_000.0
_ALIKE_MS = 60_000.0
_REWRITTEN_MS = 7 * 86_400_000.0  # more than that, and the capture's times are made up


@rule(
    "NGS-CLOCK-001",
    "low",
    "Clock is off by more than two minutes",
    means="Kerberos refuses from five minutes on; logs of this host cannot be laid beside others'.",
    remedy="Let the host take its time from the domain (w32time, chrony).",
    references=("RFC 4120 1.6", "MS-KILE 3.3.1", _TOLERANCE),
    table=None,
)
def clock_off(facts: Facts) -> Iterator[Hit]:
    """MsvAvTimestamp of a CHALLENGE, stime of a KRB-ERROR or SMB's SystemTime against the time of its packet.

    SystemTime stands in the NEGOTIATE response, and is looked at where that carries a NegTokenInit2. A
    KRB-ERROR that an HTTP proxy or an acceptor of IAKERB hands on tells the clock of the KDC behind it.
    """
    # by capture, then by the finding's subject and how a sentence names it
    said: dict[str, dict[tuple[str, str], list[tuple[float, int, int | None, int | None]]]] = (
        defaultdict(lambda: defaultdict(list))
    )
    for token in facts.rows("tokens", "clock_offset_ms"):
        told = token.clock_offset_ms, token.frame, token.ts, token.negotiation_id
        said[token.capture][token.src, token.src].append(told)
    for row in facts.rows("kdc", "clock_offset_ms"):
        if row.frame_reply is not None:
            subject = kdc_subject(row)
            who = subject if subject == row.server else the_kdc(row)
            said[row.capture][subject, who].append(
                (row.clock_offset_ms, row.frame_reply, row.ts, None)
            )
    for capture, hosts in said.items():
        middle = {host: _median([each[0] for each in told]) for host, told in hosts.items()}
        right = any(abs(offset) < _OFF_MS for offset in middle.values())
        alike = len(middle) > 1 and max(middle.values()) - min(middle.values()) < _ALIKE_MS
        for host, offset in middle.items():
            if abs(offset) < _OFF_MS or (alike and not right):
                continue
            if not right and abs(offset) > _REWRITTEN_MS:
                continue
            offsets = hosts[host]
            way = "ahead of" if offset > 0 else "behind"
            subject, who = host
            why = f"the clock of {who} is {_span(abs(offset))} {way} the capture's"
            numbers = tuple(dict.fromkeys(each[3] for each in offsets if each[3] is not None))
            frames = tuple(each[1] for each in offsets)
            sure = "likely" if right else "possible"
            yield Hit("server", subject, why, frames, numbers, capture, offsets[0][2], sure)


def _median(values: list[float]) -> float:
    """As `statistics.median`, whose module takes longer to import than all rules do to run."""
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _span(milliseconds: float) -> str:
    minutes = milliseconds / 60_000
    if minutes < 120:
        return f"{minutes:.1f} min"
    return f"{minutes / 60:.1f} h" if minutes < 2880 else f"{minutes / 1440:.0f} days"


@rule(
    "NGS-CLOCK-002",
    "low",
    "Refused for its clock",
    means="Client's and server's clocks differ by more than Kerberos allows (five minutes, if "
    "nobody set it).",
    remedy="Let both take their time from the domain (w32time, chrony).",
    references=("RFC 4120 1.6", "RFC 4120 7.5.9", _TOLERANCE),
    table=None,
)
def refused_for_skew(facts: Facts) -> Iterator[Hit]:
    """KRB_AP_ERR_SKEW of a server or KDC, or a status that says the same; each refusal once.

    Where a KDC refused a ticket, the KDC is told, not the server for which it was meant.
    """
    told: set[int] = set()
    handed_on: dict[int, set[int]] = defaultdict(
        set
    )  # the KDC's errors among a negotiation's tokens
    for exchange in facts.rows("kdc"):
        if exchange.transport == "iakerb" and exchange.error == "KRB_AP_ERR_SKEW":
            for number in exchange.negotiation_ids or ():
                handed_on[number].add(exchange.frame_reply)
    for row in facts.rows("negotiations", "reason", {"clock_skew"}):
        kdcs = handed_on[row.negotiation_id].union(row.kdc_frames or ())
        by_kdc = kdcs.intersection(row.evidence or ())
        if not by_kdc:
            told.add(row.negotiation_id)
            why = (
                f"{row.server} refused {row.client} over {row.carrier}: the clocks differ too much"
            )
            yield by_client(row, why, row.confidence or "likely", row.evidence or row.frames)
    for exchange in facts.rows("kdc"):
        # IAKERB: an acceptor may refuse for what it handed on before
        again = exchange.transport == "iakerb" and not told.isdisjoint(
            exchange.negotiation_ids or ()
        )
        if exchange.error == "KRB_AP_ERR_SKEW" and not again:
            why = f"{the_kdc(exchange)} refused {exchange.client}: the clocks differ too much"
            yield kdc_hit("client", exchange.client, exchange, why)
