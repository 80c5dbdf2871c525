"""The same pictures as Altair charts, to hover, zoom and restyle; needs `pip install 'negoscope[plots]'`.

Altair has no bands between columns, so `flow` is an SVG only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError
from analyzer.notebook import plots
from analyzer.report.charts.palette import OUTCOME_COLOUR, OUTCOMES, SERIES
from analyzer.report.pictures import Picture

if TYPE_CHECKING:
    import pandas as pd
    from altair import Chart, LayerChart


def timeline(negotiations: pd.DataFrame) -> Chart:
    """When negotiations began (UTC) and how they ended, a row for each outcome."""
    alt = altair()
    made: Chart = (
        alt.Chart(_long(plots.timeline(negotiations), "outcome"))
        .mark_bar()
        .encode(
            x=alt.X("from:T", title="UTC", timeUnit="utcyearmonthdatehoursminutesseconds"),
            y=alt.Y("negotiations:Q"),
            color=_by_outcome(alt),
            row=alt.Row("outcome:N", sort=list(OUTCOMES), title=None),
            tooltip=["from", "outcome", "negotiations"],
        )
        .properties(height=60)
    )
    return made


def shares(negotiations: pd.DataFrame, by: str = "carrier") -> Chart:
    """Which mechanisms ran, for each value of the column `by`."""
    alt = altair()
    picture = plots.shares(negotiations, by)
    parts = list(picture.headings[1:])
    scale = alt.Scale(domain=parts, range=list(SERIES[: len(parts)]))
    made: Chart = (
        alt.Chart(_long(picture, "mechanism"))
        .mark_bar()
        .encode(
            x=alt.X("negotiations:Q", stack="normalize", title="share"),
            y=alt.Y(f"{by}:N", sort=None),
            color=alt.Color("mechanism:N", scale=scale),
            tooltip=[by, "mechanism", "negotiations"],
        )
    )
    return made


def reasons(negotiations: pd.DataFrame) -> Chart:
    """Why negotiations failed, fell back or are incomplete."""
    alt = altair()
    picture = plots.reasons(negotiations)
    counts = picture._replace(
        headings=picture.headings[:-1], rows=[row[:-1] for row in picture.rows]
    )
    made: Chart = (
        alt.Chart(_long(counts, "outcome"))
        .mark_bar()
        .encode(
            x=alt.X("negotiations:Q"),
            y=alt.Y("reason:N", sort=None),
            color=_by_outcome(alt),
            tooltip=["reason", "outcome", "negotiations"],
        )
    )
    return made


def matrix(
    negotiations: pd.DataFrame, rows: str = "client", columns: str = "mechanism"
) -> LayerChart:
    """How many negotiations have which pair of values of two columns; counts stand in the cells."""
    alt = altair()
    long = _long(plots.matrix(negotiations, rows, columns), columns)
    base = alt.Chart(long).encode(
        x=alt.X(f"{columns}:N", sort=None), y=alt.Y(f"{rows}:N", sort=None)
    )
    shade = alt.Scale(type="symlog", range=["#eef4f9", SERIES[0]])
    cells = base.mark_rect().encode(color=alt.Color("negotiations:Q", scale=shade))
    made: LayerChart = cells + base.mark_text().encode(text="negotiations:Q")
    return made


def altair() -> Any:
    """Return the module; `UsageError` if it is not installed."""
    try:
        return import_module("altair")
    except ImportError:
        raise UsageError("Altair is not installed: pip install 'negoscope[plots]'") from None


def _long(picture: Picture, part: str) -> pd.DataFrame:
    """The numbers of a picture as a tidy frame: name, `part`, `negotiations`."""
    import pandas as pd  # noqa: PLC0415 - who calls has a frame already

    first, *parts = picture.headings
    cells = [
        (row[0], name, count)
        for row in picture.rows
        for name, count in zip(parts, row[1:], strict=True)
    ]
    return pd.DataFrame(cells, columns=[first, part, "negotiations"])


def _by_outcome(alt: Any) -> Any:
    colours = [OUTCOME_COLOUR[name] for name in OUTCOMES]
    scale = alt.Scale(domain=list(OUTCOMES), range=colours)
    return alt.Color("outcome:N", scale=scale, sort=list(OUTCOMES))
