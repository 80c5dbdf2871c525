"""Findings as the columns of the table `findings`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from analyzer.audit.model import Finding
from analyzer.audit.run import LISTED
from analyzer.tables.packed import Cells
from analyzer.tables.schema import FINDINGS

if TYPE_CHECKING:
    from analyzer.tables.collect import Columns


ROWS_AT_ONCE = 1024
"""Rows that are held besides their columns."""


def finding_columns(findings: Sequence[Finding]) -> Columns:
    """One row per finding, in the order given."""
    made = {column.name: Cells(column.kind) for column in FINDINGS.columns}
    alike: dict[tuple[str, ...], list[str]] = {}
    rows = (_row(finding, alike) for finding in findings)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        for column, cells in zip(made.values(), zip(*some, strict=True), strict=True):
            column.extend(cells)
    return made


def _row(finding: Finding, alike: dict[tuple[str, ...], list[str]]) -> list[Any]:
    """Cells in schema order; lists of texts that are alike become one list."""
    rule, places = finding.rule, finding.places
    captures = tuple(capture for capture in places if capture)
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
        alike.setdefault(rule.references, list(rule.references)),
        alike.setdefault(captures, list(captures)),
        finding.first_seen,
        finding.last_seen,
        finding.confidence,
    ]


def _first(numbers: Iterable[Iterable[int]]) -> list[int]:
    return list(islice(chain.from_iterable(numbers), LISTED))
