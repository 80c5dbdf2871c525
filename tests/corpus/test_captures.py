"""The project's own captures: each says what must be found in it, and that is found."""

import datetime as dt
import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.tables.schema import TABLES

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = ROOT / "captures"
CASES = sorted(path.parent for path in CAPTURES.glob("*/*/case.toml"))
FILES = {"capture.pcapng", "case.toml", "expected.jsonl"}
NAMES = [str(case.relative_to(CAPTURES)) for case in CASES]
NEEDS_TSHARK = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
PLAIN_KEYS = {"title": str, "purpose": str, "made_by": str, "licence": str, "date": dt.date}
COLUMNS = [
    "carrier", "first_frame", "last_frame", "client", "server", "scheme", "wrapper", "flow",
    "hinted_mechs", "offered_mechs", "optimistic_mech", "selected_mech", "mechanism",
    "mechanism_detail", "neg_states", "mech_list_mic", "legs", "outcome", "outcome_source",
    "status", "status_code", "gss_status", "reason", "fallback_kind", "user", "domain",
    "workstation", "realm", "spn", "protection", "channel_binding", "ntlm_mic", "completeness",
]  # fmt: skip


def card(case: Path) -> dict:
    return tomllib.loads((case / "case.toml").read_text())


def expected(case: Path) -> list[dict]:
    return [json.loads(line) for line in (case / "expected.jsonl").read_text().splitlines()]


def found(case: Path) -> list[dict]:
    engine = card(case)["expect"].get("engine", "native")
    columns = read(str(case / "capture.pcapng"), engine=engine).tables.columns["negotiations"]
    return [{name: columns[name][n] for name in COLUMNS} for n in range(len(columns["carrier"]))]


def with_open_ones_marked() -> list:
    """A case whose card names an open mistake must fail until the mistake and the key are gone."""
    params = []
    for case, name in zip(CASES, NAMES, strict=True):
        mistake = card(case)["expect"].get("open")
        marks = [pytest.mark.xfail(reason=mistake, strict=True)] if mistake else []
        if "engine" in card(case)["expect"]:
            marks.append(NEEDS_TSHARK)
        params.append(pytest.param(case, id=name, marks=marks))
    return params


@pytest.mark.parametrize("case", with_open_ones_marked())
def test_the_capture_holds_what_its_case_says(case):
    """Every negotiation of the capture has the expected cells, and there is no other."""
    assert found(case) == expected(case)


def exchanges(case: Path) -> list[str]:
    """The capture's exchanges with KDCs: `exchange client service result`."""
    columns = read(str(case / "capture.pcapng")).tables.columns["kdc"]
    lines = []
    for n, exchange in enumerate(columns["exchange"]):
        result = columns["error"][n] or columns["ticket_etype"][n]
        if columns["frame_reply"][n] is None:
            result = "no answer"
        elif columns["referral"][n]:
            result = f"referral to {columns['referral'][n]}"
        lines.append(f"{exchange} {columns['cname'][n] or '-'} {columns['sname'][n]} {result}")
    return lines


@pytest.mark.parametrize(
    "case", [c for c in CASES if "kdc" in card(c)["expect"]], ids=lambda c: c.name
)
def test_the_capture_holds_the_exchanges_with_the_kdc(case):
    """Each request to the KDC is there, in order, with what came of it."""
    assert exchanges(case) == card(case)["expect"]["kdc"]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_case_is_whole(case):
    """The folder has its three files and the card its keys; rows and count agree."""
    assert {path.name for path in case.iterdir()} == FILES
    said = card(case)
    assert {key: type(said.get(key)) for key in PLAIN_KEYS} == PLAIN_KEYS
    assert said["licence"] == "GPL-2.0-or-later"
    assert {"client", "server"} <= said["peers"].keys()
    assert said["peers"]["server"]
    assert isinstance(said["secrets"], dict)
    assert said["expect"]["negotiations"] == len(expected(case))
    assert all(list(row) == COLUMNS for row in expected(case))


@pytest.mark.parametrize(
    "case", [c for c in CASES if "derived_from" in card(c)], ids=lambda c: c.name
)
def test_a_derived_case_names_a_recorded_one(case):
    """What a case was made out of is itself a case, recorded and not derived."""
    source = CAPTURES / card(case)["derived_from"]
    assert source in CASES
    assert "derived_from" not in card(source)


def test_there_are_captures_of_every_carrier():
    """Forty cases at least, in a folder for each carrier, and the whole is small."""
    assert len(CASES) >= 40
    assert {case.parent.name for case in CASES} == {"http", "kdc", "ldap", "smb"}
    assert sum(path.stat().st_size for path in CAPTURES.rglob("*") if path.is_file()) <= 5 << 20
    assert max((case / "capture.pcapng").stat().st_size for case in CASES) <= 100 << 10


def test_no_folder_is_forgotten():
    """A folder with a capture but without a card would be tested by nobody."""
    assert {path.parent for path in CAPTURES.rglob("*.pcapng")} == set(CASES)


def test_the_columns_exist():
    """A column that was renamed would make every row of every case null."""
    assert set(COLUMNS) <= set(TABLES["negotiations"].names)


def test_the_list_of_cases_is_fresh():
    """captures/README.md is what index.py would write."""
    index = CAPTURES / "record" / "index.py"
    run = subprocess.run(
        [sys.executable, str(index), "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("case", [c for c in CASES if "made" in card(c)], ids=lambda c: c.name)
def test_what_was_made_by_hand_says_why_no_lab_records_it(case):
    """One sentence, of what was tried or looked up; a recorded case has no such excuse."""
    said = card(case)
    assert said["made"] == "by hand"
    assert said["why_by_hand"].endswith(".")
    assert len(said["why_by_hand"].split()) >= 8
