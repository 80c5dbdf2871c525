"""Which program made an output, as formats with a place for it tell."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version


@cache
def product_version() -> str:
    """Version of negoscope; `0` where it runs without being installed."""
    try:
        return version("negoscope")
    except PackageNotFoundError:
        return "0"
