#!/usr/bin/env python3
"""How right the reasons are, and what is found in captures of others: the figures, for whoever repeats them.

    python tests/oracle/figures.py                     # the lab sample and the public captures, if they are there
    python tests/oracle/figures.py FOLDER...           # the lab sample, and captures of your own
    python tests/oracle/figures.py --json figures.json # the same figures as JSON too; - for the standard output

The lab's reasons are held against its truth by the table in `tests/support/lab_reasons.py`. Status 1: more than
5 % of them are wrong, or one with `certain`, or something failed or is incomplete without a reason.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1])]

from support.facts import SHARED  # noqa: E402 - found by the line above
from support.judgement_figures import CONFIDENCES, Figures, capture_figures, lab_figures, met  # noqa: E402
from support.lab_reasons import LAB  # noqa: E402

from analyzer.errors import UsageError  # noqa: E402

CORPUS = SHARED / "corpus" / "files"


def lab_lines(figures: Figures) -> Iterator[str]:
    """The lab's figures as a table."""
    yield "lab sample: reasons held against the truth"
    for name in ("negotiations", "failure", "incomplete", "fallback", "to_explain"):
        yield _line(name, figures[name])
    for name in ("right", "wrong", "wrong_with_certain"):
        share = 100 * figures[name] / max(figures["to_explain"], 1)
        yield _line(name, figures[name], f"{share:9.1f} %")
    for each in figures["wrong_ones"]:
        yield f"    {each}"
    others = ", ".join(f"{name} {count}" for name, count in figures["of_other_carriers"].items())
    yield f"  of other carriers, not judged here: {others}"


def capture_lines(folder: str, figures: Figures) -> Iterator[str]:
    """The figures of a folder as a table."""
    yield f"{folder}: each capture by itself"
    for name in ("captures", "negotiations", "failure", "incomplete", "fallback"):
        yield _line(name, figures[name])
    yield _line("without_reason", len(figures["without_reason"]))
    for each in figures["without_reason"]:
        yield f"    {each}"
    yield _line("no captures", len(figures["no_captures"]), "  " + _few(figures["no_captures"]))
    yield ""
    yield f"  {'reason':<28}" + "".join(f"{name:>10}" for name in CONFIDENCES)
    for code, seen in (*figures["reasons"].items(), ("all", figures["confidence"])):
        yield f"  {code:<28}" + "".join(f"{seen[name]:>10}" for name in CONFIDENCES)
    yield ""
    yield _line("findings", figures["findings"])
    for name, count in (*figures["severities"].items(), *figures["rules"].items()):
        yield _line(name, count)


def _line(name: str, count: int, more: str = "") -> str:
    return f"  {name:<28}{count:>10}{more}".rstrip()


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def main() -> int:
    """Count, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--json", metavar="FILE", help="- for the standard output, without tables")
    parser.add_argument("--no-lab", action="store_true", help="leave the lab sample out")
    options = parser.parse_args()
    folders = options.folders or [CORPUS] * CORPUS.is_dir()
    figures: Figures = {"captures": {}}
    shown: list[str] = []
    if not options.no_lab and LAB.is_dir():
        figures["lab"] = lab_figures()
        shown += [*lab_lines(figures["lab"]), ""]
    for folder in folders:
        try:
            counted = figures["captures"][str(folder)] = capture_figures(folder)
        except UsageError as error:
            parser.error(str(error))
        shown += [*capture_lines(str(folder), counted), ""]
    if len(figures) == 1 and not folders:
        parser.error("neither the lab sample nor public captures are there: name a folder")
    text = json.dumps(figures, indent=1) + "\n"
    sys.stdout.write(text if options.json == "-" else "\n".join(shown))
    if options.json not in (None, "-"):
        Path(options.json).write_text(text, "utf-8")
    return 0 if met(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
