"""All parts of the summary in their order, as text and as HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from analyzer.report.overview.asked import unanswered
from analyzer.report.overview.findings import worst
from analyzer.report.overview.hints import Leads, hints, leads
from analyzer.report.overview.inputs import inputs
from analyzer.report.overview.kdc import tickets
from analyzer.report.overview.section import WIDTH, Section
from analyzer.report.overview.tally import frequent
from analyzer.report.overview.usage import clients, headline, mechanisms
from analyzer.report.overview.why import reasons
from analyzer.tables.collect import Columns
from analyzer.tables.schema import MADE_OF
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.audit.model import Finding

READ = MADE_OF["findings"]
"""Tables that are to be read for it."""


class Overview(NamedTuple):
    """All that the summary tells; which commands show more depends on how the captures were named."""

    parts: list[Section]
    leads: Leads | None

    def sections(self, named: Sequence[str] | None) -> list[Section]:
        """The parts that have something to say.

        `named` are the captures as the caller of the command named them; None in Python.
        """
        return self.parts if self.leads is None else [*self.parts, hints(self.leads, named)]


def look_over(
    tables: Mapping[str, Columns], audit: Callable[[], list[Finding]], wanted: Collection[str]
) -> Overview:
    """Make the overview.

    `audit` gives the findings of all rules. Without all tables of `READ` in `wanted` it is not called, as a
    rule would take what was not read for what was not there.
    """
    negotiations = tables["negotiations"]
    made = [inputs(tables["captures"])]
    if negotiations["capture"]:
        made.append(Section(headline(negotiations)))
        made += [mechanisms(negotiations), clients(negotiations), *reasons(negotiations)]
    else:
        title = "No negotiation was found in what could be read."
        made.append(Section(title, notes=_hidden(tables["names"])))
    left = unanswered(negotiations, tables["offers"], tables["kdc"])
    if left is not None:
        made.append(left)
    asked = tickets(tables["kdc"])
    if asked is not None:
        made.append(asked)
    missing = sorted(READ.difference(wanted))
    found = worst(audit()) if not missing else None
    if missing:
        made.append(Section(f"Audit: not done without {', '.join(missing)}"))
    elif found is not None:
        made.append(found)
    if not negotiations["capture"] and asked is None:
        return Overview(made, None)
    return Overview(made, leads(negotiations, kdc=asked is not None, audit=found is not None))


def _hidden(names: Columns) -> list[str]:
    """That TLS may hide negotiations, where servers were asked for by TLS."""
    sources = zip(names["source"], names["name"], strict=True)
    asked = Counter(name for source, name in sources if source == "sni")
    if not asked:
        return []
    keys = "what is inside can be read with its keys only (--engine tshark --tls-keylog FILE)"
    return [f"TLS was spoken with {frequent(asked)}: {keys}"]


def lines_of(parts: Sequence[Section], room: int | None) -> list[str]:
    """Lines of the summary screen, at most `room` cells wide."""
    lines: list[str] = []
    for part in parts:
        lines += [*part.lines(room), ""]
    return lines[:-1]


class Summary:
    """The summary of an analysis: prints as text, shows as tables in a notebook.

    `frame` holds the counts: carrier, mechanism, mechanism_detail, outcome, reason and `count`.
    """

    def __init__(self, parts: Sequence[Section], frame: Callable[[], pd.DataFrame]) -> None:
        self.sections = list(parts)
        self._frame = frame

    @property
    def frame(self) -> pd.DataFrame:
        """Counts of negotiations by carrier, mechanism, detail, outcome and reason."""
        return self._frame()

    def lines(self, width: int | None = WIDTH) -> list[str]:
        """The text, at most `width` cells wide; None: tables as wide as they are."""
        return lines_of(self.sections, width)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from analyzer.report.rendering import render  # noqa: PLC0415 - only in notebooks
        from analyzer.report.style import style  # noqa: PLC0415

        return render("summary.html", sections=self.sections, style=style())
