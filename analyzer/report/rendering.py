"""Templates filled in: all text is escaped by default, and a name that a template misspells is an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from analyzer.report.grid import GridColumn, shorten
from analyzer.report.overview.section import GLUE
from analyzer.report.overview.tally import NAMED
from dissectors.visible import visible

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def render(template: str, **values: Any) -> str:
    """Return the text of `templates/<template>` with `values`."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only for pages

    made = Environment(
        loader=PackageLoader("analyzer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "shown": _shown,
        "filled": _filled,
        "subjects": _subjects,
        "trusted": trusted,
    }
    return made


def _shown(text: str) -> str:
    """Text that may hold anything, and the summary's marks where no line is to be broken."""
    return visible(text.replace(GLUE, " "))


def _filled(grid: Sequence[GridColumn]) -> list[GridColumn]:
    """Columns that say something."""
    return [column for column in grid if any(column.cells) or column.keep <= 1]


def _subjects(names: Iterable[str], more: int) -> str:
    """The first few of them, and how many others there are."""
    listed = list(names)
    rest = len(listed) - NAMED + more
    shown = ", ".join(shorten(name, 60) for name in listed[:NAMED])
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def trusted(markup: str) -> Markup:
    """Mark what we have made ourselves as HTML, so that it is not escaped once more."""
    from markupsafe import Markup  # noqa: PLC0415 - only for pages

    return Markup(markup)  # noqa: S704 - never of text from the wire
