"""The command that counts what disorder and losses do to the reading: it runs, and it finds what is planted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support import robustness_figures as robustness
from support.facts import ROOT, Row
from support.packets import read_packets, segment_of
from support.robustness_figures import KINDS, robustness_figures

from analyzer.analysis import Analysis, read

COMMAND = Path(__file__).with_name("robustness.py")
CASE = ROOT / "captures" / "smb" / "wrong_password" / "capture.pcapng"
KERBEROS = ROOT / "captures" / "smb" / "smb311_kerberos" / "capture.pcapng"
CHAINED = ROOT / "captures" / "http" / "fallback_same_connection" / "capture.pcapng"
TWO_CAUSES = ROOT / "captures" / "smb" / "fallback_ntlm_only_server" / "capture.pcapng"
"""The server has NTLM only, and the KDC does not know it."""


WHAT = "ntlm_only_client"
"""Says what happened: that it was NTLM, not why."""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person starts it, from anywhere."""
    command = [sys.executable, str(COMMAND), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)


def plant(monkeypatch: pytest.MonkeyPatch, **cells: Any) -> None:
    """Whatever is read of a variant has these cells; the captures themselves are read as they are."""

    def liar(path: Path, **more: Any) -> Analysis:
        analysis = read(path, **more)
        if path.name == "variant.pcapng":
            columns = analysis.tables.columns["negotiations"]
            for name, cell in cells.items():
                columns[name] = [cell] * len(columns[name])
        return analysis

    monkeypatch.setattr(robustness, "read", liar)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_of_our_own_captures(kind: str, tmp_path: Path) -> None:
    """As many variants as were asked for are tried; a table, and the same figures as JSON."""
    written = tmp_path / "figures.json"
    folders = [str(path.parent) for path in (CASE, KERBEROS, CHAINED)]
    done = run(kind, *folders, "--sample", "12", "--json", str(written))
    assert "Traceback" not in done.stderr
    figures = json.loads(written.read_text("utf-8"))
    assert figures["tried"] == 12 < figures["variants"]
    assert figures["captures"] == len(folders)
    assert figures["negotiations"] > 0
    assert figures["wrong"] == len(figures["wrong_ones"]) == sum(figures["aspects"].values())
    assert done.returncode == (1 if figures["wrong"] else 0)
    for name in ("variants", "tried", "negotiations", "wrong"):
        assert f"  {name:<28}{figures[name]:>10}\n" in done.stdout


def test_a_sample_is_always_the_same() -> None:
    """So that two versions can be held against each other."""
    first, second = (robustness_figures(KINDS["cut"], [CASE], 5) for _ in range(2))
    assert first == second
    assert first["tried"] == 5


def test_every_variant_is_tried() -> None:
    """All pairs of neighbours that say something, all answers, and each packet missing, first or last."""
    packets = read_packets(CASE)
    answers = [
        each
        for packet in packets
        if (each := segment_of(packet)) is not None
        and each.payload
        and each.head[:2] == b"\x01\xbd"
    ]
    assert robustness_figures(KINDS["missing"], [CASE])["tried"] == len(answers) > 2
    assert robustness_figures(KINDS["swapped"], [CASE])["tried"] >= len(packets) // 2
    assert robustness_figures(KINDS["cut"], [CASE])["tried"] > 3 * len(packets)


PLANTED: list[tuple[str, Path, Row, set[str]]] = [
    ("swapped", CASE, {"outcome": "success"}, {"outcome"}),
    ("swapped", CASE, {"reason": "account_locked"}, {"reason"}),
    ("swapped", CASE, {"mechanism": "kerberos"}, {"mechanism"}),
    ("swapped", CHAINED, {"fallback_from": None}, {"chain"}),
    ("missing", CASE, {"reason": "no_answer"}, {"no_answer"}),
    ("missing", CASE, {"reason": "connection_closed"}, {"connection_closed"}),
    ("missing", CASE, {"outcome": "success"}, {"outcome"}),
    ("cut", CASE, {"reason": "account_locked", "confidence": "certain"}, {"reason"}),
    ("cut", KERBEROS, {"fallback_reason": WHAT, "fallback_confidence": "certain"}, {"reason"}),
]


@pytest.mark.parametrize(("kind", "path", "cells", "aspects"), PLANTED)
def test_what_is_wrong_is_found(
    kind: str, path: Path, cells: Row, aspects: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is wrong of these variants; with a fault planted in what is read of them it is told."""
    assert robustness_figures(KINDS[kind], [path], 6)["wrong"] == 0
    plant(monkeypatch, **cells)
    figures = robustness_figures(KINDS[kind], [path], 6)
    assert set(figures["aspects"]) == aspects
    assert {each["capture"] for each in figures["wrong_ones"]} == {
        f"{path.parent.parent.name}/{path.parent.name}"
    }


def test_a_row_that_is_gone_or_new_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same packets make the same rows."""

    def forgetful(path: Path, **more: Any) -> Analysis:
        analysis = read(path, **more)
        if path.name == "variant.pcapng":
            columns = analysis.tables.columns["negotiations"]
            columns.update({name: [] for name in columns})
        return analysis

    monkeypatch.setattr(robustness, "read", forgetful)
    figures = robustness_figures(KINDS["swapped"], [CASE], 3)
    assert figures["aspects"] == {"rows": 3}


def test_a_cause_that_the_whole_names_beside_is_not_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its stronger cause may be what the part lacks; a cause that it does not name is wrong."""
    for code, wrong in (("unknown_service", False), ("clock_skew", True)):
        plant(monkeypatch, reason=code, confidence="certain")
        assert (robustness_figures(KINDS["cut"], [TWO_CAUSES], 6)["wrong"] > 0) is wrong


@pytest.mark.parametrize(
    "cells",
    [
        {"outcome": "incomplete", "reason": "gap"},
        {"reason": "truncated", "confidence": "certain"},
        {"reason": "unspecified_failure", "confidence": "certain"},
        {"fallback_reason": WHAT, "fallback_confidence": "certain"},
    ],
)
@pytest.mark.parametrize("kind", ["missing", "cut"])
def test_what_is_not_known_is_not_wrong(
    kind: str, cells: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That something is missing may be said of every part, and what came of a cause without it."""
    plant(monkeypatch, **cells)
    assert robustness_figures(KINDS[kind], [CASE], 6)["wrong"] == 0


def test_a_folder_that_is_not_there() -> None:
    """Is said in a line, with a status that is not 0."""
    done = run("cut", "/nowhere")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "/nowhere" in done.stderr
