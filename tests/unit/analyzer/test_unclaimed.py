"""Tokens in streams that no carrier reads."""

from __future__ import annotations

import pytest

from analyzer.unclaimed import QUIET, Unclaimed
from dissectors.span import Span
from dissectors.tokens import build

NTLM = build.ntlm_negotiate()
INIT = build.neg_token_init(["ntlm"], NTLM)
RESP = build.neg_token_resp("accept-incomplete", "ntlm", build.ntlm_challenge())


def told(stream: bytes, size: int, side: int = 0) -> list[Span]:
    """What is told of a stream in segments of `size`."""
    unclaimed = Unclaimed()
    return [
        span
        for at in range(0, len(stream), size)
        for span in unclaimed.add(side, at, stream[at : at + size])
    ]


def test_each_token_is_told():
    """Several in a segment are several ranges; what is inside a token is part of it."""
    stream = b"head" + INIT + b"--" + RESP + NTLM
    second = 4 + len(INIT) + 2
    third = second + len(RESP)
    assert told(stream, len(stream)) == [
        Span(4, 4 + len(INIT)),
        Span(second, third),
        Span(third, len(stream)),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 50])
def test_segments_may_cut_anything(size):
    """However the stream is cut, each token is told once, from its first byte on."""
    stream = b"head" + INIT + b"--" + RESP + b"between" + NTLM
    starts = [4, 6 + len(INIT), 6 + len(INIT) + len(RESP) + 7]
    assert [span.start for span in told(stream, size)] == starts


def test_sides_are_apart():
    """What one side begins the other does not end."""
    unclaimed = Unclaimed()
    assert unclaimed.add(0, 0, NTLM[:6]) == []
    assert unclaimed.add(1, 0, NTLM[6:]) == []
    assert unclaimed.add(0, 6, NTLM[6:])[0].start == 0


def test_a_gap_ends_a_token():
    """Bytes on both sides of a hole are no signature together."""
    unclaimed = Unclaimed()
    unclaimed.add(0, 0, NTLM[:6])
    unclaimed.lost(0)
    assert unclaimed.add(0, 16, NTLM[6:]) == []


def test_listening_ends():
    """After so many bytes of something else nobody listens; each token starts the count afresh."""
    unclaimed = Unclaimed()
    unclaimed.add(0, 0, NTLM)
    unclaimed.add(0, len(NTLM), bytes(QUIET))
    assert not unclaimed.over
    unclaimed.add(1, 0, NTLM)
    unclaimed.add(1, len(NTLM), bytes(QUIET))
    assert not unclaimed.over
    unclaimed.add(1, len(NTLM) + QUIET, b"\0")
    assert unclaimed.over
