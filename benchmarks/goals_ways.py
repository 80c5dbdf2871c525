"""Goals of what is done with rows, and of reading on a cluster: Parquet, filters, two workers."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bench import Bench, Goal, Measured
from benchmarks.measure import Figure, environment, in_turn, python, ratio, run

FOUR_FILES = {"shape": "dense", "size": 200_000_000, "files": 4}
WORKERS = 2


def parquet_memory(bench: Bench) -> Measured:
    """Peak memory for all tables of B as Parquet; what is written must be what was made."""
    workload, folder = bench.workload("B"), str(bench.folder / "parquet")
    done = bench.ours("export", str(workload.path), "-o", folder, "--jobs", "1", "--quiet")
    run(python("frames", "parquet", folder), bench.folder / "told")
    told = json.loads((bench.folder / "told").read_text("ascii"))
    wanted = {
        "negotiations": workload.truth["negotiations"],
        "tokens": bench.rows(workload, "tokens").lines,
    }
    wrong = [
        f"{told.get(name)} rows of {name} in Parquet, not {rows}"
        for name, rows in wanted.items()
        if told.get(name) != rows
    ]
    return Measured(Figure.of([done.peak_mb]), f"{done.cpu_s:.1f} s of processor", tuple(wrong))


def parquet_cost(bench: Bench) -> Measured:
    """Negotiations of B as Parquet, against the same as JSON Lines."""
    words = ("negotiations", str(bench.workload("B").path), "--format", "parquet")
    output = str(bench.folder / "negotiations.parquet")
    commands = {
        "parquet": lambda: bench.ours(*words, "-o", output, "--jobs", "1", "--quiet"),
        "lines": lambda: bench.rows(bench.workload("B")),
    }
    runs = in_turn(commands, bench.pairs)
    return Measured(ratio(runs["parquet"], runs["lines"]))


def filtered(bench: Bench) -> Measured:
    """The Kerberos negotiations of B alone, against all of them."""
    words = ("negotiations", str(bench.workload("B").path), "--format", "jsonl", "--quiet")
    where = ("--jobs", "1", "--where", "mechanism = 'kerberos'")
    commands = {
        "some": lambda: bench.ours(*words, *where),
        "all": lambda: bench.rows(bench.workload("B")),
    }
    runs = in_turn(commands, bench.pairs)
    bench.rows(bench.workload("B"))
    with (bench.folder / "ours").open(encoding="utf-8") as lines:
        wanted = sum(json.loads(line)["mechanism"] == "kerberos" for line in lines)
    told = {each.lines for each in runs["some"]}
    wrong = () if told == {wanted} else (f"--where told {sorted(told)} rows, not {wanted}",)
    return Measured(ratio(runs["some"], runs["all"]), f"{wanted} rows", wrong)


@contextmanager
def workers(bench: Bench) -> Iterator[str]:
    """A cluster on this machine; its address."""
    with subprocess.Popen(  # noqa: S603
        python("local_cluster", str(WORKERS)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
        cwd=bench.folder,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        try:
            address = program.stdout.readline().strip()
            if not address:
                raise SystemExit("no cluster: install the extra `dask`")
            yield address
        finally:
            program.stdin.close()  # which it takes for its end


def cluster(bench: Bench) -> Measured:
    """How much of two workers is made use of: wall time of one process / that of the cluster / 2."""
    workload = bench.scaled("four files", **FOUR_FILES)
    words = ("negotiations", *map(str, workload.paths), "--apart", "--format", "jsonl", "--quiet")
    with workers(bench) as address:
        commands = {
            "one": lambda: bench.ours(*words, "--jobs", "1"),
            "cluster": lambda: bench.ours(*words, "--cluster", address),
        }
        runs = in_turn(commands, bench.pairs)
    told = {each.lines for each in (*runs["one"], *runs["cluster"])}
    wrong = () if len(told) == 1 else (f"one process and the cluster differ: {sorted(told)} rows",)
    gain = ratio(runs["one"], runs["cluster"], "wall_s")
    return Measured(
        Figure(*(value / WORKERS for value in gain)), f"{gain.median:.2f} times as fast", wrong
    )


WAYS: tuple[Goal, ...] = (
    Goal("parquet", "peak memory for B with all tables as Parquet", 400, 300, "MB", "lower", parquet_memory),
    Goal("parquet cost", "B: negotiations as Parquet / as JSON Lines", 1.25, 1.1, "x", "lower", parquet_cost),
    Goal("where", "B: with `--where` / all negotiations", 1.25, 1.1, "x", "lower", filtered),
    Goal("cluster", "four files on 2 local workers: efficiency", 0.6, 0.85, "", "higher", cluster),
)  # fmt: skip
