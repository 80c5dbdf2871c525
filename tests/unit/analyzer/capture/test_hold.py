"""Bytes behind a hole: merged, first copy kept, differences found."""

import random

from analyzer.capture.hold import Hold, compare


def islands(hold):
    return [(island.start, bytes(island.data)) for island in hold.islands]


def taken(hold, count):
    return [hold.take() for _ in range(count)]


def test_islands_stay_apart_until_they_touch():
    """Neighbours are merged, whichever side they come from."""
    hold = Hold()
    for begin, data in ((10, b"cd"), (14, b"gh"), (8, b"ab"), (20, b"x"), (12, b"ef")):
        assert hold.add(data, (begin, begin, 0, 0)) == []
    assert islands(hold) == [(8, b"abcdefgh"), (20, b"x")]
    assert hold.starts == [8, 20]
    assert (hold.bytes, hold.segments) == (9, 5)
    assert [(data, mark[1]) for data, mark in taken(hold, 4)] == [
        (b"ab", 8),
        (b"cd", 10),
        (b"ef", 12),
        (b"gh", 14),
    ]
    assert islands(hold) == [(20, b"x")]


def test_first_copy_wins_and_the_difference_is_told():
    """A later segment only fills what is missing around and between."""
    hold = Hold()
    hold.add(b"BBB", (3, 1, 0, 0))
    hold.add(b"DD", (9, 2, 0, 0))
    differences = hold.add(b"aaabxbcccddee", (0, 3, 0, 0))
    assert islands(hold) == [(0, b"aaaBBBcccDDee")]
    assert differences == [(3, 3), (9, 2)]
    assert hold.bytes == 13
    assert [mark[1] for _, mark in taken(hold, 5)] == [3, 1, 3, 2, 3]
    assert hold.bytes == 0


def test_take_gives_the_first_segment():
    """What is taken no longer counts; what is left of its island begins later."""
    hold = Hold()
    hold.add(b"ab", (5, 1, 10, 3))
    hold.add(b"cde", (7, 2, 20, 4))
    hold.add(b"x", (12, 3, 30, 0))
    assert hold.take() == (b"ab", (5, 1, 10, 3))
    assert (hold.bytes, hold.segments, hold.starts) == (4, 2, [7, 12])
    assert islands(hold) == [(7, b"cde"), (12, b"x")]
    assert hold.take() == (b"cde", (7, 2, 20, 4))
    assert (hold.bytes, hold.segments, hold.starts) == (1, 1, [12])


def test_any_order_gives_the_same_bytes():
    """A thousand overlapping pieces in random order make one island of the original."""
    rng = random.Random(3)
    original = rng.randbytes(5000)
    hold = Hold()
    pieces = [(at, original[at : at + rng.randint(1, 40)]) for at in range(0, 5000, 5)]
    rng.shuffle(pieces)
    for at, data in pieces:
        assert hold.add(data, (at, 1, 0, 0)) == []
    hold.add(original, (0, 2, 0, 0))
    assert islands(hold) == [(0, original)]
    assert hold.bytes == 5000
    assert b"".join(data for data, _ in taken(hold, hold.segments)) == original


def test_compare_names_the_first_and_last_difference():
    """Equal and disjoint stretches give None."""
    assert compare(10, b"abcdef", 12, b"cXeYgh") == (13, 3)
    assert compare(10, b"abc", 11, b"bcd") is None
    assert compare(10, b"abc", 13, b"zzz") is None
    assert compare(0, b"\0\0", 0, b"\0\1") == (1, 1)
