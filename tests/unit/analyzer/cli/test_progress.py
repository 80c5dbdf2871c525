"""Progress as the real command tells it: to people at a terminal, and to nobody else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from support.facts import ROOT
from support.packets import Conversation, pcap

from analyzer.report.progress import WORTH_A_BAR
from benchmarks.workloads.files import Wanted, write
from benchmarks.workloads.wire import FILE_HEADER

pytest.importorskip("pty", reason="no terminals of this kind here")
import fcntl
import pty
import struct
import termios

COMMAND = (sys.executable, "-c", "from analyzer.cli.main import main; raise SystemExit(main())")
BAR = (
    r"large\.pcap: +\d+%\|.*\| [\d.]+M/5[\d.]+M \[[\d:]+<[\d:]+, +[\d.]+[kMG]?B/s, [\d,]+ packets/s"
)
"""Bytes of how many, time gone and left, bytes and packets in a second."""
FOUND = r", [\d,]+ negotiations\]"
"""What was found; a process that shares the work tells only its own, as soon as it has concluded some."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many logons, and then so much of nothing that it is worth a bar twice over."""
    path = tmp_path_factory.mktemp("large") / "large.pcap"
    write(path, Wanted("dense", 11_000_000))
    bulk = Conversation(8080)
    for _ in range(2 * WORTH_A_BAR // 60_000):
        bulk.server(bytes(60_000), mss=60_000)
    with path.open("ab") as file:
        nano = FILE_HEADER.startswith(b"\x4d\x3c\xb2\xa1")
        file.write(pcap(bulk.packets, nano=nano)[len(FILE_HEADER) :])
    return path


def environment() -> dict[str, str]:
    """Each step is drawn, however fast it is read."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "TQDM_MININTERVAL": "0"}


def at_a_terminal(*words: str | Path) -> tuple[bytes, str]:
    """Run the command with a terminal of 200 columns as its standard error: what it prints and what it draws."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, 200, 0, 0))
    drawn = bytearray()
    with TemporaryFile() as printed:  # a pipe would be full before anybody reads it
        with subprocess.Popen(
            [*COMMAND, *map(str, words)], stdout=printed, stderr=theirs, env=environment()
        ) as child:
            os.close(theirs)
            with suppress(OSError):  # the other end is gone
                while piece := os.read(ours, 4096):
                    drawn += piece
        os.close(ours)
        assert child.returncode == 0
        printed.seek(0)
        return printed.read(), drawn.decode()


@pytest.mark.parametrize(("jobs", "bar"), [("1", BAR + FOUND), ("2", BAR)])
def test_a_terminal_is_told_how_far_it_is(large: Path, jobs: str, bar: str) -> None:
    """Bytes of how many, time gone and left, packets in a second, negotiations; nothing of it stays."""
    words = ("negotiations", large, "--format", "jsonl", "--jobs", jobs)
    printed, drawn = at_a_terminal(*words)
    assert any(re.search(bar, each) for each in drawn.split("\r")), drawn
    assert drawn.endswith("\r")
    piped = subprocess.run(
        [*COMMAND, *map(str, words)], capture_output=True, env=environment(), check=True
    )
    assert piped.stderr == b""
    assert piped.stdout == printed
    assert printed.count(b"\n") > 1


@pytest.mark.parametrize("option", ["--quiet", "--no-progress"])
def test_a_terminal_can_be_left_alone(large: Path, option: str) -> None:
    """Nobody who asked for silence is told."""
    _, drawn = at_a_terminal("negotiations", large, "--format", "jsonl", option)
    assert drawn == ""
