"""Running tshark."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.crosscheck import tshark
from analyzer.crosscheck.tshark import display_filter, their_packets
from analyzer.errors import CaptureError, UsageError

ROOT = Path(__file__).resolve().parents[4]
CAPTURE = ROOT / "captures" / "http" / "ntlm" / "capture.pcapng"


def test_filter_names_frames_by_ranges() -> None:
    """Frames next to each other are one range."""
    assert display_filter([]) == tshark.TOKENS
    assert display_filter([7, 3, 4, 5, 9]).endswith(" or frame.number in {3..5,7,9}")


def test_filter_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many frames there are: then it names more than it has to."""
    monkeypatch.setattr(tshark, "FRAMES_TEXT", 100)
    text = display_filter(range(0, 20_000, 2))
    assert len(text) < len(tshark.TOKENS) + 130
    assert text.endswith("{0..19998}")


def test_no_tshark(monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear line, told as the caller's mistake."""
    monkeypatch.setattr("analyzer.capture.tshark_program.shutil.which", lambda _name: None)
    monkeypatch.setattr("analyzer.capture.tshark_program._USUAL_PLACES", ())
    with pytest.raises(UsageError, match="tshark was not found"):
        list(their_packets(str(CAPTURE), []))


def test_what_is_no_capture(tmp_path: Path) -> None:
    """What tshark can read nothing of is an error with its own words."""
    path = tmp_path / "x.pcap"
    path.write_bytes(b"\0\1\2\3" * 100)
    with pytest.raises((CaptureError, UsageError), match="tshark"):
        list(their_packets(str(path), []))


def test_reader_may_stop() -> None:
    """The program is ended when nobody reads on."""
    try:
        found = their_packets(str(CAPTURE), [])
        first = next(found)
    except UsageError:
        pytest.skip("tshark is not installed")
    assert first.first("frame.number") is not None
    found.close()  # type: ignore[attr-defined]
