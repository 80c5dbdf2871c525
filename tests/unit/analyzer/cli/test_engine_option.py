"""`--engine tshark` and `--tls-keylog` on the command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from analyzer.cli.main import run

ROOT = Path(__file__).resolve().parents[4]
CAPTURE = ROOT / "captures" / "http" / "ntlm" / "capture.pcapng"
wireshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
COMMAND = [sys.executable, "-c", "from analyzer.cli.main import main; main()"]
INTERRUPTIBLE = [
    sys.executable,
    "-c",
    (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from analyzer.cli.main import main; main()"
    ),
]
"""The same, though the tests may run in the background, where a shell has Ctrl-C ignored."""


@wireshark
@pytest.mark.parametrize(
    "arguments",
    [
        ["negotiations", str(CAPTURE), "--format", "jsonl"],
        ["tokens", str(CAPTURE), "--format", "csv"],
        ["show", str(CAPTURE), "1"],
    ],
    ids=["negotiations", "tokens", "show"],
)
def test_every_command_takes_the_engine(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """And prints the same, whoever reads."""
    assert run(arguments) == 0
    native = capsys.readouterr().out
    assert run([*arguments, "--engine", "tshark"]) == 0
    assert capsys.readouterr().out == native


@wireshark
def test_the_summary_takes_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    """Its times are of the run, the rest is not."""
    assert run(["summary", str(CAPTURE), "--engine", "tshark"]) == 0
    assert "ntlm" in capsys.readouterr().out


@wireshark
def test_a_cut_file_is_status_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As with the native engine."""
    (tmp_path / "cut.pcapng").write_bytes(CAPTURE.read_bytes()[:3000])
    path = str(tmp_path / "cut.pcapng")
    assert run(["captures", path, "--engine", "tshark", "--format", "jsonl"]) == 3
    assert json.loads(capsys.readouterr().out)["complete"] is False


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--tls-keylog", __file__], "a TLS key log can only be used by the engine tshark"),
        (["--tls-keylog", "/no/keys", "--engine", "tshark"], "/no/keys: no such TLS key log"),
        (["--engine", "pyshark"], "'pyshark' is not one of 'native', 'scapy', 'tshark'"),
    ],
)
def test_mistakes_are_one_line_and_status_2(
    options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What can't be had is said, and nothing is printed."""
    assert run(["negotiations", str(CAPTURE), *options]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert why in told.err
    assert told.err.count("\n") == 1


def test_without_wireshark_it_is_one_line(tmp_path: Path) -> None:
    """Status 2 and how to install it."""
    done = subprocess.run(
        [*COMMAND, "negotiations", str(CAPTURE), "--engine", "tshark"],
        env={**os.environ, "PATH": str(tmp_path)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "tshark was not found; 3.6 or newer is needed (" in done.stderr
    assert done.stderr.count("\n") == 1


@wireshark
def test_standard_input_that_stays_open_is_no_trap(tmp_path: Path) -> None:
    """tshark has had enough after a few bytes; nobody waits for the rest."""
    process = subprocess.Popen(
        [*COMMAND, "negotiations", "-", "--engine", "tshark"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with suppress(BrokenPipeError):  # it may be gone by then
        process.stdin.write(b"this is no capture at all\n" * 100_000)
        process.stdin.flush()
    try:
        status = process.wait(60)
        out, err = process.stdout.read(), process.stderr.read()
    finally:
        process.kill()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        process.stderr.close()
    assert (status, out) == (2, b"")
    assert err == b"negoscope: -: not a capture\n"


@wireshark
def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    """The child that reads is gone with its parent, which ends with status 130."""
    marker = tmp_path / "pid"
    program = tmp_path / "tshark"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys, time\n"
        'if "--version" in sys.argv:\n    print("TShark (Wireshark) 4.0.17"); sys.exit()\n'
        f"open({str(marker)!r} + '.new', 'w').write(str(os.getpid()))\n"
        f"os.rename({str(marker)!r} + '.new', {str(marker)!r})\ntime.sleep(600)\n"
    )
    program.chmod(0o755)
    process = subprocess.Popen(
        [*INTERRUPTIBLE, "negotiations", str(CAPTURE), "--engine", "tshark"],
        env={**os.environ, "PATH": str(tmp_path)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    try:
        for _ in range(600):
            if marker.exists():
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(int(marker.read_text()), 0)
