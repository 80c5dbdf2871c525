"""Pictures of the `negotiations` table, each with the numbers that it shows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from analyzer.negotiation.reasons import REASONS
from analyzer.report.cells import counted
from analyzer.report.charts.bars import Bar, bars_svg, series
from analyzer.report.charts.flow import NONE, OTHERS, flow_svg
from analyzer.report.charts.heat import heat_svg
from analyzer.report.charts.palette import OUTCOME_COLOUR, OUTCOMES, signs
from analyzer.report.charts.timeline import binned, clock, timeline_svg
from analyzer.report.rendering import render, trusted
from analyzer.report.style import style
from analyzer.tables.collect import Columns
from dissectors.records import NamedTuple
from dissectors.visible import visible

BARS = 24
"""Names that have a bar, most frequent first; the others are counted together."""
MECHANISMS = 7
ROWS, COLUMNS = 40, 10
STAGES = ("offered", "selected", "used", "outcome")
FLOW_COLUMNS = ("offered_mechs", "scheme", "selected_mech", "mechanism", "outcome")


class Picture(NamedTuple):
    """An SVG, and the numbers behind it: `headings` of the columns and `rows` of cells."""

    title: str
    svg: str
    headings: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def __repr__(self) -> str:
        return f"<{self.title}: {counted(len(self.rows), 'row')}>"

    def _repr_html_(self) -> str:
        return self.html()

    def html(self, *, with_style: bool = True) -> str:
        """The picture with its numbers folded below it."""
        css = style() if with_style else ""
        return render("picture.html", it=self, svg=trusted(self.svg), style=css)


def timeline(negotiations: Columns) -> Picture | None:
    """When negotiations began and how they ended; None without any."""
    known = [
        (start, outcome)
        for start, outcome in zip(negotiations["started"], negotiations["outcome"], strict=True)
        if start is not None
    ]
    if not known:
        return None
    begin, width, counts = binned(*zip(*known, strict=True))
    rows = [
        (clock(begin + at * width, width), *row)
        for at, row in enumerate(zip(*counts.values(), strict=True))
        if any(row)
    ]
    drawn = timeline_svg(begin, width, counts)
    return Picture("Outcomes over time (UTC)", drawn, ("from", *OUTCOMES), rows)


def shares(negotiations: Columns, by: str = "carrier") -> Picture:
    """Which mechanisms ran, for each value of the column `by`."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for name, mechanism in zip(negotiations[by], negotiations["mechanism"], strict=True):
        counts[_label(name)][_label(mechanism)] += 1
    total = sum(counts.values(), Counter[str]())
    parts = [name for name, _ in total.most_common(MECHANISMS)]
    if len(total) > MECHANISMS:
        parts.append(OTHERS)
        for each in counts.values():
            each[OTHERS] = each.total() - sum(each[part] for part in parts)
    bars = []
    for name, each in _most(counts):
        shown = {part: each[part] for part in parts if each[part]}
        bars.append(
            Bar(name, shown, ", ".join(f"{count:,} {part}" for part, count in shown.items()))
        )
    title = f"Mechanisms by {by}"
    drawn = bars_svg(title, bars, parts, series(parts), whole=True)
    rows = [(bar.name, *(bar.parts.get(part, 0) for part in parts)) for bar in bars]
    return Picture(title, drawn, (by, *parts), rows)


def reasons(negotiations: Columns) -> Picture:
    """Why negotiations failed, fell back or are incomplete, by how they ended."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for reason, outcome in zip(negotiations["reason"], negotiations["outcome"], strict=True):
        if reason is not None:
            counts[reason][outcome] += 1
    bars = [Bar(name, each, signs(each)) for name, each in _most(counts)]
    drawn = bars_svg("Reasons", bars, OUTCOMES, OUTCOME_COLOUR, whole=False)
    rows = [
        (bar.name, *(bar.parts.get(name, 0) for name in OUTCOMES), _means(bar.name)) for bar in bars
    ]
    return Picture("Reasons", drawn, ("reason", *OUTCOMES, "means"), rows)


def flow(negotiations: Columns) -> Picture:
    """What was offered, what was selected, what ran, and how it ended."""
    ways: Counter[tuple[str, ...]] = Counter()
    for listed, scheme, selected, mechanism, outcome in zip(
        *(negotiations[name] for name in FLOW_COLUMNS), strict=True
    ):
        offered = " > ".join(listed) if listed is not None and len(listed) else _label(scheme)
        ways[visible(offered), _label(selected), _label(mechanism), outcome] += 1
    rows = [(*way, count) for way, count in ways.most_common()]
    title = "Offered → selected → used → outcome"
    return Picture(title, flow_svg(STAGES, ways), (*STAGES, "negotiations"), rows)


def matrix(negotiations: Columns, rows: str = "client", columns: str = "mechanism") -> Picture:
    """How many negotiations have which pair of values in two columns."""
    pairs = Counter(
        zip(map(_label, negotiations[rows]), map(_label, negotiations[columns]), strict=True)
    )
    down: Counter[str] = Counter()
    across: Counter[str] = Counter()
    for (row, column), count in pairs.items():
        down[row] += count
        across[column] += count
    names = [name for name, _ in down.most_common(ROWS)]
    heads = [name for name, _ in across.most_common(COLUMNS)]
    counts = [[pairs[row, column] for column in heads] for row in names]
    title = f"{rows} by {columns}"
    left = len(down) - len(names), len(across) - len(heads)
    notes = [
        f"{number} more of {what}"
        for number, what in zip(left, (rows, columns), strict=True)
        if number
    ]
    if notes:
        title += f" ({', '.join(notes)} not shown)"
    listed = [(row, *cells) for row, cells in zip(names, counts, strict=True)]
    return Picture(title, heat_svg(title, names, heads, counts), (rows, *heads), listed)


def _most(counts: dict[str, Counter[str]]) -> Iterable[tuple[str, Counter[str]]]:
    """The most frequent names; the rest as one."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    yield from ranked[:BARS]
    if len(ranked) > BARS:
        rest = ranked[BARS:]
        yield f"({len(rest):,} others)", sum((each for _, each in rest), Counter[str]())


def _label(cell: Any) -> str:
    return NONE if cell is None else visible(str(cell))


def _means(reason: str) -> str:
    found = REASONS.get(reason)
    return found.sentence if found is not None else ""
