"""The most severe findings of the audit, rule by rule."""

from __future__ import annotations

from collections import Counter

from analyzer.audit.model import SEVERITIES, Finding
from analyzer.report.cells import counted
from analyzer.report.grid import GridColumn
from analyzer.report.overview.section import Section
from analyzer.report.overview.tally import frequent

RULES_SHOWN = 5


def worst(findings: list[Finding]) -> Section | None:
    """What the audit finds: how many of each severity, and the rules that matter most."""
    if not findings:
        return None
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule.rule_id, []).append(finding)
    ranked = sorted(
        by_rule.values(),
        key=lambda ones: (-SEVERITIES.index(ones[0].rule.severity), -_times(ones)),
    )
    serious = [ones for ones in ranked if ones[0].rule.severity != "info"]
    shown = serious[:RULES_SHOWN] if len(serious) > RULES_SHOWN + 1 else serious
    counts = Counter(finding.rule.severity for finding in findings)
    told = ", ".join(f"{counts[name]:,} {name}" for name in reversed(SEVERITIES) if counts[name])
    left = len(findings) - sum(map(len, shown))
    rules = counted(len(ranked) - len(shown), "rule")
    notes = [f"... and {counted(left, 'more finding')} by {rules}: negoscope audit"] if left else []
    grid = [
        GridColumn("severity", [ones[0].rule.severity for ones in shown]),
        GridColumn("finding", [ones[0].rule.title for ones in shown]),
        GridColumn("at", [_subjects(ones) for ones in shown]),
        GridColumn("times", [f"{_times(ones):,}" for ones in shown], keep=2, right=True),
        GridColumn("rule", [ones[0].rule.rule_id for ones in shown], keep=3),
    ]
    title = f"Audit: {counted(len(findings), 'finding')} ({told})"
    return Section(title, grid if shown else (), notes=notes)


def _times(ones: list[Finding]) -> int:
    return sum(finding.count for finding in ones)


def _subjects(ones: list[Finding]) -> str:
    """Whom it is about, by how often."""
    return frequent(Counter({finding.subject: finding.count for finding in ones}), 1)
