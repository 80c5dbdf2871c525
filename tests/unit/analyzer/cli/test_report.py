"""`negoscope report`: writes one file or none, whatever it is given."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer.cli.main import run

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
SMB = CAPTURES / "smb" / "mixed" / "capture.pcapng"


def test_writes_a_page(tmp_path, capsys):
    out = tmp_path / "r.html"
    assert run(["report", str(SMB), str(CAPTURES / "http"), "-o", str(out)]) == 0
    page = out.read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "captures</title>" in page
    assert capsys.readouterr().out == ""


def test_a_capture_is_not_overwritten(tmp_path, capsys):
    capture = Path(shutil.copy(SMB, tmp_path / "a.pcapng"))
    assert run(["report", str(capture), "-o", str(capture)]) == 2
    assert "one of the captures" in capsys.readouterr().err
    assert capture.read_bytes() == SMB.read_bytes()


def test_where_nothing_can_be_written_one_line_says_so(tmp_path, capsys):
    assert run(["report", str(SMB), "-o", str(tmp_path / "no" / "r.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_standard_input_is_told_without_its_tokens(tmp_path):
    """It is gone once it is read: overview and list are there, and the ladder's place says why not."""
    out = tmp_path / "r.html"
    code = "from analyzer.cli.main import main; main()"
    with SMB.open("rb") as stream:
        done = subprocess.run(
            [sys.executable, "-c", code, "report", "-", "-o", str(out)],
            stdin=stream, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    page = out.read_text("utf-8")
    assert "data-first" not in page.split("<script>")[0]
    assert "7 negotiations of 2 clients" in page


@pytest.mark.parametrize("damage", [-100, -1])
def test_damaged_input_is_reported_all_the_same(tmp_path, damage):
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(SMB.read_bytes()[:damage])
    out = tmp_path / "r.html"
    assert run(["report", str(cut), "-o", str(out)]) == 3
    assert "lost" in out.read_text("utf-8")
