"""Counts in words."""

from __future__ import annotations

import pytest

from analyzer.report.cells import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 packets"), (1, "1 packet"), (1234, "1,234 packets")]
)
def test_one_is_singular(number: int, said: str) -> None:
    """English counts one apart."""
    assert counted(number, "packet") == said
