"""Several processes that are interrupted or killed leave no process and no shared memory behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from support.facts import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc and /dev/shm")
CAPTURE = ROOT / "captures" / "smb" / "mixed" / "capture.pcapng"
PROGRAM = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from analyzer.cli.main import main; main()"
)


def memories() -> set[str]:
    """Shared memory of ours that there is."""
    return {path.name for path in Path("/dev/shm").glob("negoscope-*")}


def session(number: int) -> list[int]:
    """Processes of a session that are not yet over."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
                if int(of) == number and state != "Z":
                    found.append(int(entry.name))
    return found


def until(true: Callable[[], Any]) -> bool:
    """Wait for something, half a minute at most."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


@contextmanager
def reading(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Two processes and more that read from a pipe which falls silent."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "negotiations", "-", "--jobs", "2", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=ROOT,
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(CAPTURE.read_bytes())
            process.stdin.flush()
            yield process
        finally:
            for left in session(process.pid):
                with suppress(OSError):
                    os.kill(left, signal.SIGKILL)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(how: signal.Signals, tmp_path: Path) -> None:
    """Neither of an interrupt nor where the process that was started has no time to clear up."""
    before = memories()
    target = tmp_path / "rows.jsonl"
    with reading("--format", "jsonl", "-o", str(target)) as process:
        assert until(lambda: len(session(process.pid)) > 1)
        assert until(lambda: memories() - before)
        process.send_signal(how)
        status = process.wait(30)
        assert status == (130 if how == signal.SIGINT else -how)
        assert until(lambda: not session(process.pid))
        assert until(lambda: memories() <= before)
    assert list(tmp_path.iterdir()) == []
