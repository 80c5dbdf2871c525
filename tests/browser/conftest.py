"""A browser that has no network, and hears of everything that a page asks for or complains about."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from support.visit import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window.

    Gone with the last test of a module: as long as it is there an event loop runs in this thread, in which
    other tests could start none.
    """
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(params=["light", "dark"])
def visit(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Visit]:
    """A fresh page without network, for one who likes it light and one who likes it dark."""
    context = browser.new_context(
        offline=True, color_scheme=request.param, viewport={"width": 1400, "height": 1000}
    )
    yield Visit(context.new_page()).watch()
    context.close()
