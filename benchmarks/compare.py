"""Holds negoscope against tshark on one workload: equal results first, then times in turn."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import tokens_found
from benchmarks.measure import Figure, Run, figures, in_turn, negoscope, python, ratio, run
from benchmarks.workloads.shelf import CHUNK, Workload

HEADER_BYTES = 24
"""Of a pcap file."""


def compare(workload: Workload, pairs: int, tshark: str, folder: Path) -> dict[str, Any]:
    """Measure both programs on a workload in one file; output goes to `folder`."""
    capture = workload.path
    wrong = _tokens_of_negoscope(workload, folder)
    printed: dict[str, set[int]] = {}

    def measured(name: str, command: list[str]) -> Run:
        done = run(command, folder / name)
        printed.setdefault(name, set()).add(done.lines)
        return done

    ours = tokens_found.ask_negoscope(negoscope(), capture)
    theirs = tokens_found.ask_tshark(tshark, capture)
    runs = in_turn(
        {
            "negoscope": lambda: measured("negoscope", ours),
            "tshark": lambda: measured("tshark", theirs),
        },
        pairs,
    )
    wrong += _told_by_tshark(workload, folder)
    wrong += [
        f"{name} printed {sorted(each)} lines" for name, each in printed.items() if len(each) > 1
    ]
    if printed["negoscope"] != {workload.truth["negotiations"]}:
        wrong.append(f"negoscope told {printed['negoscope']} negotiations")
    return {
        "workload": workload.name,
        "shape": workload.truth.get("shape"),
        "bytes": workload.size,
        "packets": workload.truth["packets"],
        "negotiations": workload.truth["negotiations"],
        "tokens": sum(workload.truth["tokens"].values()),
        "pairs": pairs,
        "wrong": wrong,
        "cpu_ratio": ratio(runs["tshark"], runs["negoscope"])._asdict(),
        "wall_ratio": ratio(runs["tshark"], runs["negoscope"], "wall_s")._asdict(),
        "programs": {name: _rates(workload, taken) for name, taken in runs.items()},
        "floors": _floors(capture, folder),
    }


def compare_file(capture: Path, pairs: int, tshark: str, folder: Path) -> dict[str, Any]:
    """Measure both programs on any capture: there is no truth, so nothing is checked."""
    ours = tokens_found.ask_negoscope(negoscope(), capture)
    theirs = tokens_found.ask_tshark(tshark, capture)
    runs = in_turn(
        {
            "negoscope": lambda: run(ours, folder / "negoscope"),
            "tshark": lambda: run(theirs, folder / "tshark"),
        },
        pairs,
    )
    return {
        "workload": capture.name,
        "bytes": capture.stat().st_size,
        "pairs": pairs,
        "wrong": [],
        "cpu_ratio": ratio(runs["tshark"], runs["negoscope"])._asdict(),
        "wall_ratio": ratio(runs["tshark"], runs["negoscope"], "wall_s")._asdict(),
        "programs": {name: figures(taken) for name, taken in runs.items()},
    }


def same_tokens(workload: Workload, tshark: str, folder: Path) -> list[str]:
    """Ask both programs once for the tokens of any workload; a sentence for each that is not the truth's.

    tshark reads what is packed as it is, and files of a rotated set as one, made for it in `folder`.
    """
    wrong = _tokens_of_negoscope(workload, folder)
    capture = workload.paths[0]
    if len(workload.paths) > 1:
        capture = folder / "joined.pcap"
        _join(workload.paths, capture)
    run(tokens_found.ask_tshark(tshark, capture), folder / "tshark")
    if capture not in workload.paths:
        capture.unlink()
    return wrong + _told_by_tshark(workload, folder)


def _join(paths: Sequence[Path], target: Path) -> None:
    """Put the records of pcap files of one kind behind one header."""
    with target.open("wb") as out:
        for path in paths:
            with path.open("rb") as part:
                header = part.read(HEADER_BYTES)
                if path == paths[0]:
                    out.write(header)
                shutil.copyfileobj(part, out, CHUNK)


def _told_by_tshark(workload: Workload, folder: Path) -> list[str]:
    with (folder / "tshark").open(encoding="ascii") as lines:
        found = tokens_found.of_tshark(lines)
    return tokens_found.differences(
        tokens_found.of_truth(workload.truth["tokens"]), found, "tshark"
    )


def _tokens_of_negoscope(workload: Workload, folder: Path) -> list[str]:
    run(tokens_found.ask_negoscope(negoscope(), workload.path, "tokens"), folder / "tokens")
    with (folder / "tokens").open(encoding="utf-8") as lines:
        found = tokens_found.of_negoscope(lines)
    truth = tokens_found.of_truth(workload.truth["tokens"])
    return tokens_found.differences(truth, found, "negoscope")


def _rates(workload: Workload, taken: list[Run]) -> dict[str, Any]:
    """Figures of one program, with packets and megabytes for each second of processor time."""
    packets, size = workload.truth["packets"], workload.size / 1e6
    return figures(taken) | {
        "packets_s": Figure.of([packets / each.cpu_s for each in taken])._asdict(),
        "mb_s": Figure.of([size / each.cpu_s for each in taken])._asdict(),
    }


def _floors(capture: Path, folder: Path) -> dict[str, float]:
    """Seconds of processor that it takes to read the file, and to find its records."""
    import json  # noqa: PLC0415

    run(python("floors", str(capture)), folder / "floors")
    floors: dict[str, float] = json.loads((folder / "floors").read_text("ascii"))
    return floors


def report(made: dict[str, Any]) -> str:
    """Some lines for people."""
    size = f"{made['bytes'] / 1e6:.0f} MB"
    if "packets" in made:
        size += f", {made['packets']:,} packets, {made['negotiations']:,} negotiations"
    lines = [f"{made['workload']}: {size}; {made['pairs']} pairs"]
    for name, of in made["programs"].items():
        line = (
            f"  {name:<10}{of['cpu_s']['median']:8.2f} s CPU{of['wall_s']['median']:8.2f} s wall"
            f"{of['peak_mb']['median']:7.0f} MB{of['lines']['median']:9.0f} lines"
        )
        if "packets_s" in of:
            line += f"{of['packets_s']['median']:12,.0f} packets/s{of['mb_s']['median']:8.1f} MB/s"
        lines.append(line)
    for name, seconds in made.get("floors", {}).items():
        lines.append(f"  {name:<10}{seconds:8.2f} s CPU")
    of = made["cpu_ratio"]
    lines.append(
        f"  tshark / negoscope: {of['median']:.2f} ({of['low']:.2f} to {of['high']:.2f}) in CPU"
    )
    lines += [f"  WRONG: {each}" for each in made["wrong"]]
    return "\n".join(lines)
