"""`negoscope audit` on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from analyzer.cli.main import run
from analyzer.tables.schema import FINDINGS

ROOT = Path(__file__).resolve().parents[4]
RELAYED = str(ROOT / "captures" / "smb" / "relayed_http" / "capture.pcapng")
CLEAN = str(ROOT / "captures" / "kdc" / "logon" / "capture.pcapng")
Output = pytest.CaptureFixture[str]


def test_the_table(capsys: Output) -> None:
    """Most severe first, the number of findings by severity, and below what each rule asks to be done."""
    assert run(["audit", RELAYED]) == 0
    out = capsys.readouterr().out.splitlines()
    lines, below = out[: out.index("")], out[out.index("") + 1 :]
    assert lines[0].split()[:4] == ["rule", "severity", "what", "who"]
    assert lines[2].startswith("NGS-RELAY-002  critical  Same NTLM response on two connections")
    assert lines[-1].startswith(f"{len(lines) - 3} findings: 1 critical, ")
    assert below[:2] == [
        "What it means, and what to do",
        "  critical: Same NTLM response on two connections (NGS-RELAY-002)",
    ]
    words = [line.split()[0] for line in below if line.startswith(" " * 6) and line[6] != " "]
    assert words[:4] == ["means", "do", "see", "at"]
    ids = {line.split()[0] for line in lines[2:-1]}
    assert {line.rstrip(")").split("(")[-1] for line in below if line[2:3].strip()} - {
        below[0]
    } == ids


def test_nothing_found(capsys: Output) -> None:
    """One line, and status 0 whatever `--fail-on` says."""
    assert run(["audit", CLEAN, "--fail-on", "info"]) == 0
    assert capsys.readouterr().out == "0 findings\n"


def test_rows_are_the_same_in_every_format(tmp_path: Path, capsys: Output) -> None:
    """JSON, JSON Lines, CSV and Parquet hold the columns of docs/tables.md."""
    assert run(["audit", RELAYED, "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert list(rows[0]) == FINDINGS.names
    assert run(["audit", RELAYED, "--format", "jsonl"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == rows
    assert run(["audit", RELAYED, "--format", "csv"]) == 0
    ids = [row["rule_id"] for row in csv.DictReader(capsys.readouterr().out.splitlines())]
    assert ids == [row["rule_id"] for row in rows]
    target = tmp_path / "f.parquet"
    assert run(["audit", RELAYED, "--format", "parquet", "-o", str(target)]) == 0
    assert duckdb.sql(f"select count(*) from '{target}'").fetchall() == [(len(rows),)]
    assert run(["audit", CLEAN, "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("form", ["ecs", "ocsf", "zeek", "zeek-json"])
def test_formats_of_other_systems(form: str, capsys: Output) -> None:
    """One line per finding; of none, nothing but a Zeek log's header."""
    assert run(["audit", RELAYED, "--format", "jsonl"]) == 0
    number = len(capsys.readouterr().out.splitlines())
    assert run(["audit", RELAYED, "--format", form]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len([line for line in lines if not line.startswith("#")]) == number > 1
    assert sum("NGS-RELAY-002" in line for line in lines) == 1
    assert run(["audit", CLEAN, "--format", form, "--fail-on", "info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("#")] == []
    assert bool(lines) == (form == "zeek")


def test_the_exit_status_tells_of_findings(capsys: Output) -> None:
    """1 at or above the severity asked for, counted over the rules chosen."""
    assert run(["audit", RELAYED, "--fail-on", "critical"]) == 1
    assert run(["audit", RELAYED, "--fail-on", "critical", "--rules", "smb"]) == 0
    assert run(["audit", RELAYED, "--fail-on", "info", "--rules", "smb,ldap"]) == 1
    capsys.readouterr()


@pytest.mark.parametrize(
    "words",
    [
        ["--rules", "nope"],
        ["--rules", ""],
        ["--suppress", "/no/such/file.toml"],
        ["--format", "parquet"],
        ["--format", "xml"],
        ["--fail-on", "grave"],
        ["-o", RELAYED],
    ],
)
def test_mistakes_are_one_line(words: list[str], capsys: Output) -> None:
    """And status 2, before anything is read."""
    assert run(["audit", RELAYED, *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_suppressions_are_counted_and_idle_ones_told(tmp_path: Path, capsys: Output) -> None:
    """Nothing disappears silently."""
    known = tmp_path / "known.toml"
    known.write_text(
        '[[suppress]]\nrule="relay"\nreason="a test"\n[[suppress]]\nrule="kdc"\nreason="none"\n'
        '[[suppress]]\nrule="smb"\nreason="old"\nuntil=2001-01-01\n'
    )
    words = ["audit", RELAYED, "--suppress", str(known)]
    assert run([*words, "--fail-on", "critical"]) == 0
    captured = capsys.readouterr()
    assert "; 2 suppressed\n" in captured.out
    assert captured.err.splitlines() == [
        "negoscope: suppression 3 (smb) has expired on 2001-01-01",
        "negoscope: suppression 2 (kdc) hides nothing",
    ]
    assert run([*words, "--format", "jsonl", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_rules_may_be_named_in_several_options(capsys: Output) -> None:
    """The last one does not win silently; of suppressions there is one file."""
    assert (
        run(
            [
                "audit",
                RELAYED,
                "--rules",
                "NGS-RELAY-002",
                "--rules",
                "NGS-HTTP",
                "--format",
                "jsonl",
            ]
        )
        == 0
    )
    ids = {json.loads(line)["rule_id"] for line in capsys.readouterr().out.splitlines()}
    assert "NGS-RELAY-002" in ids
    assert any(each.startswith("NGS-HTTP") for each in ids)
    assert run(["audit", RELAYED, "--suppress", "a.toml", "--suppress", "b.toml"]) == 2
    assert "into one file" in capsys.readouterr().err


def test_fields_of_other_systems_are_not_chosen(capsys: Output) -> None:
    """Their documents have their own fields."""
    assert run(["negotiations", RELAYED, "--format", "ecs", "--columns", "user"]) == 2
    assert "the fields of --format ecs are fixed" in capsys.readouterr().err


def test_sarif_goes_to_a_file(tmp_path: Path, capsys: Output) -> None:
    """Whole, with the capture as artifact."""
    target = tmp_path / "out.sarif"
    assert run(["audit", RELAYED, "--format", "sarif", "-o", str(target), "--fail-on", "high"]) == 1
    assert capsys.readouterr().out == ""
    document = json.loads(target.read_text("utf-8"))
    assert document["runs"][0]["artifacts"][0]["location"]["uri"].endswith("capture.pcapng")


def test_damaged_input_is_status_3(tmp_path: Path, capsys: Output) -> None:
    """Unless a finding was to be told by status 1."""
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(Path(RELAYED).read_bytes()[:-40])
    assert run(["audit", str(cut)]) == 3
    assert run(["audit", str(cut), "--fail-on", "low"]) == 1
    capsys.readouterr()


def test_the_table_of_names(capsys: Output) -> None:
    """`negoscope names` tells who asked for what, and who answered."""
    path = str(ROOT / "captures" / "smb" / "poisoned_name" / "capture.pcapng")
    assert run(["names", path, "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["source"] for row in rows} >= {"llmnr", "nbns"}
    assert any(row["responder"] == "10.99.0.3" and row["addresses"] for row in rows)
