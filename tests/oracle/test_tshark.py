"""Verdicts and packets of the project's own captures, held against the tshark that is installed.

Tokens and their fields are held against it in `test_crosscheck`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.facts import capture_name, rows_of

from analyzer.analysis import read
from analyzer.capture.tshark_program import find_tshark, surroundings

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = {
    capture_name(path): path for path in sorted((ROOT / "captures").glob("*/*/capture.pcapng"))
}

STATUS_FIELDS = {
    "smb1": "smb.nt_status",
    "smb2": "smb2.nt_status",
    "ldap": "ldap.resultCode",
    "http": "http.response.code",
    "http-proxy": "http.response.code",
}
FIELDS = [
    "frame.number",
    *("smb.cmd", "smb.flags.response", "smb2.cmd", "smb2.flags.response", "ldap.protocolOp"),
    *dict.fromkeys(STATUS_FIELDS.values()),
]
MORE_PROCESSING, SASL_IN_PROGRESS = 0xC0000016, 14
TRUE = (["1"], ["True"])
AMONG, UNIT = "\x1e", "\x1f"  # between fields, between the values of one field

Row = dict[str, list[str]]


def their_rows(path: Path) -> list[Row]:
    """Run tshark once; each frame as field -> its values in order."""
    command = [find_tshark(), "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a"]
    command += ["-E", f"separator={AMONG}", "-E", f"aggregator={UNIT}"]
    for field in FIELDS:
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, env=surroundings(), check=True)
    lines = done.stdout.decode("utf-8", "replace").rstrip("\n").split("\n")
    values = [dict(zip(FIELDS, line.split(AMONG), strict=True)) for line in lines]
    return [
        {field: text.split(UNIT) if text else [] for field, text in row.items()} for row in values
    ]


def verdict_frames(rows: list[Row]) -> set[int]:
    """Frames with the last word on a session setup or a bind: a response that is no 'go on'."""
    found = set()
    for row in rows:
        smb1 = row["smb.cmd"][:1] == ["0x73"] and row["smb.flags.response"][:1] in TRUE
        smb2 = row["smb2.cmd"][:1] == ["1"] and row["smb2.flags.response"][:1] in TRUE
        statuses = [int(text, 0) for text in row["smb.nt_status"] + row["smb2.nt_status"]]
        if (smb1 or smb2) and MORE_PROCESSING not in statuses:
            found.add(int(row["frame.number"][0]))
        if "1" in row["ldap.protocolOp"] and str(SASL_IN_PROGRESS) not in row["ldap.resultCode"]:
            found.add(int(row["frame.number"][0]))
    return found


def wrong_codes(rows: list[Row], negotiations: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Verdicts whose code is not the one that tshark shows in their frame."""
    by_frame = {int(row["frame.number"][0]): row for row in rows}
    told = [row for row in negotiations if row["status_code"] is not None]
    pairs = [(row, by_frame[row["last_frame"]][STATUS_FIELDS[row["carrier"]]]) for row in told]
    return [
        (row["last_frame"], row["status_code"], codes)
        for row, codes in pairs
        if row["status_code"] not in [int(text, 0) for text in codes]
    ]


@pytest.mark.usefixtures("require_tshark")
@pytest.mark.parametrize("name", CAPTURES)
def test_verdicts_are_tsharks(name: str) -> None:
    """Every verdict that tshark shows belongs to a negotiation and has its code; no packet is missed."""
    columns = read(CAPTURES[name]).tables.columns
    negotiations = rows_of(columns["negotiations"])
    rows = their_rows(CAPTURES[name])
    assert not wrong_codes(rows, negotiations)
    assert verdict_frames(rows) <= {frame for row in negotiations for frame in row["frames"]}
    assert columns["captures"]["packets"] == [len(rows)]
