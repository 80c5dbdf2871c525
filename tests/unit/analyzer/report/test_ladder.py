"""What stands on the arrows of a ladder."""

from __future__ import annotations

from pathlib import Path

from analyzer.analysis import read

CAPTURES = Path(__file__).resolve().parents[4] / "captures"


def test_a_logon_without_token_names_its_mechanism() -> None:
    """SMB1 without extended security has no scheme by name, but a mechanism."""
    path = CAPTURES / "smb" / "nt1_no_extended_security" / "capture.pcapng"
    drawn = str(read(path).negotiation(1))
    assert "ntlm logon" in drawn
    assert "None" not in drawn
