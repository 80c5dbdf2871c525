"""Runs programs and takes what the kernel says of each: processor time, wall time, peak memory.

This process stays small and loads no numpy: a child's peak memory is never told as less than what its
parent had used when it was started.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks import ROOT

OK, DAMAGED = 0, 3  # negoscope's exit status for a capture that is cut or corrupt


class Run(NamedTuple):
    """What one run of a program took, with all processes that it started and waited for."""

    cpu_s: float
    wall_s: float
    peak_mb: float  # of the process that used most
    lines: int  # that it printed


class Figure(NamedTuple):
    """A number measured several times."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        """Median and range."""
        return cls(statistics.median(values), min(values), max(values))


def environment() -> dict[str, str]:
    """Environment of what is measured; Python's own settings, such as not to keep bytecode, would cost."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"PYTHONPATH": str(ROOT)}


def run(command: Sequence[str], output: Path, *, allowed: Sequence[int] = (OK,)) -> Run:
    """Run a program to its end with its output in a file."""
    began = perf_counter()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    redirect = [(os.POSIX_SPAWN_OPEN, 1, str(output), flags, 0o600)]
    complaints = output.with_name(f"{output.name}.errors")
    redirect.append((os.POSIX_SPAWN_OPEN, 2, str(complaints), flags, 0o600))
    child = os.posix_spawnp(command[0], list(command), environment(), file_actions=redirect)
    _, status, usage = os.wait4(child, 0)
    wall = perf_counter() - began
    if os.waitstatus_to_exitcode(status) not in allowed:
        said = complaints.read_text("utf-8", "replace").strip().splitlines()
        raise SystemExit(f"failed: {' '.join(command)}: {said[-1] if said else 'no word why'}")
    with output.open("rb") as lines:
        count = sum(1 for _ in lines)
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, count)


def in_turn(commands: dict[str, Callable[[], Run]], pairs: int) -> dict[str, list[Run]]:
    """Run each once unmeasured, then all of them in turn: A B A B.

    Whatever else the machine does then weighs on all of them alike.
    """
    for each in commands.values():
        each()
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(pairs):
        for name, each in commands.items():
            runs[name].append(each())
    return runs


def ratio(theirs: Sequence[Run], ours: Sequence[Run], what: str = "cpu_s") -> Figure:
    """How many times as much the first took as the second, pair by pair."""
    pairs = zip(theirs, ours, strict=True)
    return Figure.of([getattr(first, what) / getattr(second, what) for first, second in pairs])


def figures(runs: Sequence[Run]) -> dict[str, Any]:
    """Median and range of each thing measured."""
    return {name: Figure.of([getattr(one, name) for one in runs])._asdict() for name in Run._fields}


def negoscope() -> list[str]:
    """The program that belongs to this Python."""
    beside = Path(sys.executable).with_name("negoscope")
    if not beside.is_file():
        raise SystemExit(f"{beside} is not there: install the project into this environment")
    return [str(beside)]


def python(module: str, *words: str) -> list[str]:
    """A module of the benchmarks as a program."""
    return [sys.executable, "-m", f"benchmarks.{module}", *words]


def machine(tshark: str) -> dict[str, Any]:
    """What the figures were measured on."""
    command = [tshark, "--version"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    first = told.stdout.partition("\n")[0].split()
    return {
        "processor": _named("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "tshark": first[2].rstrip(".") if len(first) > 2 else "unknown",
    }


def _named(path: str, name: str) -> str:
    try:
        text = Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
    for line in text.splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return ""
