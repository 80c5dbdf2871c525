"""Apply rules to the tables and gather what they find, subject by subject."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from analyzer.audit.facts import Facts
from analyzer.audit.model import CONFIDENCES, SEVERITIES, Finding, Hit, Numbers, Place, Rule

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns

LISTED = 1000
"""Negotiations and frames of a capture that one finding names; `count` tells them all."""


def audit(tables: dict[str, Columns], rules: Iterable[Rule]) -> list[Finding]:
    """Findings of `rules`: most severe first, then rule by rule, the most frequent first."""
    facts = Facts(tables)
    per_row: dict[str, list[Rule]] = defaultdict(list)
    found: dict[tuple[str, str, str], Finding] = {}
    for rule in rules:
        if rule.table is None:
            for hit in rule.check(facts):
                _add(found, rule, hit)
        else:
            per_row[rule.table].append(rule)
    for table, ones in per_row.items():
        for row in facts.rows(table):
            for rule in ones:
                for hit in rule.check(row):
                    _add(found, rule, hit)
    return sorted(
        found.values(),
        key=lambda finding: (
            -SEVERITIES.index(finding.rule.severity),
            finding.rule.rule_id,
            -finding.count,
            finding.subject,
        ),
    )


def _add(found: dict[tuple[str, str, str], Finding], rule: Rule, hit: Hit) -> None:
    key = rule.rule_id, hit.subject_kind, hit.subject
    known = found.get(key)
    if known is None:
        known = Finding(rule, hit.subject_kind, hit.subject, hit.why, hit.confidence)
        found[key] = known
    known.count += 1
    place = known.places.setdefault(hit.capture or "", Place())
    place.negotiation_ids = _extended(place.negotiation_ids, hit.negotiation_ids)
    place.evidence = _extended(place.evidence, hit.evidence)
    if hit.ts_ns is not None:
        first, last = known.first_seen, known.last_seen
        known.first_seen = hit.ts_ns if first is None else min(first, hit.ts_ns)
        known.last_seen = hit.ts_ns if last is None else max(last, hit.ts_ns)
    if hit.confidence != known.confidence:
        # one word stands for all of them, so none may be less sure than it says
        known.confidence = max(known.confidence, hit.confidence, key=CONFIDENCES.index)


def _extended(numbers: Numbers, more: tuple[int, ...]) -> Numbers:
    if not numbers:
        return tuple(islice(dict.fromkeys(more), LISTED))
    known = numbers if isinstance(numbers, dict) else dict.fromkeys(numbers)
    for number in more:
        if len(known) < LISTED:
            known[number] = None
    return known
