"""`negoscope crosscheck` on the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from analyzer.cli.main import run
from analyzer.crosscheck import check, declared

ROOT = Path(__file__).resolve().parents[4]
CAPTURE = str(ROOT / "captures" / "smb" / "anonymous" / "capture.pcapng")
wireshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
Output = pytest.CaptureFixture[str]


@wireshark
def test_nothing_unexplained(capsys: Output) -> None:
    """Status 0, what was compared, and a line per class."""
    assert run(["crosscheck", CAPTURE]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("compared: 6 tokens, ")
    assert lines[1] == "unexplained: 0 differences"
    assert any("tshark-null-string" in line for line in lines[2:])


@wireshark
def test_declared_ones_on_request(capsys: Output) -> None:
    """As rows with class and reason; by default there are no rows."""
    assert run(["crosscheck", CAPTURE, "--format", "jsonl"]) == 0
    assert capsys.readouterr().out == ""
    assert run(["crosscheck", CAPTURE, "--format", "jsonl", "--all"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"tshark-null-string", "tshark-descriptor-position"} <= {row["class"] for row in rows}
    assert all(row["why"] for row in rows)
    assert run(["crosscheck", CAPTURE, "--format", "csv", "--all"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("capture,frame,stream_id,")


@wireshark
def test_output_goes_to_a_file(tmp_path: Path, capsys: Output) -> None:
    """What would be printed, in any form, without colour; never over a capture."""
    for words in ([], ["--all"], ["--all", "--format", "jsonl"], ["--all", "--format", "csv"]):
        target = tmp_path / "out"
        assert run(["crosscheck", CAPTURE, *words]) == 0
        printed = capsys.readouterr().out
        assert run(["crosscheck", CAPTURE, *words, "-o", str(target), "--color", "always"]) == 0
        assert capsys.readouterr().out == ""
        assert target.read_bytes().decode() == printed
    copy = tmp_path / "copy.pcapng"
    copy.write_bytes(Path(CAPTURE).read_bytes())
    for captures in (str(copy), str(tmp_path)):
        assert run(["crosscheck", captures, "-o", str(copy)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert copy.read_bytes() == Path(CAPTURE).read_bytes()
    assert run(["crosscheck", CAPTURE, "-o", str(tmp_path / "no" / "such")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@wireshark
def test_colour(capsys: Output) -> None:
    """The heading is bold if colour is asked for; by default not where no terminal is, nor in data."""
    assert run(["crosscheck", CAPTURE, "--all"]) == 0
    plain = capsys.readouterr().out
    assert "\x1b" not in plain
    assert run(["crosscheck", CAPTURE, "--all", "--color", "never"]) == 0
    assert capsys.readouterr().out == plain
    assert run(["crosscheck", CAPTURE, "--all", "--color", "always"]) == 0
    coloured = capsys.readouterr().out
    assert coloured.startswith("\x1b[1m")
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain
    assert run(["crosscheck", CAPTURE, "--all", "--color", "always", "--format", "csv"]) == 0
    assert "\x1b" not in capsys.readouterr().out


@wireshark
def test_unexplained_ones_are_status_1(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    """And shown."""
    assert declared.declare is check.declare
    monkeypatch.setattr(check, "declare", lambda _difference: None)
    assert run(["crosscheck", CAPTURE]) == 1
    output = capsys.readouterr().out
    assert "ntlm_domain" in output
    assert "unexplained: 0" not in output


@wireshark
def test_what_cannot_be_read(tmp_path: Path, capsys: Output) -> None:
    """Status 2 and one line if it is all there is, 3 if others were read."""
    (tmp_path / "x.pcap").write_bytes(b"no capture")
    bad = str(tmp_path / "x.pcap")
    assert run(["crosscheck", bad]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert run(["crosscheck", CAPTURE, bad, "--quiet"]) == 3
    assert "x.pcap" in capsys.readouterr().err
    (tmp_path / "cut.pcapng").write_bytes(Path(CAPTURE).read_bytes()[:-100])
    assert run(["crosscheck", str(tmp_path / "cut.pcapng"), "--quiet"]) == 3


@pytest.mark.parametrize("argument", ["-", "/nonexistent"])
def test_mistakes(argument: str, capsys: Output) -> None:
    """One line on standard error, status 2."""
    assert run(["crosscheck", argument]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_no_tshark(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    """Told before anything is read."""
    monkeypatch.setattr("analyzer.capture.tshark_program.shutil.which", lambda _name: None)
    monkeypatch.setattr("analyzer.capture.tshark_program._USUAL_PLACES", ())
    assert run(["crosscheck", CAPTURE]) == 2
    assert "tshark" in capsys.readouterr().err
