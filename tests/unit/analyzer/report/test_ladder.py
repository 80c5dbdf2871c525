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


def test_a_session_that_is_bound_to_another_connection() -> None:
    """SMB3's further channels ask for a session that is there, the first connection for a new one."""
    analysis = read(CAPTURES / "smb" / "multichannel" / "capture.pcapng")
    drawn = [str(analysis.negotiation(number)) for number in (1, 2, 3, 4)]
    assert ["binds session 0x" in each for each in drawn] == [False, False, True, True]
