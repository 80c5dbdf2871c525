"""The command that prints how right the reasons are: it counts right, and what it must find none of, there is none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from support.facts import ROOT, SHARED
from support.judgement_figures import Figures, capture_figures, met

from analyzer.analysis import Analysis, read

COMMAND = Path(__file__).with_name("figures.py")
SMB = ROOT / "captures" / "smb"
CORPUS = SHARED / "corpus" / "files"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person starts it, from anywhere."""
    command = [sys.executable, str(COMMAND), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def smb() -> Figures:
    """What the command says of our own captures of SMB."""
    done = run("--no-lab", "--json", "-", str(SMB))
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert list(figures) == ["captures"]
    return figures["captures"][str(SMB)]


def test_the_counts_are_those_of_the_cases(smb: Figures) -> None:
    """Captures, outcomes and reasons as `expected.jsonl` of each case has them, which were read by hand."""
    cases = [path.read_text("utf-8") for path in SMB.glob("*/expected.jsonl")]
    rows = [json.loads(line) for case in cases for line in case.splitlines()]
    outcomes = Counter(row["outcome"] for row in rows)
    assert smb["captures"] == len(cases) > 50
    assert smb["negotiations"] == len(rows)
    assert [smb[name] for name in ("failure", "incomplete")] == [
        outcomes["failure"],
        outcomes["incomplete"],
    ]
    counted = {code: sum(seen.values()) for code, seen in smb["reasons"].items()}
    assert counted == Counter(row["reason"] for row in rows if row["reason"])


def test_sums_agree(smb: Figures) -> None:
    """Reasons by confidence, findings by severity and by rule."""
    for name, total in smb["confidence"].items():
        assert sum(seen[name] for seen in smb["reasons"].values()) == total
    assert sum(smb["severities"].values()) == sum(smb["rules"].values()) == smb["findings"] > 0


def test_what_has_no_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure whose reason is lost is listed with its capture; else the status would always be 0."""

    def forgetful(path: str) -> Analysis:
        analysis = read(path)
        analysis.tables.columns["negotiations"]["reason"] = [None]
        return analysis

    monkeypatch.setattr("support.judgement_figures.read", forgetful)
    figures = capture_figures(SMB / "wrong_password")
    (told,) = figures["without_reason"]
    assert (told["capture"], told["outcome"]) == ("capture.pcapng", "failure")
    assert not met({"captures": {"": figures}})


@pytest.mark.parametrize(
    ("wrong", "certain", "good"), [(0, 0, True), (5, 0, True), (6, 0, False), (1, 1, False)]
)
def test_what_is_good_enough(wrong: int, certain: int, good: bool) -> None:
    """Five in a hundred may be wrong, but none that is certain."""
    lab = {"to_explain": 100, "wrong": wrong, "wrong_with_certain": certain}
    assert met({"lab": lab, "captures": {}}) == good


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/corpus is not there")
def test_nothing_of_the_public_captures_is_without_reason() -> None:
    """What failed or is incomplete has one; the only file that is not read is of another format."""
    figures = capture_figures(CORPUS)
    assert figures["without_reason"] == []
    assert figures["no_captures"] == ["NTLMRawUnHide__capture.cap"]
    assert figures["failure"] + figures["incomplete"] > 100


def test_a_folder_that_is_not_there() -> None:
    """Is said in a line, with a status that is not 0."""
    done = run("--no-lab", "/nowhere")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "/nowhere" in done.stderr
