"""Script and style of the explorer: one for notebook and report, made of the files in `web/`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

PARTS = ("dom", "rows", "list", "ladder", "token", "explorer")
"""In the order in which one needs the other."""


@cache
def script(*more: str) -> str:
    """Return the explorer's script, and the named parts after it (`widget`, `page`)."""
    return "\n".join(_text(f"{name}.js") for name in (*PARTS, *more))


def style_sheet() -> str:
    """Return the explorer's style sheet."""
    return _text("explorer.css")


@cache
def _text(name: str) -> str:
    return files("analyzer.report").joinpath("web", name).read_text("utf-8")
