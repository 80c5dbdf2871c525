"""The most expensive tokens there can be: bounded time and memory, and what is left out is told."""

from __future__ import annotations

import tracemalloc
from time import process_time

import pytest
from support.token_checks import check_shown, check_told, check_values
from support.worst_tokens import WORST

from dissectors.tokens import dissect_token
from dissectors.tokens.strict import strict_check

SECONDS = 0.05  # for the values of a token, and for its tree
STRICT_SECONDS = 1.0
TRIES = 20  # until one was not disturbed by what else runs on the machine
MEMORY = 8 << 20  # bytes, besides the token's own


@pytest.mark.parametrize("name", WORST)
def test_nothing_raises(name: str) -> None:
    """All that can be asked of such a token has an answer."""
    token = check_values(WORST[name].make())
    check_shown(token)
    check_told(token)


@pytest.mark.parametrize("name", WORST)
def test_the_loss_is_told(name: str) -> None:
    """Where a limit or a broken length keeps bytes from being read, an anomaly says so."""
    codes = [anomaly.code for anomaly in dissect_token(WORST[name].make()).findings]
    wanted = WORST[name].code
    assert wanted in codes if wanted is not None else not codes


@pytest.mark.parametrize("name", WORST)
def test_the_time_is_bounded(name: str) -> None:
    """A twentieth of a second of the processor is enough for the values, and for the tree."""
    data = WORST[name].make()
    best = [float("inf")] * 3
    for _ in range(TRIES):
        began = process_time()
        token = dissect_token(data)
        decoded = process_time()
        assert token.fields
        shown = process_time()
        strict_check(token)
        took = decoded - began, shown - decoded, process_time() - shown
        best = [min(pair) for pair in zip(best, took, strict=True)]
        if max(best[:2]) < SECONDS and best[2] < STRICT_SECONDS:
            return
    pytest.fail(f"values {best[0]:.3f} s, tree {best[1]:.3f} s, strict reading {best[2]:.3f} s")


@pytest.mark.parametrize("name", WORST)
def test_the_memory_is_bounded(name: str) -> None:
    """Nobody can make one token cost more than this."""
    data = WORST[name].make()
    tracemalloc.start()
    try:
        token = dissect_token(data)
        assert token.fields
        strict_check(token)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY
