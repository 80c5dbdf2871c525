"""Findings as the columns of the table `findings`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
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
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _row(finding: Finding) -> list[Any]:
    rule, places = finding.rule, finding.places
    return [
        rule.rule_id,
        rule.severity,
        rule.title,
        finding.subject_kind,
        finding.subject,
        finding.count,
        list(islice((n for place in places.values() for n in place.negotiation_ids), LISTED)),
        list(islice((n for place in places.values() for n in place.evidence), LISTED)),
        finding.why,
        rule.remedy,
        list(rule.references),
        [capture for capture in places if capture],
        finding.first_seen,
        finding.last_seen,
        finding.confidence,
    ]
