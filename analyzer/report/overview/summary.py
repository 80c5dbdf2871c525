"""All parts of the summary in their order, as text and as HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from analyzer.report.overview.asked import unanswered
from analyzer.report.overview.hints import hints
from analyzer.report.overview.inputs import inputs
from analyzer.report.overview.kdc import tickets
from analyzer.report.overview.section import WIDTH, Section
from analyzer.report.overview.tally import frequent
from analyzer.report.overview.usage import clients, headline, mechanisms
from analyzer.report.overview.why import reasons
from analyzer.tables.collect import Columns
from analyzer.tables.schema import MADE_OF

if TYPE_CHECKING:
    import pandas as pd


READ = MADE_OF["findings"]
"""Tables that are to be read for it."""


def sections(
    tables: dict[str, Columns],
    named: Sequence[str] | None = None,
    wanted: Collection[str] = READ,
) -> list[Section]:
    """The parts that have something to say.

    `named` are the captures as the caller of the command named them; None in Python. Without all tables of
    `READ` in `wanted` there is no audit, as a rule would take what was not read for what was not there.
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
    found = _findings(tables) if not missing else None
    if missing:
        made.append(Section(f"Audit: not done without {', '.join(missing)}"))
    elif found is not None:
        made.append(found)
    if negotiations["capture"] or asked is not None:
        more = hints(negotiations, named, kdc=asked is not None, audit=found is not None)
        made.append(more)
    return made


def _hidden(names: Columns) -> list[str]:
    """That TLS may hide negotiations, where servers were asked for by TLS."""
    sources = zip(names["source"], names["name"], strict=True)
    asked = Counter(name for source, name in sources if source == "sni")
    if not asked:
        return []
    keys = "what is inside can be read with its keys only (--engine tshark --tls-keylog FILE)"
    return [f"TLS was spoken with {frequent(asked)}: {keys}"]


def _findings(tables: dict[str, Columns]) -> Section | None:
    from analyzer.audit.registry import all_rules  # noqa: PLC0415 - not for other commands
    from analyzer.audit.run import audit  # noqa: PLC0415
    from analyzer.report.overview.findings import worst  # noqa: PLC0415

    return worst(audit(tables, all_rules().values()))


def overview(parts: Sequence[Section], room: int | None) -> list[str]:
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
        return overview(self.sections, width)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from analyzer.report.overview.page import page  # noqa: PLC0415 - only in notebooks

        return page(self.sections)
