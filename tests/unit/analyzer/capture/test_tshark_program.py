"""Finding Wireshark: what is missing or too old is said in one line, with the way to get it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from analyzer.capture import tshark_program
from analyzer.capture.tshark_program import find_tshark, how_to_install, surroundings
from analyzer.errors import UsageError


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A search path with nothing on it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tshark_program, "_USUAL_PLACES", ())
    return tmp_path


def fake(path: Path, says: str) -> None:
    """A tshark that says something."""
    program = path / "tshark"
    program.write_text(f"#!{sys.executable}\nprint({says!r})\n")
    program.chmod(0o755)


def test_no_tshark_tells_how_to_get_one(path: Path) -> None:
    """One line for people, no traceback."""
    with pytest.raises(UsageError, match=r"was not found; 3\.6 or newer is needed \(") as raised:
        find_tshark()
    assert "\n" not in str(raised.value)
    assert how_to_install() in str(raised.value)


def test_an_old_tshark_is_refused_with_both_versions(path: Path) -> None:
    """The one found and the one needed."""
    fake(path, "TShark (Wireshark) 3.4.16 (Git v3.4.16)")
    with pytest.raises(UsageError, match=r"is version 3\.4; 3\.6 or newer is needed"):
        find_tshark()


@pytest.mark.parametrize("says", ["TShark (Wireshark) 3.6.0.", "TShark (Wireshark) 4.10.2 (v4)"])
def test_a_new_one_is_taken(path: Path, says: str) -> None:
    """Versions are numbers, not text."""
    fake(path, says)
    assert find_tshark() == str(path / "tshark")


def test_another_program_of_that_name_is_refused(path: Path) -> None:
    """It does not tell Wireshark's version."""
    fake(path, "hello")
    with pytest.raises(UsageError, match="does not tell its version"):
        find_tshark()


def test_a_program_that_cannot_run_is_refused(path: Path) -> None:
    """Whatever the system says of it is in the message."""
    (path / "tshark").write_bytes(b"\x7fELF not really")
    (path / "tshark").chmod(0o755)
    with pytest.raises(UsageError, match="does not run"):
        find_tshark()


@pytest.mark.parametrize(
    ("programs", "platform", "command"),
    [
        (["apt-get"], "linux", "apt install tshark"),
        (["dnf"], "linux", "dnf install wireshark-cli"),
        ([], "darwin", "brew install wireshark"),
        ([], "win32", "winget install"),
        ([], "linux", "https://www.wireshark.org"),
    ],
)
def test_the_way_to_install_fits_the_system(
    path: Path, monkeypatch: pytest.MonkeyPatch, programs: list[str], platform: str, command: str
) -> None:
    """By the package manager that is there."""
    for program in programs:
        fake(path, "")
        (path / "tshark").rename(path / program)
    monkeypatch.setattr(sys, "platform", platform)
    assert command in how_to_install()


def test_nobodys_profile_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither preferences nor plugins of the user change what is read."""
    monkeypatch.setenv("WIRESHARK_PLUGIN_DIR", "/home/me/plugins")
    around = surroundings()
    assert "WIRESHARK_PLUGIN_DIR" not in around
    for name in ("HOME", "XDG_CONFIG_HOME", "WIRESHARK_CONFIG_DIR"):
        assert not Path(around[name]).exists()
    assert around["TZ"] == "UTC"
    assert around["PATH"] == os.environ["PATH"]
