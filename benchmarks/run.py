"""Compare negoscope with tshark on captures: CPU time, wall time and peak memory, run in turn.

    python benchmarks/run.py A.pcap B.pcap --pairs 5 --json figures.json

What counts is the ratio within a pair, the two programs run one right after the other: the machine's
own speed, and whatever else runs on it, weighs on both. Every program runs once unmeasured first, so
that files are in the page cache and Python's bytecode is on disk.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

ROWS = ("frame.number", "ntlmssp.messagetype", "spnego.negResult", "kerberos.msg_type")
FILTER = "gss-api or ntlmssp or spnego"
SETTING = ["-o", "tcp.reassemble_out_of_order:TRUE"]  # else it loses tokens in swapped segments


class Run(NamedTuple):
    """What one run of a program took."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    lines: int  # that it printed


def programs(capture: Path, negoscope: str, tshark: str) -> dict[str, list[str]]:
    """Command lines that both list the authentication in a capture."""
    fields = [word for name in ROWS for word in ("-e", name)]
    return {
        "negoscope": [negoscope, "negotiations", str(capture), "--format", "jsonl", "--quiet"],
        "tshark": [
            tshark,
            "-n",
            *SETTING,
            "-r",
            str(capture),
            "-Y",
            FILTER,
            "-T",
            "fields",
            *fields,
        ],
    }


def run(command: list[str], output: Path) -> Run:
    """Run a program to its end; its own resource usage is what the kernel says of this child."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("PYTHON")
    }
    began = perf_counter()
    redirect = [(os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]
    child = os.posix_spawnp(command[0], command, environment, file_actions=redirect)
    _, status, usage = os.wait4(child, 0)
    wall = perf_counter() - began
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"failed: {' '.join(command)}")
    with output.open("rb") as lines:
        count = sum(1 for _ in lines)
    return Run(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, count)


def compare(
    capture: Path, commands: dict[str, list[str]], pairs: int, output: Path
) -> dict[str, Any]:
    """Measure the programs in turn; figures of one capture."""
    for command in commands.values():
        run(command, output)
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(pairs):
        for name, command in commands.items():
            runs[name].append(run(command, output))
    ratios = [
        theirs.cpu_s / ours.cpu_s
        for ours, theirs in zip(runs["negoscope"], runs["tshark"], strict=True)
    ]
    medians = {
        name: {
            field: statistics.median(getattr(one, field) for one in taken) for field in Run._fields
        }
        for name, taken in runs.items()
    }
    return {
        "capture": capture.name,
        "bytes": capture.stat().st_size,
        "pairs": pairs,
        "medians": medians,
        "cpu_ratio": {
            "median": statistics.median(ratios),
            "lowest": min(ratios),
            "highest": max(ratios),
        },
        "runs": {name: [one._asdict() for one in taken] for name, taken in runs.items()},
    }


def report(figures: dict[str, Any]) -> str:
    """One line per program, then the ratio."""
    lines = [f"{figures['capture']}  {figures['bytes'] / 1e6:.0f} MB, {figures['pairs']} pairs"]
    for name, run_of in figures["medians"].items():
        lines.append(
            f"  {name:<10} {run_of['cpu_s']:7.2f} s CPU {run_of['wall_s']:7.2f} s wall"
            f" {run_of['peak_mb']:6.0f} MB {run_of['lines']:9.0f} lines"
        )
    ratio = figures["cpu_ratio"]
    lines.append(
        f"  ratio      {ratio['median']:7.2f} x less CPU"
        f" ({ratio['lowest']:.2f} to {ratio['highest']:.2f})"
    )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print, and write JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("captures", nargs="+", type=Path, metavar="CAPTURE")
    parser.add_argument("--pairs", type=int, default=3, help="runs of each program that count")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    beside = Path(sys.executable).with_name("negoscope")
    parser.add_argument("--negoscope", default=str(beside) if beside.exists() else "negoscope")
    parser.add_argument("--tshark", default="tshark")
    parser.add_argument("--output", type=Path, default=Path(os.devnull), help="where rows go")
    options = parser.parse_args()
    if shutil.which(options.tshark) is None:
        raise SystemExit("tshark is not installed: nothing to compare with")
    figures = []
    for capture in options.captures:
        commands = programs(capture, options.negoscope, options.tshark)
        figures.append(compare(capture, commands, options.pairs, options.output))
        print(report(figures[-1]), flush=True)
    if options.json is not None:
        machine = {"platform": platform.platform(), "python": platform.python_version()}
        options.json.write_text(
            json.dumps({"machine": machine, "captures": figures}, indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
