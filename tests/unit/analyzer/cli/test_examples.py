"""Every command's help ends with examples, and each of them works."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from analyzer.cli.examples import EXAMPLES
from analyzer.cli.main import COMMANDS, run

CAPTURE = Path(__file__).resolve().parents[4] / "captures" / "smb" / "mixed" / "capture.pcapng"
CASES = [(name, words) for name, listed in EXAMPLES.items() for words, _ in listed if words != "-"]
FOUND = {"audit": {0, 1}, "diff": {0, 1}, "crosscheck": {0, 1}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Captures by the names that the examples have."""
    (tmp_path / "week").mkdir()
    for name in ("dc.pcapng", "before.pcapng", "after.pcapng", "week/monday.pcapng"):
        shutil.copy(CAPTURE, tmp_path / name)
    (tmp_path / "week" / "tuesday.pcapng.gz").write_bytes(
        __import__("gzip").compress(CAPTURE.read_bytes())
    )
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("name", "words"), CASES)
@pytest.mark.usefixtures("folder")
def test_an_example_works(name, words, capsys):
    if name == "crosscheck" and shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    arguments = [
        str(path)
        for word in shlex.split(words)
        for path in (
            sorted(Path().glob(word))
            if "*" in word and "'" not in word and " " not in word
            else [word]
        )
    ]
    assert run([name, *arguments]) in FOUND.get(name, {0}), capsys.readouterr().err
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_help_ends_with_examples(name, capsys):
    assert run([name, "--help"]) == 0
    told = capsys.readouterr().out
    for words, does in EXAMPLES[name]:
        assert f"  negoscope {name} {words}\n" in told
        assert f"  # {does}\n" in told
