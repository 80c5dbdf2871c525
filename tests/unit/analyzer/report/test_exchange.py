"""One negotiation to look at: its fields, where they lie, and what stands above each token."""

from __future__ import annotations

import doctest
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from analyzer.analysis import read
from analyzer.errors import UsageError
from analyzer.report import exchange
from analyzer.report.exchange import Exchanged
from dissectors.span import Span

ROOT = Path(__file__).resolve().parents[4]


def exchanged(case: str, number: int = 1) -> Exchanged:
    return read(ROOT / "captures" / case / "capture.pcapng").negotiation(number)


def headings(shown: Exchanged, width: int = 100) -> list[str]:
    lines = shown.lines(width, trees=True)
    return [after for before, after in pairwise(lines) if not before and after.startswith("frame")]


def test_the_example_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the documentation shows is what comes out."""
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(exchange)
    assert result.attempted > 5
    assert not result.failed


@pytest.mark.parametrize("case", ["smb/small_segments", "http/negotiate_ntlm", "ldap/snaplen_96"])
def test_every_field_leads_to_its_bytes(case: str) -> None:
    """By the step or by its number."""
    shown = exchanged(case)
    for number, step in enumerate(shown.steps):
        fields = shown.fields_of(number)
        assert fields == (step.token.fields if step.token is not None else [])
        for field in fields:
            places = shown.locate(number, field.span)
            assert places == step.locate(field.span)
            covered = sum(place.token.length for place in places)
            assert covered == field.span.length
            assert {frame for place in places for frame in place.frames} <= set(step.frames)
        whole = Span(0, len(step.token.raw)) if step.token is not None else Span(0, 0)
        assert shown.locate(number) == step.locate(whole)


@pytest.mark.parametrize("number", [-1, 99])
def test_a_step_that_is_not_there(number: int) -> None:
    """The caller's mistake, told in one line."""
    shown = exchanged("smb/small_segments")
    for ask in (shown.fields_of, shown.locate):
        with pytest.raises(UsageError, match="no step"):
            ask(number)


def test_above_a_token_stands_where_it_lies() -> None:
    """Frames other than that of the message, and the range of the stream; in base64 that of its characters."""
    assert headings(exchanged("smb/small_segments")) == [
        "frame 6, acceptor, stream bytes 132-228",
        "frame 10 (9), acceptor, stream bytes 360-456",
        "frame 78 (72 ... 78, 7 frames), initiator, stream bytes 416-1858",
        "frame 83 (82, 83), acceptor, stream bytes 608-794",
    ]
    assert headings(exchanged("http/ntlm_small_segments"))[1] == (
        "frame 14 (10, 12), acceptor, base64 at 106-258"
    )


def test_narrow_headings_are_wrapped() -> None:
    """No line is wider than asked for."""
    lines = exchanged("smb/small_segments").lines(60, trees=True)
    at = lines.index("frame 78 (72 ... 78, 7 frames), initiator, stream bytes")
    assert lines[at + 1] == "416-1858"


def test_pieces_and_datagrams_are_named_as_such() -> None:
    """Several ranges, of which the first are listed; without a place nothing is claimed."""
    shown = exchanged("smb/small_segments")
    step = shown.steps[-1]
    runs = tuple(Span(at, at + 5) for at in range(10, 60, 10))
    step.message.runs = runs[:2]
    assert headings(shown)[-1].endswith(", acceptor, stream bytes 10-15, 20-25")
    step.message.runs = runs
    assert headings(shown)[-1].endswith("stream bytes 10-15, 20-25, 30-35 and 2 more")
    step.message.runs = ()
    shown.negotiation.stream = SimpleNamespace(**{**_facts(shown), "transport": "udp"})
    assert headings(shown)[-1].endswith("acceptor, datagram bytes 608-794")
    step.message.token_span = None
    assert headings(shown)[-1] == "frame 83 (82, 83), acceptor"


def _facts(shown: Exchanged) -> dict[str, object]:
    stream = shown.negotiation.stream
    return {name: getattr(stream, name) for name in stream.__slots__}
