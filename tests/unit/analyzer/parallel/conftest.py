"""What tests of several processes share."""

from __future__ import annotations

import multiprocessing
import sys

import pytest

from analyzer.parallel import files, shares, turns


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that are changed as this one is."""
    if sys.platform != "linux":
        pytest.skip("no fork here")
    fork = multiprocessing.get_context("fork")
    monkeypatch.setattr(shares, "context", lambda: fork)
    monkeypatch.setattr(files, "context", lambda: fork)
    monkeypatch.setattr(turns, "context", lambda: fork)
