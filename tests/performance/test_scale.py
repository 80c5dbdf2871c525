"""The table of docs/scale.md: measured by one command, put where its marks are."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.facts import ROOT

from benchmarks import scale


def test_the_table_is_measured_and_placed(tmp_path, monkeypatch):
    """All three ways tell the same rows; the page has the new table, and all else as it was."""
    pytest.importorskip("distributed", reason="needs the extra dask")
    figures = tmp_path / "scale.json"
    words = ("--scale", "0.003", "--pairs", "1", "--cache", tmp_path / "cache", "--json", figures)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *map(str, words)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = json.loads(figures.read_text("utf-8"))
    assert [row["workload"] for row in made["rows"]] == list(scale.WORKLOADS)
    for row in made["rows"]:
        assert not row["wrong"]
        assert tuple(row["seconds"]) == scale.WAYS
        assert row["lines"]["cluster"] == row["lines"]["one process"] != [0]
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    monkeypatch.setattr(scale, "FIGURES", tmp_path / "none")
    assert scale.placed(page) == page
    monkeypatch.setattr(scale, "FIGURES", figures)
    new = scale.placed(page)
    assert scale.table(made) in new
    assert scale.table(made) in done.stdout
    assert new.count("| workload |") == page.count("| workload |") == 1
    assert new.partition(scale.BEGIN)[0] == page.partition(scale.BEGIN)[0]
    assert new.partition(scale.END)[2] == page.partition(scale.END)[2] != ""
