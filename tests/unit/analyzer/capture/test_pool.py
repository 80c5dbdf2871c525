"""What streams share: the memory of delivered bytes is bounded over all of them."""

import pytest

from analyzer.capture.direction import Direction
from analyzer.capture.model import CaptureAccount
from analyzer.capture.pool import REMEMBERED_SEGMENTS, SEGMENT_COST, Pool, StreamLimits


def test_the_oldest_memory_goes_first():
    """A direction's oldest bytes give way to another direction's new ones."""
    pool = Pool(CaptureAccount(), StreamLimits(remembered_overall=2 * (SEGMENT_COST + 10)))
    one, other = Direction(), Direction()
    pool.remember(one, [(0, bytes(10))])
    pool.remember(one, [(10, bytes(10))])
    pool.remember(other, [(0, bytes(10))])
    assert (one.memory, other.memory) == ([(10, bytes(10))], [(0, bytes(10))])


def test_a_memory_that_is_forgotten_makes_room():
    """Also one that was shortened: nothing of it counts any more."""
    room = REMEMBERED_SEGMENTS * (SEGMENT_COST + 1)
    pool = Pool(CaptureAccount(), StreamLimits(remembered_overall=room))
    long, others = Direction(), [Direction() for _ in range(REMEMBERED_SEGMENTS)]
    pool.remember(long, [(offset, b"x") for offset in range(1000)])
    pool.forget(long)
    pool.forget(long)  # nothing there
    for other in others:
        pool.remember(other, [(0, b"x")])
    assert long.memory == []
    assert all(other.memory for other in others)
    pool.remember(long, [(1000, b"x")])
    assert [len(each.memory) for each in (*others, long)] == [0, *[1] * REMEMBERED_SEGMENTS]


def test_a_direction_remembers_so_many_segments():
    """One direction cannot fill the memory with tiny segments."""
    pool = Pool(CaptureAccount(), StreamLimits())
    direction = Direction()
    for offset in range(1000):
        pool.remember(direction, [(offset, b"x")])
        assert len(direction.memory) <= REMEMBERED_SEGMENTS
    assert direction.memory[-1] == (999, b"x")


@pytest.mark.parametrize("sizes", [(1, 1, 1), (63, 1, 1), (64, 1), (65,), (5, 90, 200), (400,)])
def test_what_is_remembered_does_not_depend_on_how_it_comes(sizes):
    """Segments that come many at a time leave the same memory as one by one."""
    together, alone = Direction(), Direction()
    pool, offset = Pool(CaptureAccount(), StreamLimits()), 0
    for size in sizes:
        told = [(at, b"x") for at in range(offset, offset + size)]
        offset += size
        pool.remember(together, told)
        for piece in told:
            pool.remember(alone, [piece])
    assert together.memory == alone.memory
