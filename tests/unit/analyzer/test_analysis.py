"""`read()`: what it takes, what it refuses, and times that no packet carries."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import read
from analyzer.errors import UsageError
from analyzer.report.siem import ecs, ocsf, zeek
from analyzer.report.siem.record import records

ASKED = b"GET / HTTP/1.1\r\nHost: web.test\r\nAuthorization: Basic YWRhOnNlY3JldA==\r\n\r\n"
SAID = b'HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'


def packet(ports: tuple[int, int], seq: int, ack: int, flags: int, payload: bytes) -> bytes:
    """An Ethernet frame between 10.0.0.1 and 10.0.0.2; the server has port 80."""
    ends = [b"\x0a\x00\x00\x02" if port == 80 else b"\x0a\x00\x00\x01" for port in ports]
    tcp = struct.pack(">HHIIBBHHH", *ports, seq, ack, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, *ends)
    return b"\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00" + ip + tcp


def block(kind: int, body: bytes) -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


@pytest.fixture
def timeless(tmp_path: Path) -> Path:
    """A refused Basic logon in Simple Packet Blocks, which hold no time."""
    up, down = (50000, 80), (80, 50000)
    packets = [
        packet(up, 100, 0, 2, b""),
        packet(down, 900, 101, 18, b""),
        packet(up, 101, 901, 24, ASKED),
        packet(down, 901, 101 + len(ASKED), 24, SAID),
    ]
    path = tmp_path / "timeless.pcapng"
    path.write_bytes(
        block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
        + block(1, struct.pack("<HHI", 1, 0, 0))
        + b"".join(block(3, struct.pack("<I", len(data)) + data) for data in packets)
    )
    return path


def test_times_that_are_not_known_are_null(timeless: Path) -> None:
    """No table and no other system's format may show a made-up date."""
    analysis = read(timeless)
    (row,) = records(analysis.tables.columns["negotiations"], [0])
    assert (row["started"], row["ended"], row["duration_ms"]) == (None, None, None)
    assert analysis.tables.columns["captures"]["first_ts"] == [None]
    assert analysis.negotiations["started"].isna().all()
    assert "@timestamp" not in json.loads(ecs.negotiation(row))
    event = json.loads(ocsf.negotiation(row))
    assert not {"start_time", "end_time"} & event.keys()
    assert event["time"] == 0  # a number is demanded there
    lines = list(zeek.text_lines("negotiations", analysis.tables.columns["negotiations"], [0]))
    assert lines[-2].startswith("-\t")


@pytest.mark.parametrize("given", [None, b"capture.pcap", 7, [b"capture.pcap"], [None]])
def test_only_paths_are_read(given: Any) -> None:
    """Anything else is the caller's mistake, said in one line."""
    with pytest.raises(UsageError, match=r"read\(\) takes paths, not"):
        read(given)


@pytest.mark.parametrize("progress", [True, False, None])
def test_progress_may_be_yes_or_no(
    progress: bool | None, timeless: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Small inputs are read without a bar in any case."""
    assert len(read(timeless, progress=progress).negotiations) == 1
    assert capsys.readouterr().err == ""


def test_progress_draws_a_bar(
    timeless: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """True draws on standard error what a large input is worth."""
    monkeypatch.setattr("analyzer.report.progress.WORTH_A_BAR", 0)
    read(timeless, progress=True)
    assert "timeless.pcapng" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["x", None, 1.5, 0, 2])
def test_a_negotiation_has_a_number(number: Any, timeless: Path) -> None:
    """What is no number, or nobody's, is refused."""
    analysis = read(timeless)
    with pytest.raises(UsageError, match="negotiation"):
        analysis.negotiation(number)
    assert analysis.negotiation(1).negotiation.outcome == "failure"


def test_errors_name_the_input_once(timeless: Path, tmp_path: Path) -> None:
    """The row has a column for the name already."""
    (tmp_path / "notes.txt").write_text("this is no capture\n" * 10)
    analysis = read([timeless, tmp_path / "notes.txt", "nosuch"])
    assert sorted(analysis.tables.columns["captures"]["error"], key=str) == [
        None,
        "no such file or directory",
        "not a capture",
    ]
    assert "nosuch: no such file or directory" in analysis.errors


def test_an_analysis_shows_its_summary() -> None:
    """One line as its `repr`; the summary as text and in a notebook."""
    captures = Path(__file__).resolve().parents[3] / "captures"
    analysis = read(captures / "smb" / "mixed" / "capture.pcapng")
    assert repr(analysis) == "<Analysis of 1 capture(s): 7 negotiation(s)>"
    assert str(analysis) == str(analysis.summary())
    assert analysis._repr_html_() == analysis.summary()._repr_html_()
