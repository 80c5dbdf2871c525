"""What is made of all rows together: hosts, findings, the summary. Found again where it is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from analyzer.tables.schema import HOSTS, MADE_OF

if TYPE_CHECKING:
    from analyzer.audit.model import Finding, Rule
    from analyzer.cache.made import Made
    from analyzer.report.overview.summary import Overview
    from analyzer.tables.collect import Columns, Tables


class Derived:
    """Makes it of the `rows`, which are fetched only if it is not kept. `wanted`: tables that they hold."""

    def __init__(self, rows: Callable[[], Tables], wanted: frozenset[str]) -> None:
        self._rows = rows
        self._wanted = wanted
        self.kept: Made | None = None

    def hosts(self) -> Columns:
        """The table `hosts`."""

        def make() -> Columns:
            from analyzer.tables.hosts import host_columns  # noqa: PLC0415 - not where it is kept

            return host_columns(self._rows().columns)

        def read(plain: Any) -> Columns:
            from analyzer.cache.made import read_columns  # noqa: PLC0415 - only with a cache

            return read_columns(HOSTS.columns, plain)

        found: Columns = self._once("hosts", dict, read, make)
        return found

    def findings(self, rules: Sequence[Rule]) -> list[Finding]:
        """What these rules find, most severe first."""
        from analyzer.audit.plain import plain_findings, read_findings  # noqa: PLC0415 - as above
        from analyzer.audit.registry import all_rules  # noqa: PLC0415

        # what is kept is of all rules: next time others may be asked for
        applied = rules if self.kept is None else list(all_rules().values())

        def make() -> list[Finding]:
            from analyzer.audit.run import audit  # noqa: PLC0415

            return audit(self._rows().columns, applied)

        found: list[Finding] = self._once("findings", plain_findings, read_findings, make)
        if len(applied) == len(rules):
            return found
        wanted = {rule.rule_id for rule in rules}
        return [finding for finding in found if finding.rule.rule_id in wanted]

    def overview(self) -> Overview:
        """What the summary tells."""
        from analyzer.report.overview.plain import plain_overview, read_overview  # noqa: PLC0415

        def make() -> Overview:
            from analyzer.audit.registry import all_rules  # noqa: PLC0415
            from analyzer.report.overview.summary import look_over  # noqa: PLC0415

            def found() -> list[Finding]:
                return self.findings(list(all_rules().values()))

            return look_over(self._rows().columns, found, self._wanted)

        made: Overview = self._once("overview", plain_overview, read_overview, make)
        return made

    def _once(
        self,
        what: str,
        plain: Callable[[Any], Any],
        read: Callable[[Any], Any],
        make: Callable[[], Any],
    ) -> Any:
        """What is kept of that kind, else make it; of tables some of which were left out nothing is kept."""
        if self.kept is None or not MADE_OF[what] <= self._wanted:
            return make()
        return self.kept.once(what, plain, read, make)
