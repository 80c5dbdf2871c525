"""Goals of bounds: the worst captures, tables of a million rows, and starting up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from benchmarks.bench import SMALL, Bench, Goal, Measured
from benchmarks.measure import Figure, Run, in_turn, negoscope, python, run
from benchmarks.workloads.shelf import Workload

MILLION = 1_000_000
PER_PACKET_S, PER_BYTE_S = 60e-6, 20e-9
"""What the worst of captures may cost at most."""


class Worst(NamedTuple):
    """A capture made to exhaust us: its larger size, and what must be told of it."""

    what: str
    wanted: dict[str, Any]
    told: str = ""  # an anomaly


WORST: dict[str, Worst] = {
    "bytes": Worst("segments of one byte", {"shape": "bytes", "size": 40_000_000}),
    "backwards": Worst("segments in reverse", {"shape": "backwards", "size": 40_000_000}),
    "claims": Worst(
        "16 MB announced, 20 kB sent", {"shape": "claims", "size": 200_000_000}, "malformed-message"
    ),
    "tokens": Worst("tokens of 64 KiB", {"shape": "tokens", "size": 200_000_000}, "limit-count"),
    "empty": Worst("1,000,000 empty records", {"shape": "empty", "size": MILLION}, "snaplen"),
    "gzip bomb": Worst("a gzip bomb of 1 GB", {"shape": "gzip-bomb", "size": 16_000}),
    "zstd bomb": Worst(
        "a zstd bomb of 1 GB", {"shape": "zstd-bomb", "size": 16_000}, "limit-count"
    ),
}
ZEROS = 65_535
"""Bytes of each packet of a bomb."""


def _start(bench: Bench) -> float:
    """Seconds of processor that a capture of next to nothing takes."""
    small = ("negotiations", str(SMALL), "--format", "jsonl")
    return min(bench.ours(*small).cpu_s for _ in range(3))


def worst(key: str, bench: Bench) -> Measured:
    """Processor time for a capture against that for one of half its size, both without starting up."""
    of = WORST[key]
    large = bench.scaled(of.what, **of.wanted)
    small = bench.scaled(of.what, **of.wanted | {"size": of.wanted["size"] // 2})
    start = _start(bench)
    runs = in_turn({"large": lambda: bench.rows(large), "small": lambda: bench.rows(small)}, 3)
    pairs = zip(runs["large"], runs["small"], strict=True)
    growth = [(two.cpu_s - start) / max(one.cpu_s - start, 0.01) for two, one in pairs]
    wrong = [*_untold(of, large, bench), *_costly(large, runs["large"], start)]
    if (
        "tokens" in large.truth
        and runs["large"][0].lines != large.truth["negotiations"]
        and key != "tokens"
    ):
        wrong.append(f"{runs['large'][0].lines} negotiations, not {large.truth['negotiations']}")
    took = min(each.cpu_s for each in runs["large"]) - start
    note = f"{took * 1e6 / large.truth['packets']:.2f} us for a packet"
    peak = max(each.peak_mb for each in runs["large"])
    return Measured(Figure.of(growth), f"{note}, {peak:.0f} MB", tuple(wrong))


def _untold(of: Worst, large: Workload, bench: Bench) -> list[str]:
    bench.rows(large, "anomalies")
    with (bench.folder / "ours").open(encoding="utf-8") as lines:
        codes = {json.loads(line)["code"] for line in lines}
    if bench.scale < 1 or not of.told or of.told in codes:  # small bombs are none
        return []
    return [f"nothing tells of {of.told}"]


def _costly(large: Workload, runs: list[Run], start: float) -> list[str]:
    packets = large.truth["packets"]
    size = packets * ZEROS if "bomb" in large.path.name else large.size
    bound = start + packets * PER_PACKET_S + size * PER_BYTE_S
    took = min(each.cpu_s for each in runs) - start
    return [f"{took:.1f} s of processor, more than {bound:.1f}"] if took > bound else []


def _many(bench: Bench, folder_name: str = "many") -> tuple[Run, dict[str, float]]:
    rows = max(int(MILLION * bench.scale), 1)
    some = bench.shelf.get("some", shape="dense", size=10_000_000)
    done = run(python("frames", "many", str(some.path), str(rows)), bench.folder / folder_name)
    made: dict[str, float] = json.loads((bench.folder / folder_name).read_text("ascii"))
    return done, made


def million_rows_time(bench: Bench) -> Measured:
    """Seconds to make columns and a frame of rows."""
    _, made = _many(bench)
    note = f"columns {made['columns_s']:.1f}, frame {made['frame_s']:.1f}"
    return Measured(Figure.of([made["columns_s"] + made["frame_s"]]), note)


def million_rows_memory(bench: Bench) -> Measured:
    """Peak memory of that."""
    done, _ = _many(bench)
    return Measured(Figure.of([done.peak_mb]))


def cached(bench: Bench) -> Measured:
    """A second run over B with a cache."""
    if (
        "--cache"
        not in subprocess.run(  # noqa: S603
            [*negoscope(), "negotiations", "--help"], capture_output=True, text=True, check=True
        ).stdout
    ):
        took = bench.rows(bench.workload("B"))
        return Measured(Figure.of([took.wall_s]), "there is no --cache")
    capture = str(bench.workload("B").path)
    words = ("negotiations", capture, "--format", "jsonl", "--cache", str(bench.folder / "cache"))
    runs = in_turn({"it": lambda: bench.ours(*words)}, bench.pairs)["it"]
    return Measured(Figure.of([each.wall_s for each in runs]))


def _wall(*command: str) -> Callable[[Bench], Measured]:
    def measure(bench: Bench) -> Measured:
        program = [*negoscope(), *command] if command[0] != "python" else python(*command[1:])
        runs = in_turn({"it": lambda: run(program, bench.folder / "out")}, bench.pairs)["it"]
        cpu = Figure.of([each.cpu_s for each in runs])
        return Measured(
            Figure.of([each.wall_s for each in runs]), f"{cpu.median:.2f} s of processor"
        )

    return measure


BOUNDS: tuple[Goal, ...] = (
    *(
        Goal(key, f"{each.what}: processor time / that of half", 2.2, None, "x", "lower", partial(worst, key))
        for key, each in WORST.items()
    ),
    Goal("rows time", "1,000,000 negotiations become a frame", 15, None, "s", "lower", million_rows_time),
    Goal("rows memory", "peak memory of that", 1500, None, "MB", "lower", million_rows_memory),
    Goal("cache", "B a second time, from `--cache`", 1, None, "s", "lower", cached),
    Goal("version", "`negoscope --version`", 0.15, 0.08, "s", "lower", _wall("--version")),
    Goal("summary", "`negoscope summary` of 20 kB", 0.35, 0.22, "s", "lower", _wall("summary", str(SMALL))),
    Goal(
        "read",
        "`read(...).negotiations` of 20 kB in a fresh interpreter",
        0.7, 0.5, "s", "lower",
        _wall("python", "frames", "one", str(SMALL)),
    ),
)  # fmt: skip
