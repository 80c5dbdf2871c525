"""What `Analysis.audit` returns: findings as text, HTML and a frame."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from analyzer.audit.model import SEVERITIES, Finding, Rule
from analyzer.audit.suppress import Suppression
from analyzer.audit.table import finding_columns
from analyzer.report.cells import counted
from analyzer.report.grid import render
from analyzer.report.remedies import remedies
from analyzer.report.views import short_form
from analyzer.tables.schema import FINDINGS
from dissectors.records import dataclass

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.tables.collect import Columns


@dataclass
class Audited:
    """Findings of an analysis, most severe first.

    `suppressed` are those that a suppression file hides, each with its entry; `notes` tells entries that
    had no effect; `rules` are those that were applied.
    """

    findings: list[Finding]
    rules: list[Rule]
    suppressed: list[tuple[Finding, Suppression]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def columns(self) -> Columns:
        """The table `findings` as lists of plain values."""
        return finding_columns(self.findings)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The table `findings` as a pandas frame, with the dtypes of docs/tables.md also when empty."""
        from analyzer.tables.frame import to_frame  # noqa: PLC0415 - pandas only on demand

        return to_frame(FINDINGS, self.columns)

    def worst(self) -> str | None:
        """Severity of the most severe finding; None if there is none."""
        return self.findings[0].rule.severity if self.findings else None

    def counts(self) -> dict[str, int]:
        """Severity -> findings, most severe first."""
        found = Counter(finding.rule.severity for finding in self.findings)
        return {name: found[name] for name in reversed(SEVERITIES) if found[name]}

    def totals(self) -> str:
        """One line: how many findings of which severity, and how many are suppressed."""
        parts = ", ".join(f"{number} {name}" for name, number in self.counts().items())
        text = counted(len(self.findings), "finding") + (f": {parts}" if parts else "")
        if self.suppressed:
            text += f"; {len(self.suppressed)} suppressed"
        return text

    def table_lines(self, width: int | None = None) -> list[str]:
        """The findings as a table that fits `width`, one line each, and their number."""
        rows = range(len(self.findings))
        lines = render(short_form(FINDINGS, self.columns, rows), width) if self.findings else []
        return [*lines, self.totals()]

    def remedy_lines(self, width: int | None = None) -> list[str]:
        """What each rule that has findings means, what to do, and the frames; nothing where there is none."""
        return list(remedies(self.findings).lines(width)) if self.findings else []

    def __str__(self) -> str:
        return "\n".join(self.table_lines(120))

    def __repr__(self) -> str:
        return f"<{self.totals()}>"

    def _repr_html_(self) -> str:
        from analyzer.report.rendering import render  # noqa: PLC0415 - only in notebooks
        from analyzer.report.style import style  # noqa: PLC0415

        return render("findings.html", totals=self.totals(), findings=self.findings, style=style())
