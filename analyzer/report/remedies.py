"""What people are told below the table of findings: what each rule means, what to do, where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.cells import counted
from analyzer.report.overview.section import Entry, Section
from dissectors.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.audit.model import Finding

SUBJECTS = 3
"""Findings of one rule whose frames are named; the others are counted."""


def remedies(findings: Iterable[Finding]) -> Section:
    """One entry for each rule that has findings, in their order."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule.rule_id, []).append(finding)
    return Section(
        "What it means, and what to do", entries=[_entry(each) for each in by_rule.values()]
    )


def _entry(findings: list[Finding]) -> Entry:
    rule = findings[0].rule
    details = [("means", rule.means), ("do", rule.remedy)]
    if rule.references:
        details.append(("see", "; ".join(rule.references)))
    details += [("at", f"{each.subject}: {each.frames}") for each in findings[:SUBJECTS]]
    if len(findings) > SUBJECTS:
        details.append(("", f"and {counted(len(findings) - SUBJECTS, 'more finding')}"))
    shown = tuple((word, visible(text)) for word, text in details)
    return Entry(f"{rule.severity}: {rule.title} ({rule.rule_id})", shown)
