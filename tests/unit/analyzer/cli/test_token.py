"""`negoscope token`: what its argument may be, and what is said if it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.cli.main import run

TOKEN = "TlRMTVNTUAABAAAABwIIAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_files_of_powershell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    """What `>` of PowerShell 5 writes: UTF-16, its mark first."""
    path = tmp_path / "token.txt"
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    path.write_text(f"{mark}Authorization: Negotiate {TOKEN}\r\n", encoding=encoding)
    assert run(["token", str(path)]) == 0
    assert capsys.readouterr().out.startswith("NTLM_NEGOTIATE, 32 bytes")


@pytest.mark.parametrize("name", ["./nofile.b64", "no/such/token.txt", "/no/such/file", "~/token"])
def test_a_file_that_is_not_there_is_told(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The name is no token; the message says which file was looked for."""
    assert run(["token", name]) == 2
    assert capsys.readouterr().err == f"negoscope: token: no such file: {name}\n"


def test_a_directory_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is there, but holds no token."""
    assert run(["token", str(tmp_path)]) == 2
    assert "a directory" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["my", "password", "is", "secret"], ["my password is secret"]])
def test_prose_is_no_token_and_is_not_repeated(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit status 2; what was typed by mistake does not show."""
    assert run(["token", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "secret" not in said.err


def test_words_of_the_command_line_are_one_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A header without quotes, and base64 that a shell took apart."""
    for words in (["Negotiate", TOKEN], [TOKEN[:20], TOKEN[20:40], TOKEN[40:]]):
        assert run(["token", *words]) == 0
        assert capsys.readouterr().out.startswith("NTLM_NEGOTIATE")
