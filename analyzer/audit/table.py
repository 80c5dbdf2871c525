"""Findings as the columns of the table `findings`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from analyzer.audit.model import Finding
from analyzer.audit.run import LISTED
from analyzer.tables.schema import FINDINGS

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns


def finding_columns(findings: Sequence[Finding]) -> Columns:
    """One row per finding, in the order given."""
    rows = [_row(finding) for finding in findings]
    names = FINDINGS.names
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return dict(zip(names, map(list, columns), strict=True))


def _row(finding: Finding) -> list[Any]:
    rule, places = finding.rule, finding.places
    return [
        rule.rule_id,
        rule.severity,
        rule.title,
        finding.subject_kind,
        finding.subject,
        finding.count,
        _first(place.negotiation_ids for place in places.values()),
        _first(place.evidence for place in places.values()),
        finding.why,
        rule.remedy,
        list(rule.references),
        [capture for capture in places if capture],
        finding.first_seen,
        finding.last_seen,
        finding.confidence,
    ]


def _first(numbers: Iterable[Iterable[int]]) -> list[int]:
    return list(islice(chain.from_iterable(numbers), LISTED))
