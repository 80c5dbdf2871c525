"""Reading by Wireshark: every kind of input, damage as a loss, failure as one line."""

from __future__ import annotations

import gzip
import io
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

from analyzer.analysis import Analysis, read
from analyzer.capture import tshark_program, tshark_source
from analyzer.capture.tshark_source import Wireshark, may_hold_keys
from analyzer.errors import CaptureError, UsageError

CAPTURE = Path(__file__).resolve().parents[4] / "captures" / "http" / "ntlm" / "capture.pcapng"
NATIVE = read(str(CAPTURE)).tables.columns
wireshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


def account(analysis: Analysis) -> dict[str, Any]:
    return {name: cells[0] for name, cells in analysis.tables.columns["captures"].items()}


def same_rows(analysis: Analysis) -> bool:
    return all(
        {**analysis.tables.columns[table], "capture": None} == {**NATIVE[table], "capture": None}
        for table in ("negotiations", "tokens")
    )


@wireshark
@pytest.mark.parametrize(
    ("name", "pack", "form"),
    [
        ("a.pcapng", bytes, "pcapng"),
        ("-n.pcapng", bytes, "pcapng"),
        ('quo"te, and\tmore.pcapng', bytes, "pcapng"),
        ("a.gz", gzip.compress, "pcapng+gzip"),
        ("a.zst", zstandard.compress, "pcapng+zstd"),
    ],
)
def test_files_of_all_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, pack: Any, form: str
) -> None:
    """Whatever the name and the compression."""
    (tmp_path / name).write_bytes(pack(CAPTURE.read_bytes()))
    monkeypatch.chdir(tmp_path)
    analysis = read(name, engine="tshark")
    assert same_rows(analysis)
    told = account(analysis)
    assert (told["engine"], told["format"], told["complete"]) == ("tshark", form, True)
    assert told["file_bytes"] == CAPTURE.stat().st_size
    assert told["packets"] == NATIVE["captures"]["packets"][0]


@wireshark
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(monkeypatch: pytest.MonkeyPatch, pack: Any) -> None:
    """Through a pipe, compressed or not."""
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(pack(CAPTURE.read_bytes()))))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert same_rows(read("-", engine="tshark"))


@wireshark
def test_a_cut_file_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """Wireshark's message is the loss, without the file's name."""
    (tmp_path / "cut.pcapng").write_bytes(CAPTURE.read_bytes()[:3000])
    analysis = read(tmp_path / "cut.pcapng", engine="tshark")
    assert analysis.damaged
    assert account(analysis)["packets"] == 17
    assert account(analysis)["lost"] == [
        "the file appears to have been cut short in the middle of a packet."
    ]
    assert analysis.tables.columns["anomalies"]["code"] == ["capture-cut"]


@wireshark
def test_a_damaged_file(tmp_path: Path) -> None:
    """What comes before the damage is read."""
    data = bytearray(CAPTURE.read_bytes())
    data[2000:2300] = b"\xff" * 300
    (tmp_path / "bad.pcapng").write_bytes(data)
    analysis = read(tmp_path / "bad.pcapng", engine="tshark")
    assert analysis.damaged
    assert 0 < account(analysis)["packets"] < NATIVE["captures"]["packets"][0]
    assert "capture-damaged" in analysis.tables.columns["anomalies"]["code"]


@wireshark
def test_a_cut_compressed_file(tmp_path: Path) -> None:
    """The compression is what is cut; it is told once."""
    whole = gzip.compress(CAPTURE.read_bytes())
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    analysis = read(tmp_path / "cut.gz", engine="tshark")
    assert analysis.damaged
    assert account(analysis)["lost"] == ["gzip: the compressed data ends early"]


@wireshark
@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty file, not a capture"),
        (b"hello, world, this is text", "not a capture"),
        (gzip.compress(b"hello, world, this is text", mtime=0), "not a capture"),
        (gzip.compress(b"", mtime=0), "empty file, not a capture"),
    ],
)
def test_what_is_no_capture(tmp_path: Path, data: bytes, why: str) -> None:
    """As the native engine says it."""
    (tmp_path / "x.pcap").write_bytes(data)
    with pytest.raises(CaptureError) as raised:
        read(tmp_path / "x.pcap", engine="tshark")
    assert str(raised.value) == f"x.pcap: {why}"


@wireshark
def test_formats_that_only_wireshark_knows() -> None:
    """A Network Monitor file is read."""
    root = Path(__file__).resolve().parents[4]
    path = root / ".." / "shared" / "corpus" / "files" / "NTLMRawUnHide__capture.cap"
    if not path.exists():
        pytest.skip("the corpus is not here")
    analysis = read(path, engine="tshark")
    assert account(analysis)["packets"] == 95
    assert len(analysis.tables.columns["tokens"]["frame"]) >= 5


# -- when the program fails --------------------------------------------------------------------------------


def fake_tshark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A tshark that does what `code` does."""
    program = tmp_path / "tshark"
    version = 'import os, sys\nif "--version" in sys.argv:\n    print("TShark (Wireshark) 4.0.17")'
    program.write_text(f"#!{sys.executable}\n{version}\n    sys.exit()\n{code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("os.kill(os.getpid(), 11)", "tshark failed with signal 11: no message"),
        ("sys.stderr.write('tshark: Out of luck\\n'); sys.exit(1)", "status 1: Out of luck"),
    ],
)
def test_a_failing_tshark_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    """What it said, or what ended it."""
    fake_tshark(tmp_path, monkeypatch, code)
    with pytest.raises(CaptureError, match=why) as raised:
        read(CAPTURE, engine="tshark")
    assert "\n" not in str(raised.value)


def test_what_is_no_line_is_counted_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that prints something else costs nothing but its lines."""
    fake_tshark(tmp_path, monkeypatch, "print('hello\\nworld')")
    told = account(read(CAPTURE, engine="tshark"))
    assert told["undecoded_reasons"] == {"tshark-line": 2}


def test_no_tshark_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's mistake, before any file is opened."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tshark_program, "_USUAL_PLACES", ())
    with pytest.raises(UsageError, match="tshark was not found"):
        read(CAPTURE, engine="tshark")
    with pytest.raises(UsageError, match="no engine 'wireshark'"):
        read(CAPTURE, engine="wireshark")


# -- the command line and the numbers ----------------------------------------------------------------------


def test_our_settings_are_on_the_command_line() -> None:
    """No names are resolved, reordered segments are put together, decrypted records stay bytes."""
    command = Wireshark("tshark", "/keys, and:more").command("/a.pcap")
    assert command[:4] == ["tshark", "-n", "-r", "/a.pcap"]
    assert "tls.keylog_file:/keys, and:more" in command
    assert "tcp.reassemble_out_of_order:TRUE" in command
    assert tshark_source.PLAIN_RECORDS in command
    assert not any(part.startswith("tls.keylog_file") for part in Wireshark("t").command("-"))


@pytest.mark.parametrize(
    ("data", "may"), [(b"x" * 9, False), (b"x" * ((1 << 20) - 2) + b"KSLT", True)]
)
def test_keys_inside_are_looked_for(tmp_path: Path, data: bytes, may: bool) -> None:
    """Also where a block of reading ends; of a pipe nobody knows."""
    (tmp_path / "x").write_bytes(data)
    assert may_hold_keys(str(tmp_path / "x")) is may
    assert may_hold_keys("-")
