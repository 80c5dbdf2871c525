"""Suppression files: what they hide, what of them is told, and how they are refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from analyzer.analysis import read
from analyzer.audit.registry import all_rules
from analyzer.audit.run import audit
from analyzer.audit.suppress import apply, read_suppressions
from analyzer.errors import UsageError

ROOT = Path(__file__).resolve().parents[4]
CAPTURE = str(ROOT / "captures" / "smb" / "signing_off" / "capture.pcapng")
TODAY = date(2027, 1, 15)


def written(folder: Path, text: str) -> str:
    """A suppression file with this text."""
    path = folder / "known.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_what_an_entry_hides(tmp_path: Path) -> None:
    """Rule by id, beginning or family, subject by glob; until its last day."""
    found = audit(read(CAPTURE).tables.columns, all_rules().values())
    server = [each for each in found if each.subject == "10.99.0.4"]
    assert server
    path = written(
        tmp_path,
        """
        [[suppress]]
        rule = "smb"
        subject = "10.99.0.?"
        reason = "replaced in May"
        until = 2027-01-15
        """,
    )
    kept, hidden, notes = apply(found, read_suppressions(path), TODAY)
    assert {finding.rule.family for finding, _ in hidden} == {"smb"}
    assert {finding.subject for finding, _ in hidden} == {"10.99.0.4"}
    assert [by.reason for _, by in hidden] == ["replaced in May"] * len(hidden)
    assert len(kept) + len(hidden) == len(found)
    assert notes == []


def test_expired_and_idle_entries_are_told(tmp_path: Path) -> None:
    """An expired one hides nothing any more, and an unused one is named."""
    found = audit(read(CAPTURE).tables.columns, all_rules().values())
    path = written(
        tmp_path,
        """
        [[suppress]]
        rule = "NGS-SMB-004"
        reason = "old"
        until = 2027-01-14
        [[suppress]]
        rule = "NGS-KDC"
        subject = "10.*"
        reason = "none there"
        """,
    )
    kept, hidden, notes = apply(found, read_suppressions(path), TODAY)
    assert kept == found
    assert hidden == []
    assert notes == [
        "suppression 1 (NGS-SMB-004) has expired on 2027-01-14",
        "suppression 2 (NGS-KDC for 10.*) hides nothing",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[[suppress]]\nrule = 'smb'",
        "[[suppress]]\nreason = 'why'",
        "[[suppress]]\nrule = 'smb'\nreason = '  '",
        "[[suppress]]\nrule = 'nope'\nreason = 'why'",
        "[[suppress]]\nrule = ''\nreason = 'why'",
        "[[suppress]]\nrule = 'smb'\nreason = 'why'\nuntil = 'May'",
        "[[suppress]]\nrule = 'smb'\nreason = 'why'\nsubject = 4",
        "[[suppress]]\nrule = 'smb'\nreason = 'why'\nhost = 'a'",
        "suppress = 3",
        "suppress = [3]",
        "[ignore]\nrule = 'smb'",
        "rule = = 'smb'",
        "[[suppress]]\nrule = 'smb'\nreason = '\udcff'",
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    """With one line that names the file, and the entry where there is one."""
    path = tmp_path / "known.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError) as raised:
        read_suppressions(path)
    assert str(raised.value).startswith(str(path))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """As any file that is not there."""
    with pytest.raises(UsageError, match="No such file"):
        read_suppressions(tmp_path / "none.toml")
    with pytest.raises(UsageError):
        read_suppressions(tmp_path)
