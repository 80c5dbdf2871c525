"""How much several processes and workers gain: measures the table of docs/scale.md, and prints it.

    python -m benchmarks.scale --json benchmarks/scale.json && python docs/generate.py

One process, `--jobs 2` and a cluster of two workers on this machine read each workload in turn. What counts
is how the seconds by the clock compare within a turn; they mean something only where two cores are idle.
Status 1 if one way tells other rows than another, or than were made.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import ROOT
from benchmarks.bench import Bench
from benchmarks.goals_ways import FOUR_FILES, WORKERS, workers
from benchmarks.measure import Figure, figures, in_turn, machine, ratio
from benchmarks.workloads.shelf import Shelf, Workload, default_shelf

FIGURES = ROOT / "benchmarks" / "scale.json"
BEGIN = "<!-- made by docs/generate.py of benchmarks/scale.json -->"
END = "<!-- so far -->"
"""Marks in docs/scale.md; what lies between them is made."""
WAYS = ("one process", "--jobs 2", "cluster")
WORKLOADS: dict[str, dict[str, Any]] = {
    "four files, dense with authentication": FOUR_FILES,
    "one file, dense with authentication": {"shape": "dense", "size": 200_000_000},
    "one file, bulk data": {"shape": "haystack", "size": 400_000_000},
}


def measured(bench: Bench, name: str, address: str) -> dict[str, Any]:
    """One row: what each way takes for a workload, and how many times as fast as one process it is."""
    workload = bench.scaled(name, **WORKLOADS[name])
    words = ("negotiations", *map(str, workload.paths), "--apart", "--format", "jsonl", "--quiet")
    one, two, cluster = WAYS
    runs = in_turn(
        {
            one: lambda: bench.ours(*words, "--jobs", "1"),
            two: lambda: bench.ours(*words, "--jobs", str(WORKERS)),
            cluster: lambda: bench.ours(*words, "--cluster", address),
        },
        bench.pairs,
    )
    told = {way: sorted({each.lines for each in taken}) for way, taken in runs.items()}
    counts = {count for counts in told.values() for count in counts}
    if len(workload.paths) == 1:  # read apart, what straddles files is told of each of them
        counts.add(workload.truth["negotiations"])
    return {
        **_about(workload),
        "lines": told,
        "wrong": len(counts) > 1,
        "seconds": {way: figures(taken)["wall_s"] for way, taken in runs.items()},
        "gain": {way: ratio(runs[one], runs[way], "wall_s")._asdict() for way in (two, cluster)},
    }


def _about(workload: Workload) -> dict[str, Any]:
    return {
        "workload": workload.name,
        "bytes": workload.size,
        "packets": workload.truth["packets"],
        "negotiations": workload.truth["negotiations"],
    }


def placed(page: str) -> str:
    """The page with the table of `FIGURES` between its marks; as it is where there are no figures yet."""
    if not FIGURES.is_file():
        return page
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    made = table(json.loads(FIGURES.read_text("utf-8")))
    return f"{before}{BEGIN}\n{made}\n{END}{after}"


def table(made: dict[str, Any]) -> str:
    """The figures as a table in Markdown, with what they were measured on."""
    on = made["machine"]
    lines = [
        f"On {on['cores']} cores ({on['processor']}, {on['python']}), `negotiations --format jsonl`,",
        f"start-up included: seconds by the clock, median of {made['pairs']} turns and range; in brackets",
        "how many times as fast as one process. The cluster is a local one of two worker processes.",
        "",
        "| workload | one process | `--jobs 2` | cluster |",
        "|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_row, made["rows"])])


def _row(row: dict[str, Any]) -> str:
    size = f"{row['bytes'] / 1e6:.0f} MB"
    what = f"{row['packets']:,} packets, {row['negotiations']:,} negotiations"
    cells = [f"{row['workload']}, {size} ({what})"]
    for way in WAYS:
        seconds, gain = Figure(**row["seconds"][way]), row["gain"].get(way)
        text = f"{seconds.median:.2f} ({seconds.low:.2f} to {seconds.high:.2f})"
        cells.append(text if gain is None else f"{text} [{gain['median']:.2f}]")
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Measure all rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=5, help="turns that count")
    parser.add_argument("--scale", type=float, default=1.0, help="size of workloads, as a factor")
    parser.add_argument("--cache", type=Path, default=default_shelf(), help="folder of workloads")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        bench = Bench(Shelf(options.cache), options.scale, options.pairs, "tshark", Path(folder))
        with workers(bench) as address:
            rows = [measured(bench, name, address) for name in WORKLOADS]
    made = {
        "machine": machine("tshark"),
        "scale": options.scale,
        "pairs": options.pairs,
        "rows": rows,
    }
    if options.json is not None:
        options.json.write_text(json.dumps(made, indent=1) + "\n", "utf-8")
    print(table(made))
    wrong = [row for row in rows if row["wrong"]]
    for row in wrong:
        print(f"WRONG: {row['workload']}: rows told {row['lines']}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
