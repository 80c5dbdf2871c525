"""What measures: programs in turn, ratios pair by pair, stages by samples, goals judged by their medians."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.facts import ROOT

from benchmarks import bench, command, goals_worst, measure, stages
from benchmarks.bench import Goal, Measured, judge, line
from benchmarks.measure import Figure, Run
from benchmarks.workloads.files import Wanted, write
from benchmarks.workloads.shelf import Shelf


def script(text: str) -> list[str]:
    """A program in Python."""
    return [sys.executable, "-c", text]


def took(seconds: float) -> Run:
    """A run of that many seconds."""
    return Run(seconds, seconds * 2, 10.0, 1)


def test_in_turn():
    """Each once unmeasured, then A B A B; a ratio is of one pair."""
    order: list[str] = []
    times = {"a": iter((9, 4, 6, 8)), "b": iter((9, 2, 2, 1))}

    def program(name: str):
        def one() -> Run:
            order.append(name)
            return took(next(times[name]))

        return one

    runs = measure.in_turn({"a": program("a"), "b": program("b")}, 3)
    assert order == list("abababab")
    assert measure.ratio(runs["a"], runs["b"]) == Figure(3, 2, 8)
    assert measure.ratio(runs["a"], runs["b"], "wall_s").median == 3
    assert measure.figures(runs["b"])["cpu_s"] == {"median": 2, "low": 1, "high": 2}


def test_a_run(tmp_path, monkeypatch):
    """Lines, memory and time of a child, without Python's settings; its failure ends all."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    text = "import os; print(os.environ.get('PYTHONDONTWRITEBYTECODE')); bytearray(b'x' * 300_000_000); print(2)"
    done = measure.run(script(text), tmp_path / "out")
    assert (tmp_path / "out").read_text() == "None\n2\n"
    assert done.lines == 2
    assert done.peak_mb > 280
    busy = measure.run(script("sum(range(10_000_000))"), tmp_path / "out")
    assert 0.05 < busy.cpu_s < 20
    with pytest.raises(SystemExit, match="failed"):
        measure.run(script("raise SystemExit(3)"), tmp_path / "out")
    assert measure.run(script("raise SystemExit(3)"), tmp_path / "out", allowed=(3,)).lines == 0


