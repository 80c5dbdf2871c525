"""The goals: what each is, how it is measured, whether it is met.

Each measurement gives a `Figure`, median and range, to be held against what must be and what is striven
for.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from benchmarks import tokens_found
from benchmarks.bench import OPEN, SMALL, Bench, Goal, Measured
from benchmarks.measure import Figure, Run, in_turn, python, ratio, run


def _ratio_to_tshark(name: str) -> Callable[[Bench], Measured]:
    def measure(bench: Bench) -> Measured:
        made = bench.compared(name)
        ours, theirs = (made["programs"][who]["cpu_s"]["median"] for who in ("negoscope", "tshark"))
        note = f"{ours:.2f} s and {theirs:.2f} s of processor"
        return Measured(Figure(**made["cpu_ratio"]), note, tuple(made["wrong"]))

    return measure


def small_file(bench: Bench) -> Measured:
    """`summary` against tshark on a small file."""
    theirs = tokens_found.ask_tshark(bench.tshark, SMALL)
    runs = in_turn(
        {
            "ours": lambda: bench.ours("summary", str(SMALL)),
            "theirs": lambda: run(theirs, bench.folder / "tshark"),
        },
        bench.pairs,
    )
    wall = ratio(runs["theirs"], runs["ours"], "wall_s")
    return Measured(ratio(runs["theirs"], runs["ours"]), f"in wall time {wall.median:.2f}")


def _peak(*names: str) -> Callable[[Bench], Measured]:
    def measure(bench: Bench) -> Measured:
        peaks = [bench.peak(name) for name in names]
        note = ", ".join(f"{name} {peak:.0f}" for name, peak in zip(names, peaks, strict=True))
        return Measured(Figure(max(peaks), min(peaks), max(peaks)), note)

    return measure


def _difference(*names: str) -> Callable[[Bench], Measured]:
    def measure(bench: Bench) -> Measured:
        peaks = [bench.peak(name) for name in names]
        return Measured(Figure.of([max(peaks) - min(peaks)]))

    return measure


def peak_growth(bench: Bench) -> Measured:
    """Memory for 4 GB against that for 1 GB."""
    return Measured(Figure.of([bench.peak("4 GB") / bench.peak("A")]))


def all_tables(bench: Bench) -> Measured:
    """Memory for all tables of B as pandas frames."""
    command = python("frames", "all", str(bench.workload("B").path))
    done = run(command, bench.folder / "frames")
    return Measured(Figure.of([done.peak_mb]), f"{done.cpu_s:.1f} s of processor")


def rotated(bench: Bench) -> Measured:
    """D's negotiations as a part of those that were made, straddling ones in one piece."""
    workload = bench.workload("D")
    told, made = bench.rows(workload).lines, workload.truth["negotiations"]
    note, wrong = bench.same_tokens(workload)
    if told != made:
        wrong += (f"negoscope told {told} negotiations of D, not {made}",)
    note = f"{workload.truth['straddling']} straddle files; {note}"
    return Measured(Figure.of([told / made]), note, wrong)


def _two_jobs(name: str) -> Callable[[Bench], Measured]:
    def measure(bench: Bench) -> Measured:
        workload = bench.workload(name)
        commands = {
            "one": lambda: bench.rows(workload),
            "two": lambda: bench.rows(workload, jobs=2),
        }
        runs = in_turn(commands, bench.pairs)
        return Measured(ratio(runs["one"], runs["two"], "wall_s"))

    return measure


def gzip_cost(bench: Bench) -> Measured:
    """What reading B as gzip costs more than reading it plain, in times of decompressing it."""
    plain, packed = bench.workload("B"), bench.workload("B", "gz")
    unpack = python("floors", str(packed.path), "--unpack")

    def unpacked() -> Run:
        done = run(unpack, bench.folder / "floor")
        told = json.loads((bench.folder / "floor").read_text("ascii"))
        return done._replace(cpu_s=told["unpack"])  # without Python's start

    runs = in_turn(
        {
            "plain": lambda: bench.rows(plain),
            "packed": lambda: bench.rows(packed),
            "unpack": unpacked,
        },
        bench.pairs,
    )
    each = zip(runs["packed"], runs["plain"], runs["unpack"], strict=True)
    costs = [(gz.cpu_s - bare.cpu_s) / max(floor.cpu_s, 0.001) for gz, bare, floor in each]
    return Measured(Figure.of(costs), *bench.same_tokens(packed))


def zstd_ratio(bench: Bench) -> Measured:
    """B as zstd, against tshark on the plain file."""
    packed = bench.workload("B", "zst")
    theirs = tokens_found.ask_tshark(bench.tshark, bench.workload("B").path)
    runs = in_turn(
        {
            "ours": lambda: bench.rows(packed),
            "theirs": lambda: run(theirs, bench.folder / "tshark"),
        },
        bench.pairs,
    )
    return Measured(ratio(runs["theirs"], runs["ours"]), *bench.same_tokens(packed))


def doubling(bench: Bench) -> Measured:
    """Processor time for 2 GB against that for 1 GB."""
    small, large = bench.workload("A"), bench.workload("2 GB")
    runs = in_turn(
        {"large": lambda: bench.rows(large), "small": lambda: bench.rows(small)}, bench.pairs
    )
    return Measured(ratio(runs["large"], runs["small"]))


COMPARED: tuple[Goal, ...] = (
    Goal("A", "A, haystack 1 GB: tshark / negoscope", 12, 20, "x", "higher", _ratio_to_tshark("A")),
    Goal("B", "B, dense 200 MB: tshark / negoscope", 3, 4, "x", "higher", _ratio_to_tshark("B")),
    Goal("C", "C, tiny packets 200 MB: tshark / negoscope", 25, 36, "x", "higher", _ratio_to_tshark("C")),
    Goal("small", "20 kB, `summary`: tshark / negoscope", 2, None, "x", "higher", small_file),
)  # fmt: skip
GOALS: tuple[Goal, ...] = (
    *COMPARED,
    Goal("peak", "peak memory for 1, 4, 10 GB of A", 250, 120, "MB", "lower", _peak("A", "4 GB", "10 GB")),
    Goal("flat", "difference between them", 20, None, "MB", "lower", _difference("A", "4 GB", "10 GB")),
    Goal("growth", "peak memory for 4 GB / 1 GB", 1.2, None, "x", "lower", peak_growth),
    Goal("frames", "peak memory for B with all tables as frames", 400, 300, "MB", "lower", all_tables),
    Goal("D", "D, A in 10 files: negotiations found / made", 1, None, "", "higher", rotated),
    Goal("jobs B", "B: wall, one job / two", 1.7, 1.9, "x", "higher", _two_jobs("B")),
    Goal("jobs 4 GB", "4 GB of haystack: wall, one job / two", 1.7, 1.9, "x", "higher", _two_jobs("4 GB")),
    Goal("gzip", "B as gzip: what it costs more / bare decompression", 1.25, 1, "x", "lower", gzip_cost),
    Goal("zstd", "B as zstd: tshark on the plain file / negoscope", 2.5, None, "x", "higher", zstd_ratio),
    Goal("linear", "haystack: processor time for 2 GB / 1 GB", 2.1, None, "x", "lower", doubling),
    Goal("SYNs", "peak memory for 1,000,000 SYNs", 600, None, "MB", "lower", _peak("1,000,000 SYNs")),
    Goal("open", "peak memory for 100,000 open streams", 600, None, "MB", "lower", _peak(OPEN)),
)  # fmt: skip
