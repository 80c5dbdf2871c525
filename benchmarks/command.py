"""The command line of `benchmarks/run`: negoscope against tshark, stage by stage, and against its goals.

    benchmarks/run [A B C] [CAPTURE...]     workloads, or captures of your own; all three by default
    benchmarks/run goals [KEY...]           the whole table of goals, or some of it

Workloads are made when first asked for, and kept outside the tree (`--cache`). Times are the kernel's, for
each program and its children. Status 1 if a result is not what the generator put in, or a goal is not met.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import compare, goals, goals_ways, goals_worst, stages
from benchmarks.bench import WORKLOADS, Bench, judge, line
from benchmarks.measure import machine
from benchmarks.workloads.shelf import Shelf, default_shelf

QUICK = 0.02
ALL_GOALS = {goal.key: goal for goal in (*goals.GOALS, *goals_ways.WAYS, *goals_worst.BOUNDS)}


class Findings:
    """All figures of a run; the file has them as soon as they are known, as a whole run takes hours."""

    def __init__(self, about: dict[str, Any], path: Path | None) -> None:
        self.compared: list[dict[str, Any]] = []
        self.stages: dict[str, Any] = {}
        self.goals: list[dict[str, Any]] = []
        self._about, self._path = about, path

    def tell(self, text: str) -> None:
        """Print what was just found, and keep it."""
        print(text, flush=True)
        if self._path is None:
            return
        made = self._about | {"compared": self.compared, "stages": self.stages}
        if self.goals:
            places = list(ALL_GOALS)
            made["goals"] = sorted(self.goals, key=lambda each: places.index(each["key"]))
        self._path.write_text(json.dumps(made, indent=1) + "\n", "utf-8")

    @property
    def wrong(self) -> bool:
        """Whether a result was not the generator's."""
        return any(each["wrong"] for each in (*self.compared, *self.goals))

    @property
    def missed(self) -> list[str]:
        """Goals that were not met."""
        return [each["key"] for each in self.goals if each["met"] is False]


def compare_all(bench: Bench, names: list[str], found: Findings) -> None:
    """Compare with tshark and sample stages, workload by workload."""
    for name in names:
        if name not in WORKLOADS:
            one = compare.compare_file(Path(name), bench.pairs, bench.tshark, bench.folder)
            found.compared.append(one)
            found.tell(compare.report(one))
            continue
        found.compared.append(bench.compared(name))
        found.tell(compare.report(found.compared[-1]))
        workload = bench.workload(name)
        packets = workload.truth["packets"]
        found.stages[name] = stages.measure(workload.path, packets, bench.folder)
        found.tell(stages.report(found.stages[name]))


def judge_all(bench: Bench, keys: list[str], found: Findings) -> None:
    """Measure goals, in the order given."""
    for key in keys:
        found.goals.append(judge(ALL_GOALS[key], bench))
        found.tell(line(found.goals[-1]))


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", metavar="WHAT", help="A, B, C, files; or goals and keys")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each program that count")
    parser.add_argument("--scale", type=float, default=1.0, help="size of workloads, as a factor")
    parser.add_argument(
        "--quick", action="store_true", help=f"a look: --scale {QUICK} --pairs 1; times mean little"
    )
    parser.add_argument("--cache", type=Path, default=default_shelf(), help="folder of workloads")
    parser.add_argument("--tidy", action="store_true", help="drop workloads of older generators")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--tshark", default="tshark")
    return parser.parse_args()


def main() -> int:
    """Measure what is asked for."""
    options = parsed()
    if options.quick:
        options.scale, options.pairs = QUICK, 1
    if shutil.which(options.tshark) is None:
        raise SystemExit("tshark is not installed: nothing to compare with")
    shelf = Shelf(options.cache)
    if options.tidy:
        shelf.tidy()
    about = {
        "machine": machine(options.tshark),
        "scale": options.scale,
        "pairs": options.pairs,
    }
    found = Findings(about, options.json)
    with TemporaryDirectory() as folder:
        bench = Bench(shelf, options.scale, options.pairs, options.tshark, Path(folder))
        if options.what[:1] == ["goals"]:
            keys = options.what[1:] or list(ALL_GOALS)
            unknown = [key for key in keys if key not in ALL_GOALS]
            if unknown:
                raise SystemExit(f"no goal {unknown[0]!r}; there are {', '.join(ALL_GOALS)}")
            compare_all(bench, [key for key in keys if key in WORKLOADS and key != "D"], found)
            judge_all(bench, keys, found)
        else:
            compare_all(bench, options.what or ["A", "B", "C"], found)
    if found.missed:
        print(f"not met: {', '.join(found.missed)}")
    return 1 if found.wrong or found.missed else 0