def test_the_parent_stays_small():
    """Who measures loads neither numpy nor the product: a child's peak is never less than its parent's."""
    text = (
        "import sys, benchmarks.command; "
        "print([n for n in ('numpy', 'pandas', 'analyzer', 'dissectors') if n in sys.modules])"
    )
    done = subprocess.run(script(text), cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_stages_are_of_modules_that_exist():
    """Each place is there, and belongs to one stage."""
    places = [place for each in stages.STAGES.values() for place in each]
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert len(places) == len(set(places))
    assert stages.stage_of("dissectors/carriers/smb2.py") == "framing"
    assert stages.stage_of("dissectors/span.py") is None


def test_samples_add_up(tmp_path):
    """All processor time of the program belongs to some stage; framing is among them."""
    capture = tmp_path / "w.pcap"
    truth = write(capture, Wanted("dense", 3_000_000))
    found = stages.measure(capture, truth["packets"], tmp_path)
    each = found["us_per_packet"]
    assert list(each) == [stages.START, *stages.STAGES, stages.REST]
    whole = sum(each.values()) * truth["packets"] / 1e6
    assert 0.5 * found["cpu_s"] < whole <= 1.05 * found["cpu_s"]
    assert (
        min(each["framing"], each["tokens"], each["negotiations"], each["tables"], each["start-up"])
        > 0
    )
    assert each["rest"] < 0.2 * sum(each.values())


def a_bench(folder: Path, scale: float = 1.0) -> bench.Bench:
    """One that keeps all in a folder."""
    return bench.Bench(Shelf(folder), scale, 1, "tshark", folder)


@pytest.mark.parametrize(
    ("value", "better", "wrong", "met", "striven"),
    [
        (4.0, "higher", (), True, True),
        (3.0, "higher", (), True, False),
        (2.9, "higher", (), False, False),
        (4.0, "higher", ("it lies",), False, False),
        (3.0, "lower", (), True, False),
        (3.1, "lower", (), False, False),
    ],
)
def test_a_goal(value, better, wrong, met, striven, tmp_path):
    """The median must meet it, and the result be right."""
    figure = Figure(value, 1, 9)
    strive = 4 if better == "higher" else 2
    goal = Goal("g", "a goal", 3, strive, "x", better, lambda _: Measured(figure, "so", wrong))
    judged = judge(goal, a_bench(tmp_path))
    assert (judged["met"], judged["striven"]) == (met, striven)
    told = line(judged)
    assert ("NOT MET" in told) == (not met)
    assert ("striven" in told) == striven
    assert ("WRONG: it lies" in told) == bool(wrong)
    assert judge(goal, a_bench(tmp_path, 0.5))["met"] is None


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize(
    ("compression", "count"), [("gz", 1), ("zst", 1), ("", 3)], ids=["gzip", "zstd", "set"]
)
def test_both_find_the_tokens_of_packed_and_rotated_workloads(compression, count, tmp_path):
    """tshark too, packed or cut as they are; what is not the truth's is told of each program."""
    measuring = a_bench(tmp_path)
    workload = measuring.shelf.get(
        "B", compression, shape="dense", size=200_000, files=count, seconds=60
    )
    assert len(workload.paths) == count
    total = sum(workload.truth["tokens"].values())
    assert measuring.same_tokens(workload) == (
        f"{total:,} tokens, those of tshark and the generator",
        (),
    )
    assert not list(tmp_path.glob("joined*"))
    found = workload.truth["tokens"]["NTLM_CHALLENGE"]
    workload.truth["tokens"]["NTLM_CHALLENGE"] += 1
    note, wrong = measuring.same_tokens(workload)
    assert note == f"{total + 1:,} tokens, not those of tshark and the generator"
    assert wrong == tuple(
        f"{who} found {found} NTLM_CHALLENGE, not {found + 1}" for who in ("negoscope", "tshark")
    )


def test_goals_are_named_once():
    """Keys are the ones of the command line; there is one for each capture that exhausts."""
    assert len(command.ALL_GOALS) > 25
    assert goals_worst.WORST.keys() <= command.ALL_GOALS.keys()
    assert bench.SMALL.stat().st_size in range(19_000, 21_500)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Workloads of all runs of the command line."""
    return tmp_path_factory.mktemp("cache")


def run_benchmarks(
    folder: Path, cache: Path, *words: str
) -> tuple[subprocess.CompletedProcess[str], dict]:
    """Run the command line of the benchmarks."""
    figures = folder / "figures.json"
    command_line = [ROOT / "benchmarks" / "run", *words, "--cache", cache, "--json", figures]
    done = subprocess.run(
        [sys.executable, *map(str, command_line)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, json.loads(figures.read_text("utf-8")) if figures.exists() else {}


def test_the_command_compares(tmp_path, cache):
    """A small workload: equal results, ratio, rates, floors and stages."""
    done, made = run_benchmarks(tmp_path, cache, "B", "--scale", "0.005", "--pairs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    (one,) = made["compared"]
    assert one["wrong"] == []
    assert one["workload"] == "B"
    assert one["programs"]["negoscope"]["lines"]["median"] == one["negotiations"] > 100
    assert one["programs"]["tshark"]["packets_s"]["median"] > 0
    assert one["floors"].keys() == {"read", "walk"}
    assert "B" in made["stages"]
    assert made["machine"]["cores"] == len(os.sched_getaffinity(0))
    assert "tshark / negoscope" in done.stdout


def test_the_command_takes_any_capture(tmp_path, cache):
    """One's own capture has no truth."""
    done, made = run_benchmarks(tmp_path, cache, str(bench.SMALL), "--pairs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert made["compared"][0]["cpu_ratio"]["median"] > 0
    assert made["stages"] == {}


@pytest.mark.parametrize(
    "key",
    [
        *("D", "gzip", "peak", "frames", "backwards", "rows time", "read", "cache"),
        *("parquet", "parquet cost", "where", "cluster"),
    ],
)
def test_the_command_measures_goals(key, tmp_path, cache):
    """Each way of measuring, on workloads too small to judge."""
    done, made = run_benchmarks(tmp_path, cache, "goals", key, "--scale", "0.002", "--pairs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    (judged,) = made["goals"]
    assert judged["key"] == key
    assert judged["wrong"] == []
    assert judged["met"] is None
    assert "not judged" in done.stdout


def test_an_unknown_goal_is_a_mistake(tmp_path, cache):
    """The keys are told."""
    done, _ = run_benchmarks(tmp_path, cache, "goals", "speed")
    assert done.returncode == 1
    assert "no goal 'speed'; there are A, B, C" in done.stderr
