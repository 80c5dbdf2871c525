"""What waits to be looked at: bounded, in order, and the same rows however long it waits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analyzer import backlog
from analyzer.analysis import read
from analyzer.backlog import HELD_LIMIT, WAITING_LIMIT, Backlog
from analyzer.capture.model import IGNORE, Stream
from analyzer.pipeline import Options, StreamReader, conversation
from analyzer.tables.collect import Collector, Tables
from dissectors.tokens import build

CAPTURES = Path(__file__).resolve().parents[3] / "captures"


class Over:
    """A conversation that is over."""

    def __init__(self, concluded: list[int], number: int, held: int = 0) -> None:
        self.held = held
        self.conclude: Callable[[], None] = lambda: concluded.append(number)


def test_enough_are_concluded_in_order() -> None:
    """None of them before there are enough, or before the end."""
    concluded: list[int] = []
    waiting = Backlog()
    for number in range(WAITING_LIMIT + 2):
        assert len(concluded) == (WAITING_LIMIT if number >= WAITING_LIMIT else 0)
        waiting.add(Over(concluded, number))
    waiting.conclude()
    waiting.conclude()
    assert concluded == list(range(WAITING_LIMIT + 2))


def test_large_tokens_wait_in_small_numbers() -> None:
    """Whoever sends the largest tokens there are does not make us hold them all."""
    concluded: list[int] = []
    waiting = Backlog()
    for number in range(10):
        waiting.add(Over(concluded, number, HELD_LIMIT // 4))
    assert concluded == list(range(8))


@pytest.mark.parametrize("limits", [(1, 1), (2, 1), (1, 3), (5, 2)])
@pytest.mark.parametrize("case", ["smb/two_sessions", "http/anyauth_kerberos", "ldap"])
def test_rows_do_not_depend_on_the_limits(
    case: str, limits: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at message by message, or many at once."""

    def rows() -> dict[str, Any]:
        tables = read(CAPTURES / case).tables.columns
        names = ("negotiations", "tokens", "offers", "anomalies", "kdc", "names")
        return {f"{name}.{c}": list(v) for name in names for c, v in tables[name].items()}

    expected = rows()
    monkeypatch.setattr(conversation, "SAID_LIMIT", limits[0])
    monkeypatch.setattr(backlog, "WAITING_LIMIT", limits[1])
    assert rows() == expected
    assert expected["negotiations.outcome"]


def test_what_an_ignored_stream_said_is_looked_at() -> None:
    """Its end is told to nobody."""
    stream = Stream(0, "tcp", "10.0.0.1", 50000, "10.0.0.2", 99, 1, 0, "syn")
    sink = Collector(Tables(), "x")
    reader = StreamReader(stream, sink, Options(), Backlog())
    token = build.neg_token_init(["ntlm"], build.ntlm_negotiate())
    answers, at = [], 0
    for data in (b"\xff" * 100 + token, *[b"\xff" * 60_000] * 40):
        answers.append(reader.deliver(0, at, data, 1, 1))
        at += len(data)
    assert IGNORE in answers
    assert [each.anomaly.code for each in sink.gathered().anomalies] == ["unclaimed-token"]
