"""Attempts to reach a KDC: what ends one, what is told of it, and how many are kept."""

from __future__ import annotations

import pytest

from analyzer.surroundings import attempts
from analyzer.surroundings.attempts import Attempts
from analyzer.surroundings.model import ConnectionAttempt

CLIENT, KDC = ("10.0.0.20", 40_000), ("10.0.0.1", 88)
ICMP = (CLIENT, KDC, 2, 20)


def test_an_error_need_not_be_the_end() -> None:
    """A connection that comes about after all was none in vain."""
    told: list[ConnectionAttempt] = []
    seen = Attempts(told.append)
    seen.asked(CLIENT, KDC, 1, 10, 1000)
    seen.unreachable(*ICMP, "tcp", "host unreachable")
    seen.asked(CLIENT, KDC, 3, 30, 1000)
    seen.came_about(CLIENT, KDC)
    seen.finish()
    assert not told


def test_an_error_and_then_nothing() -> None:
    """Its frame is evidence, and its word the cause; a reset behind it is a later word."""
    told: list[ConnectionAttempt] = []
    seen = Attempts(told.append)
    seen.asked(CLIENT, KDC, 1, 10, 1000)
    seen.unreachable(*ICMP, "tcp", "host unreachable")
    seen.finish()
    seen.asked(CLIENT, KDC, 1, 10, 1000)
    seen.unreachable(*ICMP, "tcp", "host unreachable")
    seen.reset(CLIENT, KDC, 4, 1001)
    assert [(one.how, one.frames) for one in told] == [
        ("ICMP host unreachable", (1, 2)),
        ("reset", (1, 2, 4)),
    ]


def test_an_error_about_nothing_that_was_seen() -> None:
    """A connection's needs its SYN, a datagram's tells by itself that one was sent."""
    told: list[ConnectionAttempt] = []
    seen = Attempts(told.append)
    seen.unreachable(*ICMP, "tcp", "port unreachable")
    seen.unreachable(*ICMP, "udp", "port unreachable")
    seen.finish()
    assert [(one.transport, one.frames) for one in told] == [("udp", (2,))]


def test_a_flood_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """No more are told, nor listed, than the bounds say."""
    monkeypatch.setattr(attempts, "REFUSED", 3)
    told: list[ConnectionAttempt] = []
    seen = Attempts(told.append)
    seen.asked(CLIENT, KDC, 1, 10, 1000)
    for _ in range(100):
        seen.unreachable(*ICMP, "udp", "port unreachable")
        seen.unreachable(*ICMP, "tcp", "port unreachable")
    assert len(told) == 3
    seen.finish()
    assert len(told[-1].frames) == attempts.FRAMES


def test_a_reset_that_refuses_nothing() -> None:
    """One that acknowledges more than the SYN, or nothing, ends a connection that had come about."""
    told: list[ConnectionAttempt] = []
    seen = Attempts(told.append)
    for ack in (1000, 1002, 1472, None):
        seen.asked(CLIENT, KDC, 1, 10, 1000)
        seen.reset(CLIENT, KDC, 4, ack)
    seen.asked(CLIENT, KDC, 1, 10, (1 << 32) - 1)
    seen.reset(CLIENT, KDC, 4, 1)
    seen.finish()
    assert not told
    seen.asked(CLIENT, KDC, 1, 10, (1 << 32) - 1)
    seen.reset(CLIENT, KDC, 4, 0)
    seen.asked(CLIENT, KDC, 5, 20, 1000, size=100)
    seen.reset(CLIENT, KDC, 6, 1101)
    assert [(one.how, one.frames) for one in told] == [("reset", (1, 4)), ("reset", (5, 6))]
