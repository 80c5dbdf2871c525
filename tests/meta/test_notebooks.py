"""Notebooks run from a clean kernel, and their two forms say the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))

RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120, kernel_name="python3",
               resources={"metadata": {"path": sys.argv[2]}}).execute()
"""


def test_there_are_notebooks() -> None:
    """The tests below would pass without any."""
    assert SOURCES


@pytest.mark.parametrize("source", SOURCES, ids=[path.stem for path in SOURCES])
def test_both_forms_hold_the_same_cells(source: Path) -> None:
    """The .ipynb is made from the .py (`jupytext --to ipynb`)."""
    text = jupytext.read(source)
    pair = jupytext.read(source.with_suffix(".ipynb"))
    cells = [
        [(cell.cell_type, cell.source) for cell in notebook.cells] for notebook in (text, pair)
    ]
    assert cells[0] == cells[1]


@pytest.mark.parametrize("source", SOURCES, ids=[path.stem for path in SOURCES])
def test_runs_from_a_clean_kernel(source: Path) -> None:
    """Every cell works on the captures that come with the project."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(source.with_suffix(".ipynb")), str(source.parent)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("source", SOURCES, ids=[path.stem for path in SOURCES])
def test_cells_are_short(source: Path) -> None:
    """A cell that needs more than 15 lines belongs into the library."""
    for cell in jupytext.read(source).cells:
        assert len(cell.source.splitlines()) <= 15
