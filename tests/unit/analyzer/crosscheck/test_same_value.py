"""How values are held against what tshark shows."""

from __future__ import annotations

from typing import Any

import pytest

from analyzer.crosscheck import same_value
from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.same_value import SameValue, bit, flag, written_filetime


@pytest.mark.parametrize(
    ("same", "ours", "shown", "equal"),
    [
        (same_value.number, 35, "0x23", True),
        (same_value.number, 35, "36", False),
        (same_value.text, "ada", "ada", True),
        (same_value.text, "ada", "Ada", False),
        (same_value.text, "a\x01", "a\ufffd", True),
        (same_value.text, "a\tb", "a\\tb", True),
        (same_value.text, "ab", "a\\tb", False),
        (same_value.name, "1.2.3", "1.2.3", True),
        (bit(4), 6, "1", True),
        (bit(8), 6, "1", False),
        (bit(8), 6, "False", True),
        (flag("mutual-required"), ["mutual-required"], "True", True),
        (flag("use-session-key"), ["mutual-required"], "1", False),
        (same_value.filetime, 116444736000000000, "Jan  1, 1970 00:00:00.000000000 UTC", True),
        (same_value.filetime, 116444736000000001, "Jan  1, 1970 00:00:00.000000000 UTC", False),
        (same_value.generalized_time, "20260102030405Z", "2026-01-02 03:04:05 (UTC)", True),
        (same_value.generalized_time, "20260102030405Z", "Jan  2, 2026 03:04:05.0 UTC", True),
        (same_value.generalized_time, "20260102030405Z", "Jan  2, 2026 03:04:06.0 UTC", False),
        (same_value.generalized_time, "never", "Jan  2, 2026 03:04:06.0 UTC", False),
    ],
)
def test_same(same: SameValue, ours: Any, shown: str, equal: bool) -> None:
    """Notation does not matter, the value does."""
    assert same(ours, Node("x", shown)) is equal


def test_dates_without_a_calendar() -> None:
    """What is no date is none."""
    assert written_filetime("No time specified (0)") is None
