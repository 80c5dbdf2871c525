"""The explorer in a real JupyterLab: filled by the kernel, linked panes, nothing asked of the network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from support.facts import ROOT
from support.visit import Visit

CAPTURE = ROOT / "captures" / "smb" / "mixed" / "capture.pcapng"
CELLS = [f"import negoscope as ng\na = ng.read({str(CAPTURE)!r})", "a.explore()"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A JupyterLab of its own with one notebook: its address, and the notebook's file."""
    home = tmp_path_factory.mktemp("lab")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    notebook.metadata["kernelspec"] = {
        "name": "python3", "display_name": "Python 3", "language": "python",
    }  # fmt: skip
    path = home / "explore.ipynb"
    nbformat.write(notebook, path)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
        "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={home}",
        "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    environment = os.environ | {
        name: str(home / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    log = (home / "log").open("wb")
    with (
        log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=home) as server,
    ):
        yield _address(home / "log", server), path
        server.terminate()


def _address(log: Path, server: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        found = re.search(r"http://127\.0\.0\.1:\d+/lab", log.read_text("utf-8", "replace"))
        if found:
            return found[0]
        assert server.poll() is None, log.read_text("utf-8", "replace")[-2000:]
        time.sleep(0.1)
    raise AssertionError(log.read_text("utf-8", "replace")[-2000:])


def test_explores_in_jupyterlab(browser, lab):
    address, path = lab
    with browser.new_context(viewport={"width": 1500, "height": 1200}) as context:
        visit = Visit(context.new_page()).watch()
        page = visit.page
        page.goto(f"{address}/tree/{path.name}")
        page.get_by_text("(ipykernel) | Idle").wait_for(timeout=60_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_text("Run All Cells", exact=True).click()
        explorer = page.locator(".negoscope-explorer")
        explorer.locator(".token").wait_for(timeout=60_000)
        assert explorer.locator(".status").inner_text() == "7 of 7 negotiations"

        explorer.get_by_label("filter negotiations by words").fill("grace smb")
        explorer.locator(".ladder h3", has_text="negotiation 5").wait_for()
        explorer.locator("button.leg").nth(3).click()
        item = explorer.locator("[role=treeitem]", has_text="ServerChallenge")
        item.hover()
        start, end = map(int, re.search(r"(\d+)-(\d+)", item.inner_text()).groups())
        lit = explorer.locator(".octets .lit")
        assert lit.evaluate_all("all => all.map(one => Number(one.dataset.byte))") == [
            *range(start, end)
        ]
        assert lit.all_inner_texts() == ["··"] * 8

        explorer.locator(".list").focus()
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.type") == "search"
        page.keyboard.press("Control+s")
        page.locator(".jp-Notebook").click(position={"x": 5, "y": 5})
        asked = {urlsplit(url).netloc for url in visit.requests if urlsplit(url).netloc}
        assert asked == {urlsplit(address).netloc}
        assert not [text for text in visit.complaints if "negoscope" in text.lower()]
