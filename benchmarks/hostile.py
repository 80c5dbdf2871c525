"""Measure the most expensive tokens there can be: time of their values, tree and strict reading, and memory.

    python benchmarks/hostile.py --runs 5 --json figures.json

The tokens are those of the tests (`tests/support/worst_tokens.py`), most of them 64 KiB long. Times are the
best of the runs; the peak is what all three readings together allocate besides the token. Status 1 if the
values or the tree of a token take longer than the goal.
"""

from __future__ import annotations

import argparse
import json
import sys
import tracemalloc
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.worst_tokens import WORST  # noqa: E402 - found by the line above

from dissectors.tokens import dissect_token  # noqa: E402
from dissectors.tokens.strict import strict_check  # noqa: E402

GOAL_MS = 50.0


class Figures(NamedTuple):
    """What one token costs."""

    name: str
    bytes: int
    decode_ms: float
    tree_ms: float  # made on demand, which decodes once more
    strict_ms: float
    peak_kib: float
    fields: int
    anomalies: int


def measure(name: str, data: bytes, runs: int) -> Figures:
    """Read one token in all ways."""
    best = [float("inf")] * 3
    for _ in range(runs):
        began = perf_counter()
        token = dissect_token(data)
        decoded = perf_counter()
        fields = token.fields
        shown = perf_counter()
        strict_check(token)
        took = decoded - began, shown - decoded, perf_counter() - shown
        best = [min(pair) for pair in zip(best, took, strict=True)]
    tracemalloc.start()
    token = dissect_token(data)
    fields = token.fields
    strict_check(token)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    times = [round(seconds * 1000, 2) for seconds in best]
    return Figures(name, len(data), *times, round(peak / 1024, 1), len(fields), len(token.findings))


def main() -> None:
    """Print a line for each token, the slowest last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    measure("warm-up", next(iter(WORST.values())).make(), 1)
    found = [measure(name, worst.make(), options.runs) for name, worst in WORST.items()]
    found.sort(key=lambda figures: figures.decode_ms + figures.tree_ms + figures.strict_ms)
    for each in found:
        print(
            f"{each.name:34} {each.bytes:>9,} bytes  decode {each.decode_ms:6.2f} ms"
            f"  tree {each.tree_ms:6.2f} ms  strict {each.strict_ms:6.2f} ms  peak {each.peak_kib:7.1f} KiB"
        )
    for what in ("decode_ms", "tree_ms", "strict_ms", "peak_kib"):
        worst = max(found, key=lambda figures: getattr(figures, what))
        print(f"highest {what}: {getattr(worst, what)} ({worst.name})")
    if options.json:
        options.json.write_text(
            json.dumps([each._asdict() for each in found], indent=1) + "\n", "utf-8"
        )
    if any(max(each.decode_ms, each.tree_ms) > GOAL_MS for each in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
