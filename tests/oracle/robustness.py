#!/usr/bin/env python3
"""What becomes of the reading when a capture is disordered, incomplete or cut: the figures, to be repeated.

    python tests/oracle/robustness.py swapped            # two neighbouring packets in each other's place
    python tests/oracle/robustness.py missing            # an answer that was acknowledged is not in the capture
    python tests/oracle/robustness.py cut --sample 4000  # snap lengths, lost packets, parts, single directions
    python tests/oracle/robustness.py cut FOLDER...      # of captures of your own
    python tests/oracle/robustness.py cut --json F       # the same figures as JSON too; - for the standard output

Tried are our own captures, and the lab sample if it is there, each packet in turn. Every variant is read by
itself and held against the whole capture; `tests/support/robustness_figures.py` says what is wrong. Without
`--sample` that takes minutes; a sample is always the same one. Status 1: something is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1])]

from support.facts import ROOT  # noqa: E402 - found by the line above
from support.lab_reasons import LAB  # noqa: E402
from support.robustness_figures import KINDS, Figures, robustness_figures  # noqa: E402

from analyzer.capture.inputs import expand  # noqa: E402
from analyzer.errors import UsageError  # noqa: E402

OURS = [ROOT / "captures", LAB / "captures"]


def lines(kind: str, figures: Figures) -> Iterator[str]:
    """The figures as a table, then what is wrong one by one."""
    yield KINDS[kind].means
    for name in ("captures", "variants", "tried", "negotiations", "failure", "incomplete", "wrong"):
        yield f"  {name:<28}{figures[name]:>10}"
    for name, count in figures["aspects"].items():
        yield f"    {name:<26}{count:>10}"
    for each in figures["wrong_ones"]:
        where = f"{each['capture']}, {each['done']}, ports {each['ports']}"
        yield f"    {where}: {each['aspect']} {each['whole']} -> {each['variant']}"
    yield ""


def captures(folders: list[Path]) -> list[Path]:
    """The captures below folders; those that are not there are left out."""
    there = [str(folder) for folder in folders if folder.exists()]
    return [Path(source.path) for source in expand(there)]


def main() -> int:
    """Try, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--sample", type=int, metavar="N", help="try so many variants, not all")
    parser.add_argument("--json", metavar="FILE", help="- for the standard output, without table")
    options = parser.parse_args()
    missing = [str(folder) for folder in options.folders if not folder.exists()]
    if missing:
        parser.error(f"{missing[0]}: not there")
    try:
        paths = captures(options.folders or OURS)
    except UsageError as error:
        parser.error(str(error))
    figures = robustness_figures(KINDS[options.kind], paths, options.sample)
    text = json.dumps(figures, indent=1) + "\n"
    sys.stdout.write(text if options.json == "-" else "\n".join(lines(options.kind, figures)))
    if options.json not in (None, "-"):
        Path(options.json).write_text(text, "utf-8")
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
