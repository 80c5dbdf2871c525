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


def finding_columns(findings: Sequence[Finding]) -> Columns:
    """One row per finding, in the order given."""
    rules = [finding.rule for finding in findings]
    places = [finding.places for finding in findings]
    alike: dict[tuple[str, ...], list[str]] = {}  # lists of the same texts become one list
    columns: tuple[Iterable[Any], ...] = (
        (rule.rule_id for rule in rules),
        (rule.severity for rule in rules),
        (rule.title for rule in rules),
        (finding.subject_kind for finding in findings),
        (finding.subject for finding in findings),
        (finding.count for finding in findings),
        (_first(place.negotiation_ids for place in each.values()) for each in places),
        (_first(place.evidence for place in each.values()) for each in places),
        (finding.why for finding in findings),
        (rule.remedy for rule in rules),
        (alike.setdefault(rule.references, list(rule.references)) for rule in rules),
        (alike.setdefault(tuple(filter(None, each)), [*filter(None, each)]) for each in places),
        (finding.first_seen for finding in findings),
        (finding.last_seen for finding in findings),
        (finding.confidence for finding in findings),
    )
    made = {}
    for column, cells in zip(FINDINGS.columns, columns, strict=True):
        made[column.name] = Cells(column.kind)
        made[column.name].extend(cells)
    return made


def _first(numbers: Iterable[Iterable[int]]) -> list[int]:
    return list(islice(chain.from_iterable(numbers), LISTED))
