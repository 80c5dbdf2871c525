"""One side of a stream: sequence numbers modulo 2^32, offsets without bound."""

from analyzer.capture.direction import Direction


def test_distance_wraps():
    """Numbers before and after the wrap are near."""
    direction = Direction()
    direction.begin(2**32 - 5, 0)
    assert [direction.ahead(seq) for seq in (2**32 - 6, 2**32 - 5, 3)] == [-1, 0, 8]
    direction.advance(10)
    assert (direction.next_seq, direction.offset) == (5, 10)


def test_what_waits_behind_a_hole():
    """Held bytes come before a FIN; a FIN that was told does not wait."""
    direction = Direction()
    assert direction.behind_hole is None
    direction.fin = (9, 4, 40)
    assert direction.behind_hole == (9, 4, 40)
    direction.fin_told = True
    assert direction.behind_hole is None
