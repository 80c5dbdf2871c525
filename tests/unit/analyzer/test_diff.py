"""`ng.diff`: two sides as a frame."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.diff import diff
from analyzer.errors import UsageError
from analyzer.tables.schema import CHANGES

CAPTURES = Path(__file__).resolve().parents[3] / "captures/smb"
KERBEROS = CAPTURES / "smb311_kerberos/capture.pcapng"
NTLM = CAPTURES / "smb311_ntlm/capture.pcapng"


def test_sides_may_be_paths_or_analyses() -> None:
    """Both give the same frame."""
    by_path = diff(KERBEROS, str(NTLM))
    assert list(by_path.columns) == CHANGES.names
    assert by_path.loc[by_path.aspect == "mechanism", "verdict"].tolist() == ["weaker"]
    assert diff(read(KERBEROS), read(NTLM)).equals(by_path)


def test_no_change_is_an_empty_frame_with_its_types() -> None:
    """So that what comes after it needs no special case."""
    nothing = diff(KERBEROS, KERBEROS)
    assert nothing.empty
    some = diff(KERBEROS, NTLM)
    assert [str(kind) for kind in nothing.dtypes] == [str(kind) for kind in some.dtypes]


def test_a_missing_side_is_the_callers_mistake() -> None:
    """Told as such."""
    with pytest.raises(UsageError):
        diff(KERBEROS, "nowhere.pcap")
