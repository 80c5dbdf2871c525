"""What a carrier reads straight from a segment is what it would read through its window."""

from __future__ import annotations

from random import Random

import pytest
from support.carrier_checks import Event, damaged, events
from support.carrier_talks import Turn, talks
from support.facts import SWEEP
from support.segment_lanes import KINDS, Lane, check_lanes

DAMAGED = 4_000 if SWEEP else 300  # conversations of each carrier


def in_steps(turns: tuple[Turn, ...], step: int | None, random: Random) -> list[Event]:
    """Segments of `step` bytes; as said (0), or of random sizes, several messages in one (None)."""
    made: list[Event] = []
    offsets = [0, 0]
    held = [b"", b""]
    for side, said in turns:
        data = held[side] + said
        held[side] = b""
        if step is None and random.random() < 0.4:
            held[side] = data
            continue
        while data:
            size = random.randrange(1, 1500) if step is None else step or len(data)
            made.append(("data", side, offsets[side], data[:size]))
            offsets[side] += len(data[:size])
            data = data[size:]
    made += [("data", side, offsets[side], data) for side, data in enumerate(held) if data]
    return made


@pytest.mark.parametrize("step", [0, 1, 7, 68, 100, 1460, None])
@pytest.mark.parametrize("carrier", KINDS)
def test_both_ways_say_the_same(carrier: str, step: int | None) -> None:
    """Whole messages, pieces of them and several at once, in whatever segments."""
    random = Random(f"{carrier} {step}")
    for talk in talks(carrier):
        assert check_lanes(KINDS[carrier], in_steps(talk.turns, step, random), random)


@pytest.mark.parametrize("carrier", KINDS)
def test_both_ways_say_the_same_of_damaged_talks(carrier: str) -> None:
    """Changed bytes, lost segments, foreign messages: what is odd leaves the short way in time."""
    found = talks(carrier, all_captures=SWEEP)
    for number in range(DAMAGED):
        random = Random(f"{carrier} {number}")
        talk = random.choice(found)
        turns = damaged(talk, found, random)
        made = events(turns, random) if number % 2 else in_steps(tuple(turns), None, random)
        check_lanes(KINDS[carrier], made, random)


@pytest.mark.parametrize("carrier", ["http", "smb2", "ldap"])
def test_whole_messages_do_not_pass_the_window(
    carrier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short way is taken: of segments that hold whole messages few reach `feed`."""
    fed: list[int] = []
    kind = KINDS[carrier]
    careful = kind.feed
    monkeypatch.setattr(kind, "feed", lambda self, side: (fed.append(side), careful(self, side)))
    total = 0
    for talk in talks(carrier):
        lane = Lane(kind, careful=False, started_before=False)
        made = in_steps(talk.turns, 0, Random(0))
        total += len(made)
        for frame, (_, side, offset, data) in enumerate(made, 1):
            lane.receive(side, offset, data, frame)
    assert len(fed) < total / 2
