"""docs/performance.md, made of the figures of one run (`benchmarks/figures.json`)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

from benchmarks import ROOT

FIGURES = ROOT / "benchmarks" / "figures.json"
SHORTFALLS = ROOT / "benchmarks" / "shortfalls.toml"
CONTENT = {
    "A": "bulk SMB2, HTTP and TLS; signatures of tokens lie in the files as decoys",
    "B": "one logon after the other over SMB2, HTTP and LDAP",
    "C": "scans, DNS and small messages, packets of 60 to 90 bytes",
}

UNKNOWN = "Not looked into yet."

INTRO = """\
Measured by `benchmarks/run goals --json benchmarks/figures.json`; `benchmarks/README.md` tells how.
Seconds belong to one machine: what carries over are the ratios to tshark, which ran in turn with negoscope,
pair by pair, on the same files. Both found the same tokens, those that the generator had put in. tshark told
frames and four fields; negoscope wrote every negotiation with all its columns, in one process.
"""


def performance() -> str:
    """The page, below its heading."""
    made = json.loads(FIGURES.read_text("utf-8"))
    lines = [INTRO, *_machine(made), ""]
    lines += ["## Against tshark", "", *_compared(made["compared"]), ""]
    lines += ["## Where the time goes", "", *_stages(made["stages"]), ""]
    if "goals" in made:
        lines += ["## Goals", "", *_goals(made["goals"]), ""]
        lines += ["## What falls short, and why", "", *_shortfalls(made["goals"])]
    return "\n".join(lines)


def _machine(made: dict[str, Any]) -> Iterator[str]:
    of = made["machine"]
    yield (
        f"Machine: {of['processor']}, {of['cores']} cores, {of['memory_gb']:g} GB of memory; {of['system']}; "
        f"{of['python']}, tshark {of['tshark']}."
    )
    if made["scale"] != 1:
        yield ""
        yield f"Workloads were scaled by {made['scale']:g}: this is no measurement, only a look."


def _spread(figure: dict[str, float], form: str = ".2f") -> str:
    """Median and range."""
    low, high = (f"{figure[end]:{form}}" for end in ("low", "high"))
    middle = f"{figure['median']:{form}}"
    return middle if low == high else f"{middle} ({low} to {high})"


def _compared(compared: list[dict[str, Any]]) -> Iterator[str]:
    for each in compared:
        pairs = each["pairs"]
        yield (
            f"**{each['workload']}**, {CONTENT[each['workload']]}: {each['bytes'] / 1e6:.0f} MB, "
            f"{each['packets']:,} packets, {each['negotiations']:,} negotiations, {each['tokens']:,} tokens; "
            f"{pairs} {'pair' if pairs == 1 else 'pairs'}."
        )
        yield ""
        yield "| | CPU s | wall s | peak MB | packets/s | MB/s |"
        yield "|---|---|---|---|---|---|"
        for name, of in each["programs"].items():
            times = f"{_spread(of['cpu_s'])} | {_spread(of['wall_s'])}"
            yield (
                f"| {name} | {times} | {of['peak_mb']['median']:.0f} "
                f"| {of['packets_s']['median']:,.0f} | {of['mb_s']['median']:.1f} |"
            )
        floors = each["floors"]
        yield f"| reading the file, no more | {floors['read']:.2f} | | | | |"
        yield f"| finding its records, no more | {floors['walk']:.2f} | | | | |"
        yield ""
        yield f"tshark / negoscope in CPU time: **{_spread(each['cpu_ratio'])}**."
        yield ""


def _stages(stages: dict[str, Any]) -> Iterator[str]:
    yield "Microseconds of processor time per packet, by samples of a running negoscope:"
    yield ""
    yield f"| stage | {' | '.join(stages)} |"
    yield f"|---|{'---|' * len(stages)}"
    names = next(iter(stages.values()))["us_per_packet"]
    for name in names:
        cells = (f"{each['us_per_packet'][name]:.3f}" for each in stages.values())
        yield f"| {name} | {' | '.join(cells)} |"
    whole = (f"{sum(each['us_per_packet'].values()):.3f}" for each in stages.values())
    yield f"| all | {' | '.join(whole)} |"
    yield ""
    costs = (
        f"{name} {100 * (each['cpu_s'] / each['cpu_s_without_samples'] - 1):+.0f} %"
        for name, each in stages.items()
    )
    yield f"What sampling itself added to the processor time, and noise: {', '.join(costs)}."


def _goals(goals: list[dict[str, Any]]) -> Iterator[str]:
    yield "| goal | must | strive for | measured | |"
    yield "|---|---|---|---|---|"
    for each in goals:
        sign = "≥" if each["better"] == "higher" else "≤"
        strive = "" if each["strive"] is None else f"{sign} {each['strive']:g}"
        verdict = "met" if each["met"] else "**not met**"
        if each["met"] is None:
            verdict = "not judged"
        note = f"; {each['note']}" if each["note"] else ""
        yield (
            f"| {each['what']} | {sign} {each['must']:g} {each['unit']} | {strive} "
            f"| {_spread(each['figure'])}{note} | {verdict} |"
        )


def _shortfalls(goals: list[dict[str, Any]]) -> Iterator[str]:
    why = tomllib.loads(SHORTFALLS.read_text("utf-8"))
    for each in goals:
        if each["met"] is False:
            yield f"**{each['what']}.** {why.get(each['key'], UNKNOWN)}"
            yield ""
