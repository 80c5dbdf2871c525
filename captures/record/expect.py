#!/usr/bin/env python3
"""Writes expected.jsonl of cases: what negoscope says of them today, to be checked by a person before it is kept.

expect.py [--show] [CASE...]    all cases, or those whose `carrier/name` begins with one of the words

Run it with the project's own Python. A case whose card says `open` in [expect] is left alone: its expected.jsonl was
corrected by hand and negoscope is known to be wrong there. With --show nothing is written, differences are printed.
"""

import json
import sys
from pathlib import Path
from typing import Any

import case_file

from analyzer.analysis import read

COLUMNS = (
    "carrier", "first_frame", "last_frame", "client", "server", "scheme", "wrapper", "flow", "hinted_mechs",
    "offered_mechs", "optimistic_mech", "selected_mech", "mechanism", "mechanism_detail", "neg_states",
    "mech_list_mic", "legs", "outcome", "outcome_source", "status", "status_code", "gss_status", "reason",
    "fallback_kind", "user", "domain", "workstation", "realm", "spn", "protection", "channel_binding", "ntlm_mic",
    "completeness",
)  # fmt: skip


def rows(capture: Path, engine: str = "native") -> list[dict[str, Any]]:
    """The negotiations of a capture, reduced to the columns that carry meaning."""
    columns = read(str(capture), engine=engine).tables.columns["negotiations"]
    return [{name: columns[name][n] for name in COLUMNS} for n in range(len(columns["carrier"]))]


def differences(wanted: list[dict[str, Any]], got: list[dict[str, Any]]) -> list[str]:
    """One line for each cell that differs."""
    if len(wanted) != len(got):
        return [f"{len(wanted)} rows expected, {len(got)} found"]
    return [
        f"row {n} {name}: expected {row[name]!r}, found {other[name]!r}"
        for n, (row, other) in enumerate(zip(wanted, got, strict=True), 1)
        for name in COLUMNS
        if row[name] != other[name]
    ]


def main(words: list[str]) -> None:
    """Write or show each case that is asked for."""
    show = "--show" in words
    wanted = tuple(word for word in words if not word.startswith("--"))
    for case in case_file.all_names():
        if wanted and not case.startswith(wanted):
            continue
        folder = case_file.CAPTURES / case
        expected = folder / "expected.jsonl"
        card = case_file.load(case)["expect"]
        found = rows(folder / "capture.pcapng", card.get("engine", "native"))
        kept = (
            [json.loads(line) for line in expected.read_text().splitlines()]
            if expected.exists()
            else []
        )
        if found != kept and (show or "open" in card):
            print(f"{case}: {card.get('open', 'changed')}", *differences(kept, found), sep="\n    ")
        elif found != kept or not expected.exists():
            expected.write_text(
                "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in found)
            )
            print(f"{case}: written")
        if not show and "open" not in card and len(found) != card["negotiations"]:
            print(f"{case}: {len(found)} negotiations, the card says {card['negotiations']}")


if __name__ == "__main__":
    main(sys.argv[1:])
