"""What goals are measured with: workloads, runs on them, and how a figure is judged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from benchmarks import ROOT
from benchmarks.compare import compare, same_tokens
from benchmarks.measure import DAMAGED, OK, Figure, Run, negoscope, run
from benchmarks.workloads.shelf import Shelf, Workload

SMALL = ROOT / "captures" / "smb" / "fallback_ntlm_only_server" / "capture.pcapng"
"""A capture of 20 kB."""

OPEN = "100,000 open streams"

WORKLOADS: dict[str, dict[str, Any]] = {
    "A": {"shape": "haystack", "size": 1_000_000_000},
    "B": {"shape": "dense", "size": 200_000_000},
    "C": {"shape": "tiny", "size": 200_000_000},
    "D": {"shape": "haystack", "size": 1_000_000_000, "files": 10},
    "2 GB": {"shape": "haystack", "size": 2_000_000_000, "seconds": 1200},
    "4 GB": {"shape": "haystack", "size": 4_000_000_000, "seconds": 2400},
    "10 GB": {"shape": "haystack", "size": 10_000_000_000, "seconds": 6000},
    "1,000,000 SYNs": {"shape": "syns", "streams": 1_000_000},
    OPEN: {"shape": "open", "streams": 100_000},
}


class Measured(NamedTuple):
    """What was found; `wrong`: a result that is not what the generator had put in."""

    figure: Figure
    note: str = ""
    wrong: tuple[str, ...] = ()


class Bench:
    """Workloads, and programs that run on them; keeps what was compared."""

    def __init__(self, shelf: Shelf, scale: float, pairs: int, tshark: str, folder: Path) -> None:
        self.shelf, self.scale, self.pairs = shelf, scale, pairs
        self.tshark, self.folder = tshark, folder
        self._compared: dict[str, dict[str, Any]] = {}
        self._peaks: dict[str, float] = {}

    def workload(self, name: str, compression: str = "") -> Workload:
        """One of `WORKLOADS`, scaled."""
        return self.scaled(name, compression=compression, **WORKLOADS[name])

    def scaled(self, name: str, **wanted: Any) -> Workload:
        """Any workload, scaled."""
        for what in ("size", "streams"):
            if what in wanted:
                wanted[what] = max(int(wanted[what] * self.scale), 1)
        return self.shelf.get(name, **wanted)

    def compared(self, name: str) -> dict[str, Any]:
        """The comparison with tshark, made once."""
        if name not in self._compared:
            made = compare(self.workload(name), self.pairs, self.tshark, self.folder)
            self._compared[name] = made
        return self._compared[name]

    def same_tokens(self, workload: Workload) -> tuple[str, tuple[str, ...]]:
        """A note on the tokens that both programs find in a workload, and what is wrong with them."""
        wrong = same_tokens(workload, self.tshark, self.folder)
        count = sum(workload.truth["tokens"].values())
        note = f"{count:,} tokens, {'not ' if wrong else ''}those of tshark and the generator"
        return note, tuple(wrong)

    def ours(self, *words: str, status: tuple[int, ...] = (OK,)) -> Run:
        """Run negoscope."""
        return run([*negoscope(), *words], self.folder / "ours", allowed=status)

    def rows(self, workload: Workload, table: str = "negotiations", jobs: int = 1) -> Run:
        """Run negoscope for all rows of a table; damage is allowed."""
        words = (table, str(workload.path), "--format", "jsonl", "--quiet", "--jobs", str(jobs))
        return self.ours(*words, status=(OK, DAMAGED))

    def peak(self, name: str) -> float:
        """Peak memory of one run for the negotiations of a workload, taken once."""
        if name not in self._peaks:
            self._peaks[name] = self.rows(self.workload(name)).peak_mb
        return self._peaks[name]


class Goal(NamedTuple):
    """One line of the table."""

    key: str
    what: str
    must: float
    strive: float | None
    unit: str
    better: Literal["higher", "lower"]
    measure: Callable[[Bench], Measured]

    def meets(self, value: float, limit: float) -> bool:
        """Whether a value is good enough."""
        return value >= limit if self.better == "higher" else value <= limit


def judge(goal: Goal, bench: Bench) -> dict[str, Any]:
    """Measure one goal, which the median must meet; scaled workloads are not judged (`met` is None)."""
    measured = goal.measure(bench)
    value = measured.figure.median
    met = goal.meets(value, goal.must) and not measured.wrong
    return {
        "key": goal.key,
        "what": goal.what,
        "must": goal.must,
        "strive": goal.strive,
        "unit": goal.unit,
        "better": goal.better,
        "figure": measured.figure._asdict(),
        "met": met if bench.scale == 1 else None,
        "striven": met and goal.strive is not None and goal.meets(value, goal.strive),
        "note": measured.note,
        "wrong": list(measured.wrong),
    }


def line(judged: dict[str, Any]) -> str:
    """One goal for people."""
    figure = judged["figure"]
    low, high = (f"{figure[end]:.2f}" for end in ("low", "high"))
    spread = "" if low == high else f" ({low} to {high})"
    verdict = "met, and what is striven for" if judged["striven"] else "met"
    if not judged["met"]:
        verdict = "not judged, workloads are scaled" if judged["met"] is None else "NOT MET"
    sign = ">=" if judged["better"] == "higher" else "<="
    told = f"{judged['what']}: {figure['median']:.2f}{spread} {judged['unit']}".rstrip()
    note = f" [{judged['note']}]" if judged["note"] else ""
    wrong = [f"  WRONG: {each}" for each in judged["wrong"]]
    return "\n".join([f"{told}; {sign} {judged['must']:g}: {verdict}{note}", *wrong])
