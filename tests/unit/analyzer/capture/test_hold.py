"""Bytes behind a hole: merged, first copy kept, differences found."""

import random

from analyzer.capture.hold import Hold, compare


def islands(hold):
    return [(island.start, bytes(island.data)) for island in hold.islands]


def test_islands_stay_apart_until_they_touch():
    """Neighbours are merged, whichever side they come from."""
    hold = Hold()
    for begin, data in ((10, b"cd"), (14, b"gh"), (8, b"ab"), (20, b"x"), (12, b"ef")):
        assert hold.add(data, (begin, begin, 0)) == []
    assert islands(hold) == [(8, b"abcdefgh"), (20, b"x")]
    assert hold.starts == [8, 20]
    assert (hold.bytes, hold.segments) == (9, 5)
    assert [piece[:2] for piece in hold.islands[0].pieces()] == [
        (b"ab", 8),
        (b"cd", 10),
        (b"ef", 12),
        (b"gh", 14),
    ]


def test_first_copy_wins_and_the_difference_is_told():
    """A later segment only fills what is missing around and between."""
    hold = Hold()
    hold.add(b"BBB", (3, 1, 0))
    hold.add(b"DD", (9, 2, 0))
    differences = hold.add(b"aaabxbcccddee", (0, 3, 0))
    assert islands(hold) == [(0, b"aaaBBBcccDDee")]
    assert differences == [(3, 3), (9, 2)]
    assert [frame for _, frame, _ in hold.islands[0].pieces()] == [3, 1, 3, 2, 3]
    assert hold.bytes == 13


def test_take_gives_the_first_island():
    """What is taken no longer counts."""
    hold = Hold()
    hold.add(b"ab", (5, 1, 0))
    hold.add(b"c", (9, 2, 0))
    assert hold.take().start == 5
    assert (hold.bytes, hold.segments, hold.starts) == (1, 1, [9])


def test_any_order_gives_the_same_bytes():
    """A thousand overlapping pieces in random order make one island of the original."""
    rng = random.Random(3)
    original = rng.randbytes(5000)
    hold = Hold()
    pieces = [(at, original[at : at + rng.randint(1, 40)]) for at in range(0, 5000, 5)]
    rng.shuffle(pieces)
    for at, data in pieces:
        assert hold.add(data, (at, 1, 0)) == []
    hold.add(original, (0, 2, 0))
    assert islands(hold) == [(0, original)]
    assert b"".join(data for data, _, _ in hold.islands[0].pieces()) == original
    assert hold.bytes == 5000


def test_compare_names_the_first_and_last_difference():
    """Equal and disjoint stretches give None."""
    assert compare(10, b"abcdef", 12, b"cXeYgh") == (13, 3)
    assert compare(10, b"abc", 11, b"bcd") is None
    assert compare(10, b"abc", 13, b"zzz") is None
    assert compare(0, b"\0\0", 0, b"\0\1") == (1, 1)
