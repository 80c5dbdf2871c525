"""Templates filled in: all text is escaped by default, and a name that a template misspells is an error."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def render(template: str, **values: Any) -> str:
    """Return the text of `templates/<template>` with `values`."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - only for pages

    return Environment(
        loader=PackageLoader("analyzer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def trusted(markup: str) -> Markup:
    """Mark what we have made ourselves as HTML, so that it is not escaped once more."""
    from markupsafe import Markup  # noqa: PLC0415 - only for pages

    return Markup(markup)  # noqa: S704 - never of text from the wire
