"""Findings as what JSON can hold, and back: column by column; what can be told of the rule is left to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

from analyzer.audit.model import CONFIDENCES, SUBJECTS, Finding, Place
from analyzer.audit.registry import all_rules

_TIME: set[type] = {int, type(None)}


def plain_findings(findings: Sequence[Finding]) -> list[list[Any]]:
    """Columns of findings, then of their places.

    Findings: rule, subject kind, subject, why, confidence, count, first and last time, number of places.
    Places, all of the first finding before those of the second: capture, negotiations, frames.
    """
    fields = ("subject_kind", "subject", "why", "confidence", "count", "first_seen", "last_seen")
    places = [place for finding in findings for place in finding.places.items()]
    return [
        [finding.rule.rule_id for finding in findings],
        *([getattr(finding, name) for finding in findings] for name in fields),
        [len(finding.places) for finding in findings],
        [capture for capture, _ in places],
        [list(place.negotiation_ids) for _, place in places],
        [list(place.evidence) for _, place in places],
    ]


def read_findings(plain: Any) -> list[Finding]:
    """Findings again. Raises `ValueError`, `TypeError` or `KeyError` for what is none."""
    rule_ids, kinds, subjects, whys, sure, counts, first, last, lengths, *of_places = plain
    captures, ids, frames = of_places
    if not (set(kinds) <= set(SUBJECTS) and set(sure) <= set(CONFIDENCES)):
        raise ValueError("no findings")
    _all_of({str}, subjects, whys, captures)
    _all_of({int}, counts, lengths, chain.from_iterable(ids), chain.from_iterable(frames))
    _all_of(_TIME, first, last)
    if min(lengths, default=0) < 0 or {sum(lengths), len(ids), len(frames)} != {len(captures)}:
        raise ValueError("no places")
    places = zip(
        captures, map(Place, map(dict.fromkeys, ids), map(dict.fromkeys, frames)), strict=True
    )
    shown = (dict(islice(places, length)) for length in lengths)
    rules = map(all_rules().__getitem__, rule_ids)
    cells = zip(rules, kinds, subjects, whys, sure, counts, shown, first, last, strict=True)
    return [Finding(*each) for each in cells]


def _all_of(types: set[type], *columns: Iterable[Any]) -> None:
    for cells in columns:
        if not set(map(type, cells)) <= types:
            raise ValueError("no findings")
