"""Shells complete commands, options, their values and files; help groups commands; a typo gets a hint."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from analyzer.cli.main import COMMANDS, GROUPS, run

MAIN = "from analyzer.cli.main import main; main()"


def completed(*words: str) -> list[str]:
    """What bash is told of the last word."""
    environment = os.environ | {
        "_NEGOSCOPE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["negoscope", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-c", MAIN], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_options_values_and_files_are_completed():
    assert completed("su") == ["plain,summary"]
    assert "plain,--engine" in completed("summary", "--en")
    assert completed("summary", "--engine", "ts") == ["plain,tshark"]
    assert completed("summary", "cap") == ["file,cap"]
    assert completed("nonsense", "x") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell, capsys):
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "_NEGOSCOPE_COMPLETE" in script
    assert "negoscope" in script


def test_bash_takes_its_script():
    script = subprocess.run(
        [sys.executable, "-c", MAIN, "completion", "bash"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_help_lists_every_command_in_its_group(capsys):
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    for group, commands in GROUPS.items():
        part = text.split(f"{group}:\n")[1].split("\n\n")[0]
        assert [line.split()[0] for line in part.splitlines()] == list(commands)
    assert sum(map(len, GROUPS.values())) == len(COMMANDS)


@pytest.mark.parametrize(
    ("typed", "hint"), [("sumary", "did you mean summary?"), ("xyzzy", "--help")]
)
def test_a_mistyped_command_gets_a_hint(typed, hint, capsys):
    assert run([typed, "x.pcap"]) == 2
    told = capsys.readouterr().err
    assert hint in told
    assert told.count("\n") == 1
