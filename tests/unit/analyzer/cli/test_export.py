"""`negoscope export`, and `--cache` on the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, read
from analyzer.cli.main import run
from analyzer.tables.schema import TABLES

CAPTURES = Path(__file__).resolve().parents[4] / "captures"
SMB = CAPTURES / "smb" / "smb311_ntlm" / "capture.pcapng"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """A capture of one's own."""
    return Path(shutil.copy(SMB, tmp_path / "a.pcapng"))


def test_every_table_and_what_later_runs_need(
    capture: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The directory serves as a cache: no packet is read again."""
    out = tmp_path / "out"
    assert run(["export", str(capture), "-o", str(out)]) == 0
    assert {path.name for path in out.glob("*.parquet")} == {f"{name}.parquet" for name in TABLES}
    assert len(list(out.glob("*.negoscope"))) == 1
    assert len(list(out.glob("*.negoscope-made"))) == 3
    assert len(list(out.iterdir())) == len(TABLES) + 4
    commands = [[name, str(capture), "--format", "jsonl"] for name in ("negotiations", "audit")]
    plain = []
    for command in commands:
        assert run(command) == 0
        plain.append(capsys.readouterr())
        assert plain[-1].err == ""
    monkeypatch.setattr("analyzer.reading.run", None)
    monkeypatch.setattr("analyzer.audit.run.audit", None)
    for command, told in zip(commands, plain, strict=True):
        assert run([*command, "--cache", str(out)]) == 0
        assert capsys.readouterr() == told
    assert run(["summary", str(capture), "--cache", str(out)]) == 0
    assert run(["export", str(capture), "-o", str(out)]) == 0


def test_other_tools_read_it(capture: Path, tmp_path: Path) -> None:
    """pandas by way of DuckDB, which everybody who has negoscope has."""
    assert run(["export", str(capture), "-o", str(tmp_path / "out")]) == 0
    code = (
        "import duckdb\nprint(duckdb.sql(\"SELECT t.token_type FROM 'tokens.parquet' t "
        "JOIN 'negotiations.parquet' n USING (negotiation_id) ORDER BY t.frame\").df().to_json())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "out",
        capture_output=True,
        text=True,
        check=True,
    )
    kinds = list(read(capture).tokens["token_type"])
    assert list(json.loads(done.stdout)["token_type"].values()) == kinds


@pytest.mark.parametrize("there", [False, True])
def test_an_interrupt_leaves_nothing_behind(
    there: bool, capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a directory nor a file; what was there stays."""
    out = tmp_path / "out"
    if there:
        out.mkdir()
        (out / "tokens.parquet").write_bytes(b"old")

    def interrupted(_analysis: Analysis, folder: Path) -> None:
        (folder / "tokens.parquet").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Analysis, "to_parquet", interrupted)
    assert run(["export", str(capture), "-o", str(out)]) == 130
    if there:
        assert [(path.name, path.read_bytes()) for path in out.iterdir()] == [
            ("tokens.parquet", b"old")
        ]
    else:
        assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["export", "{capture}"], "Missing option"),
        (["export", "{capture}", "-o", "{capture}"], "File exists"),
        (["export", "{folder}/none.pcap", "-o", "{folder}/out"], "no such file"),
        (["summary", "{capture}", "--cache", "{capture}"], "--cache"),
    ],
)
def test_mistakes_are_told_in_one_line(
    arguments: list[str],
    said: str,
    capture: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And end with status 2, without anything written."""
    filled = [each.format(capture=capture, folder=tmp_path) for each in arguments]
    assert run(filled) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.pcapng"]


def test_a_spoilt_cache_is_told_on_standard_error(
    capture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless nobody wants to hear of it; the rows are the same."""
    command: list[Any] = ["negotiations", str(capture), "--format", "csv", "--cache", str(tmp_path)]
    assert run(command) == 0
    plain = capsys.readouterr()
    for quiet in ([], ["--quiet"]):
        (file,) = tmp_path.glob("*.negoscope")
        file.write_bytes(b"spoilt")
        assert run([*command, *quiet]) == 0
        told = capsys.readouterr()
        assert told.out == plain.out
        assert ("not used: no file of rows" in told.err) is not bool(quiet)


@pytest.mark.parametrize("command", ["summary", "negotiations", "tokens", "hosts", "audit"])
def test_the_cache_imports_nothing_heavy(command: str, capture: Path, tmp_path: Path) -> None:
    """A second run is worth it only if it starts at once."""
    code = (
        "import sys\nfrom analyzer.cli.main import run\n"
        f"for _ in range(2): assert run([{command!r}, {str(capture)!r}, '--cache', {str(tmp_path)!r}]) == 0\n"
        "heavy = {'pandas', 'duckdb', 'scapy', 'pyarrow', 'jinja2', 'tqdm', 'pyasn1'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
