"""Counts the work done for small captures: the same on every machine, so a budget can be held exactly.

    python -m benchmarks.work [--write]

Counted are, of the project's own functions: calls and lines by stage, objects made, bytes handed to the
readers of streams; and the peak of memory allocated. `--write` makes the budgets anew, with some room; else
status 1 if a count is over its budget. Comprehensions and lambdas are no calls, as Python 3.12 has no frames
for some of them; generators count once for each value. Objects made by C alone (`tuple.__new__`) are not
seen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from benchmarks import ROOT
from benchmarks.stages import stage_of

BUDGETS = ROOT / "benchmarks" / "budgets.toml"
ROOM = 1.08
OTHER_SEED = 1
LEAST = 500  # smaller counts need no budget
WORKLOADS: dict[str, dict[str, Any]] = {
    "haystack": {"shape": "haystack", "size": 4_000_000},
    "dense": {"shape": "dense", "size": 1_000_000},
    "tiny": {"shape": "tiny", "size": 2_000_000},
    "backwards": {"shape": "backwards", "size": 500_000},
}
OURS = tuple(f"{ROOT / top}{os.sep}" for top in ("analyzer", "dissectors"))

Counts = dict[str, int]


class Tracer:
    """Counts calls and lines of our code, and objects of our classes."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._lines: Counter[str] = Counter()  # by file
        self._calls: Counter[str] = Counter()

    def __call__(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        """Take a call; what is not ours runs on untraced."""
        code = frame.f_code
        path = code.co_filename
        if not path.startswith(OURS):
            if path == "<string>":  # what dataclasses and named tuples generate
                self._made(frame)
            return None
        name = code.co_name
        if name[0] != "<":
            self._calls[path] += 1
            if name == "__init__":
                self.counts["objects"] += 1
            elif name == "deliver":
                self.counts["bytes"] += len(frame.f_locals["data"])
        return self._line

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self._lines[frame.f_code.co_filename] += 1
        return self._line

    def _made(self, frame: FrameType) -> None:
        module = str(frame.f_globals.get("__name__", ""))
        if frame.f_code.co_name == "__init__":
            module = type(frame.f_locals.get("self")).__module__
        elif module.startswith("namedtuple_") and "_cls" in frame.f_locals:
            module = frame.f_locals["_cls"].__module__
        if module.startswith(("analyzer", "dissectors")):
            self.counts["objects"] += 1

    def result(self) -> Counts:
        """All counts by name: `calls framing`, `lines tokens`, `objects`, `bytes`."""
        made = Counter(self.counts)
        for kind, by_file in (("calls", self._calls), ("lines", self._lines)):
            for path, count in by_file.items():
                stage = stage_of(path.removeprefix(f"{ROOT}{os.sep}")) or "helpers"
                made[f"{kind} {stage}"] += count
        return dict(made)


def _read(capture: Path) -> None:
    from analyzer.analysis import read  # noqa: PLC0415 - only in the process that counts

    read(capture, tables=["negotiations", "tokens", "anomalies"])


def count(capture: Path, other: Path) -> Counts:
    """Read a capture twice, to count and for its memory, after another one that has all imported."""
    import tracemalloc  # noqa: PLC0415
    from unittest.mock import patch  # noqa: PLC0415

    tracer = Tracer()
    with patch("os.urandom", Random(0).randbytes):  # noqa: S311 - keys of hash tables, ever the same
        _read(other)  # not the same: some tokens would be known by then
        sys.settrace(tracer)
        _read(capture)
        sys.settrace(None)
        tracemalloc.start()
        _read(capture)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return dict(sorted((tracer.result() | {"peak KiB": peak // 1024}).items()))


def count_all(folder: Path) -> dict[str, Counts]:
    """Count for each workload, in a process of its own: of another, caches may be warm or trace on."""
    from benchmarks.workloads.files import Wanted, write  # noqa: PLC0415 - not where counting is done

    made = {}
    for name, wanted in WORKLOADS.items():
        capture = folder / f"{name}.pcap"
        other = folder / f"{name}-other.pcap"
        write(capture, Wanted(**wanted))
        write(other, Wanted(**wanted, seed=OTHER_SEED))
        command = [sys.executable, "-m", "benchmarks.work", "--count", str(capture), str(other)]
        environment = os.environ | {"PYTHONHASHSEED": "0"}
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        made[name] = json.loads(done.stdout)
    return made


def read_budgets() -> dict[str, Counts]:
    """The budgets of each workload."""
    return tomllib.loads(BUDGETS.read_text("ascii"))


def over(counted: dict[str, Counts], budgets: dict[str, Counts]) -> list[str]:
    """One sentence for each count over its budget, or without one although it is not small."""
    said = []
    for workload, counts in counted.items():
        for what, number in counts.items():
            budget = budgets.get(workload, {}).get(what, LEAST)
            if number > budget:
                by = f"{100 * (number - budget) / budget:.1f} %"
                said.append(f"{workload}: {what}: {number:,} is {by} over the budget of {budget:,}")
    return said


def _write_budgets(counted: dict[str, Counts]) -> None:
    lines = [
        "# Made by `python -m benchmarks.work --write`: what was counted, and 8 % more.",
        "# A budget that has to grow is a decision: say why in the commit.",
    ]
    for workload, counts in counted.items():
        lines += ["", f"[{workload}]"]
        lines += [f'"{what}" = {int(n * ROOM)}' for what, n in counts.items() if n >= LEAST]
    BUDGETS.write_text("\n".join(lines) + "\n", "ascii")


def main() -> int:
    """Hold the budgets, or make them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="make the budgets anew")
    parser.add_argument("--count", type=Path, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.count is not None:
        print(json.dumps(count(*options.count)))
        return 0
    with TemporaryDirectory() as folder:
        counted = count_all(Path(folder))
    if options.write:
        _write_budgets(counted)
        return 0
    said = over(counted, read_budgets())
    print("\n".join(said) or "all within their budgets")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
