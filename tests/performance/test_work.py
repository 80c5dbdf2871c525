"""The work done for a capture stays within its budgets: counts, which no busy machine can disturb."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from support.facts import ROOT

from benchmarks import work
from benchmarks.workloads.files import Wanted, write


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """What is counted of all workloads."""
    return work.count_all(tmp_path_factory.mktemp("work"))


def test_work_is_within_its_budgets(counted):
    """A count over its budget says by how much; `python -m benchmarks.work --write` makes them anew."""
    assert work.over(counted, work.read_budgets()) == []


def test_budgets_are_tight(counted):
    """No budget is more than half again what is counted, and none is of what is not counted any more.

    Else it guards nothing: make them anew.
    """
    budgets = work.read_budgets()
    assert budgets.keys() == counted.keys()
    loose = [
        f"{workload}: {what}"
        for workload, each in budgets.items()
        for what, budget in each.items()
        if budget > 1.5 * counted[workload].get(what, 0)
    ]
    assert loose == []


def test_counting_counts(counted):
    """Stages that a workload must have work in; packets of bulk are not touched one by one."""
    for what in (
        "calls framing",
        "lines tokens",
        "calls negotiations",
        "objects",
        "bytes",
        "peak KiB",
    ):
        assert counted["dense"][what] > 0
    assert counted["haystack"]["bytes"] < 400_000  # of 4 MB


def test_the_same_counts_each_time(tmp_path):
    """Also with other hashes of text."""
    captures = [tmp_path / f"{seed}.pcap" for seed in (1, 2)]
    for seed, capture in enumerate(captures):
        write(capture, Wanted("dense", 200_000, seed=seed))
    made = []
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.work", "--count", *map(str, captures)],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        made.append(json.loads(done.stdout))
    for counts in made:
        counts["peak KiB"] //= 100
    assert made[0] == made[1]


def test_over():
    """What is over its budget, and what has none although it is not small."""
    counted = {"w": {"calls framing": 111, "lines framing": 100, "objects": 600, "bytes": 400}}
    budgets = {"w": {"calls framing": 100, "lines framing": 100}}
    assert work.over(counted, budgets) == [
        "w: calls framing: 111 is 11.0 % over the budget of 100",
        "w: objects: 600 is 20.0 % over the budget of 500",
    ]
