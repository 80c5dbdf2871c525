"""Clocks of senders against the capture's clock."""

from __future__ import annotations

import pytest

from analyzer.capture.model import NO_TIME
from analyzer.tables.token_clock import clock_offset_ms
from dissectors.tokens.model import (
    KrbApRep,
    KrbError,
    NegTokenInit,
    NegTokenInit2,
    NtlmChallenge,
    Token,
)

NOON = 1_795_780_800_000_000_000  # 2026-11-27 12:00:00 UTC, in ns
A_SECOND_AFTER = (NOON // 100) + 116_444_736_000_000_000 + 10_000_000  # as FILETIME


def challenge(stamp: object) -> NtlmChallenge:
    return NtlmChallenge(raw=b"", target_info={"MsvAvTimestamp": stamp})


@pytest.mark.parametrize(
    ("token", "offset"),
    [
        (challenge(A_SECOND_AFTER), 1000.0),
        (KrbError(raw=b"", stime="20261127115955Z", susec=500_000), -4500.0),
        (KrbError(raw=b"", stime="20261127115955Z", susec=7_000_000), -5000.0),
        (KrbError(raw=b"", stime="sometime"), None),
        (KrbError(raw=b""), None),
        (challenge(0), None),
        (challenge("0"), None),
        (NtlmChallenge(raw=b""), None),
        (KrbApRep(raw=b""), None),
    ],
)
def test_only_tokens_that_tell_a_time_have_an_offset(token: Token, offset: float | None) -> None:
    """Milliseconds, positive where the sender's clock is ahead."""
    assert clock_offset_ms(token, NOON, {}) == offset


@pytest.mark.parametrize(
    ("token", "said", "offset"),
    [
        (NegTokenInit2(raw=b""), {"system_time": A_SECOND_AFTER}, 1000.0),
        (NegTokenInit2(raw=b""), {"system_time": 0}, None),  # a server that does not tell it
        (NegTokenInit2(raw=b""), {}, None),
        (NegTokenInit(raw=b""), {"system_time": A_SECOND_AFTER}, None),  # nobody's but the server's
        (challenge(0), {"system_time": A_SECOND_AFTER}, None),
    ],
)
def test_smb_tells_the_time_beside_its_hint(
    token: Token, said: dict[str, int], offset: float | None
) -> None:
    """SystemTime of the NEGOTIATE response, which the server's first token comes with."""
    assert clock_offset_ms(token, NOON, said) == offset


def test_packets_without_a_time_have_no_offset() -> None:
    """There is nothing to compare with."""
    assert clock_offset_ms(challenge(A_SECOND_AFTER), NO_TIME, {}) is None


def test_any_filetime_gives_a_number() -> None:
    """Dates beyond every calendar are numbers still."""
    assert isinstance(clock_offset_ms(challenge(2**64 - 1), NOON, {}), float)
