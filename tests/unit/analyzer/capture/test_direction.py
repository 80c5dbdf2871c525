"""One side of a stream: sequence numbers modulo 2^32, offsets without bound."""

from analyzer.capture.direction import Direction
from analyzer.capture.hold import Hold


def test_distance_wraps():
    """Numbers before and after the wrap are near."""
    direction = Direction()
    direction.begin(2**32 - 5, 0)
    assert [direction.ahead(seq) for seq in (2**32 - 6, 2**32 - 5, 3)] == [-1, 0, 8]
    direction.advance(10)
    assert (direction.next_seq, direction.offset) == (5, 10)


def test_what_waits_first():
    """Held bytes come before a FIN and that before a RST; what is cut off, where it is next.

    A RST does not wait for what is missing behind it.
    """
    direction = Direction()
    assert direction.first is None
    direction.rst = (6, 5, 50, 7)
    assert direction.first == direction.rst
    direction.fin = (9, 4, 40, 0)
    assert direction.first == direction.fin
    direction.cuts[0] = (3, 2, 20, 1)
    assert direction.first == (0, 2, 20, 1)
    direction.hold = Hold()
    direction.hold.add(b"ab", (4, 3, 30, 0))
    assert direction.first == (0, 2, 20, 1)
    del direction.cuts[0]
    assert direction.first == (4, 3, 30, 0)
    direction.fin_told = True
    direction.rst = (0, 5, 50, 7)
    assert direction.first == direction.rst
    direction.hold.take()
    assert direction.first == direction.rst


def test_what_is_acknowledged():
    """An offset, a FIN counted as a byte; 0 for what is behind, far off, or of a side not begun."""
    direction = Direction()
    assert direction.acknowledged(7) == 0
    direction.begin(2**32 - 2, 0)
    direction.advance(4)
    numbers = (2**32 - 2, 2, 3, 9, 2**31)
    assert [direction.acknowledged(number) for number in numbers] == [0, 0, 5, 11, 0]
    direction.fin = (6, 1, 10, 0)
    assert direction.acknowledged(9) == 7
    assert direction.reached == 4
    direction.advance(2)
    direction.fin_told = True
    assert direction.reached == 7
