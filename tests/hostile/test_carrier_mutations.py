"""Conversations of every carrier, cut, torn and damaged: all rows are made, and the same ones each time."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.carrier_checks import check_talk, damaged, events
from support.carrier_talks import CARRIERS, talks
from support.facts import SWEEP
from support.kdc_talk import AS_REQ, over_tcp

from analyzer.capture.model import CaptureAccount, Stream
from analyzer.pipeline import Options, StreamReader
from analyzer.tables.collect import Collector, Tables

EACH = 4_000 if SWEEP else 250  # damaged conversations of each carrier
PARTS = 4 if SWEEP else 1


@pytest.mark.parametrize("carrier", CARRIERS)
def test_the_seeds_are_conversations_of_the_carrier(carrier: str) -> None:
    """Undamaged, each kind holds tokens or logons that its carrier finds."""
    carriers = set()
    codes = set()
    for talk in talks(carrier):
        if talk.transport == "udp":
            continue
        tables = Tables()
        sink = Collector(tables, "made")
        stream = Stream(0, "tcp", "10.0.0.1", 50_000, "10.0.0.2", 80, 1, 0, "first")
        reader = StreamReader(stream, sink, Options())
        offsets = [0, 0]
        for frame, (side, data) in enumerate(talk.turns, 1):
            if reader.deliver(side, offsets[side], data, frame, frame) < 0:
                break
            offsets[side] += len(data)
        reader.end(None, "capture-end", 99, 99)
        sink.close(CaptureAccount(), 0.0)
        carriers |= set(tables.columns["negotiations"]["carrier"])
        codes |= set(tables.columns["anomalies"]["code"])
        carriers |= {"kdc" for _ in tables.columns["kdc"]["exchange"]}
    assert talks(carrier)
    if carrier == "foreign":
        assert "unclaimed-token" in codes
    elif carrier != "cldap":
        assert carrier in carriers


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("carrier", CARRIERS)
def test_damaged_conversations(carrier: str, part: int) -> None:
    """Whatever the peers say, nothing raises, and two readings agree."""
    found = talks(carrier, all_captures=SWEEP)
    for number in range(EACH // PARTS):
        random = Random(f"{carrier} {part} {number}")
        talk = random.choice(found)
        check_talk(damaged(talk, found, random), talk.transport, (carrier, part, number))


@pytest.mark.parametrize("carrier", CARRIERS)
def test_every_ending(carrier: str) -> None:
    """A conversation may stop behind any byte of any turn."""
    for talk in talks(carrier):
        turns = list(talk.turns[:8])
        for at, (side, data) in enumerate(turns):
            step = max(1, len(data) // (40 if SWEEP else 4))
            for size in range(0, len(data), step):
                check_talk([*turns[:at], (side, data[:size])], talk.transport, (at, size))


@given(st.sampled_from(CARRIERS), st.randoms(use_true_random=False))
@settings(max_examples=2000 if SWEEP else 150, deadline=None)
def test_damage_upon_damage(carrier: str, random) -> None:
    """The same rules with choices of Hypothesis'."""
    found = talks(carrier)
    talk = random.choice(found)
    check_talk(damaged(talk, found, random), talk.transport, random.randrange(1 << 16))


@given(
    st.lists(st.tuples(st.integers(0, 1), st.binary(max_size=80)), max_size=6),
    st.sampled_from(["tcp", "udp"]),
    st.sampled_from(
        [
            b"",
            b"GET / HTTP/1.1\r\n",
            b"\x30\x0c\x02\x01\x01\x60\x07",
            b"\0\0\0\x60\xfeSMB\x40\0",
            AS_REQ,
            over_tcp(AS_REQ),
        ]
    ),
)
@settings(max_examples=1000 if SWEEP else 200, deadline=None)
def test_any_bytes(turns: list[tuple[int, bytes]], transport: str, head: bytes) -> None:
    """Also where they never were a conversation."""
    check_talk([(0, head), *turns], transport, 0)


def test_segments_are_what_was_said() -> None:
    """The pieces together are the turns: else the tests above would tell little."""
    (talk, *_) = talks("http")
    for seed in range(20):
        pieces = events(talk.turns, Random(seed))
        for side in (0, 1):
            said = b"".join(data for who, data in talk.turns if who == side)
            assert b"".join(data for _, who, _, data in pieces if who == side) == said
