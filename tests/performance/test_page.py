"""docs/performance.md says what the figures say, also what is not met."""

from __future__ import annotations

import json

import pytest

from benchmarks import page

FIGURE = {"median": 4.0, "low": 3.5, "high": 4.25}
RATES = dict.fromkeys(("cpu_s", "wall_s", "peak_mb", "lines", "packets_s", "mb_s"), FIGURE)
STAGES = {
    "us_per_packet": {"framing": 1.5, "rest": 0.25},
    "cpu_s": 1.1,
    "cpu_s_without_samples": 1.0,
}


def figures(**others):
    """Figures of a run."""
    compared = {
        "workload": "B", "bytes": 2_000_000, "packets": 7000, "negotiations": 90, "tokens": 300, "pairs": 5,
        "programs": {"negoscope": RATES, "tshark": RATES}, "floors": {"read": 0.1, "walk": 0.2},
        "cpu_ratio": FIGURE,
    }  # fmt: skip
    machine = {
        "processor": "A processor", "cores": 2, "memory_gb": 8.0, "system": "Linux", "python": "CPython 3.11.7",
        "tshark": "4.0.17",
    }  # fmt: skip
    made = {
        "machine": machine,
        "scale": 1.0,
        "pairs": 5,
        "compared": [compared],
        "stages": {"B": STAGES},
    }
    return made | others


def goal(**others):
    """One goal."""
    made = {
        "key": "B", "what": "B: how fast", "must": 3, "strive": 5, "unit": "x", "better": "higher",
        "figure": FIGURE, "met": True, "striven": False, "note": "", "wrong": [],
    }  # fmt: skip
    return made | others


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Make the page of some figures."""

    def make(content):
        path = tmp_path / "figures.json"
        path.write_text(json.dumps(content))
        monkeypatch.setattr(page, "FIGURES", path)
        return page.performance()

    return make


def test_what_was_measured(made):
    """Machine, programs with ranges, floors, ratio, stages and their sum."""
    text = made(figures())
    assert "A processor, 2 cores, 8 GB of memory; Linux; CPython 3.11.7, tshark 4.0.17" in text
    assert "| negoscope | 4.00 (3.50 to 4.25) |" in text
    assert "tshark / negoscope in CPU time: **4.00 (3.50 to 4.25)**" in text
    assert "| reading the file, no more | 0.10 |" in text
    assert "| framing | 1.500 |" in text
    assert "| all | 1.750 |" in text
    assert "B +10 %" in text
    assert "## Goals" not in text
    assert "no measurement" not in text
    assert "no measurement" in made(figures(scale=0.02))


def test_goals(made):
    """Met, not met, not judged."""
    goals = [goal(), goal(what="slow", met=False, note="for a reason", strive=None), goal(met=None)]
    lines = [
        line
        for line in made(figures(goals=goals)).splitlines()
        if line.endswith(("met |", "** |", "judged |"))
    ]
    assert lines == [
        "| B: how fast | ≥ 3 x | ≥ 5 | 4.00 (3.50 to 4.25) | met |",
        "| slow | ≥ 3 x |  | 4.00 (3.50 to 4.25); for a reason | **not met** |",
        "| B: how fast | ≥ 3 x | ≥ 5 | 4.00 (3.50 to 4.25) | not judged |",
    ]


def test_the_committed_figures_are_of_equal_results():
    """What is published was measured at full size, on results that were right."""
    content = json.loads(page.FIGURES.read_text("utf-8"))
    assert content["scale"] == 1
    assert [each["workload"] for each in content["compared"]] == ["A", "B", "C"]
    assert [each["wrong"] for each in content["compared"]] == [[], [], []]


def test_what_falls_short_is_explained(made):
    """A goal that is not met says why; one that is says nothing more."""
    text = made(figures(goals=[goal(key="B", met=False), goal(key="C", what="C: how fast")]))
    told = text.partition("## What falls short, and why")[2]
    assert told.count("**B: how fast.** The profile") == 1
    assert "C: how fast" not in told
    assert page.UNKNOWN in made(figures(goals=[goal(key="none", met=False)]))


def test_the_page_explains_all_that_is_not_met():
    """The figures that are kept, and what is told of them."""
    assert page.UNKNOWN not in page.performance()
