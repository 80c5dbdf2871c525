"""The style sheet of static views."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from analyzer.report.rendering import trusted

if TYPE_CHECKING:
    from markupsafe import Markup


@cache
def style() -> Markup:
    """Return it, to stand in the view; where a site takes it out, the view still reads well."""
    return trusted(files("analyzer.report").joinpath("templates", "static.css").read_text("utf-8"))
