"""The window that carriers read through: what a gap leaves behind, and searching on from a place."""

from dissectors.carriers.base import Window


def window_of(*segments):
    window = Window()
    offset = 0
    for frame, data in enumerate(segments, 1):
        window.append(offset, data, frame, frame * 10)
        offset += len(data)
    return window


def test_restart_keeps_what_was_unread():
    """The beginning of a message whose rest is lost can still be told, with its frames."""
    window = window_of(b"abc", b"def", b"ghi")
    window.take(4)
    window.restart(100)
    assert window.cut == (4, b"efghi", (2, 3), 30)
    assert (len(window), window.offset) == (0, 100)
    window.restart(200)
    assert window.cut is None


def test_segment_ahead_of_the_end_is_a_restart():
    """The pipeline may tell a gap by the offset alone."""
    window = window_of(b"abc")
    window.append(10, b"xyz", 2, 20)
    assert window.cut == (0, b"abc", (1,), 10)
    assert window.take(3) == b"xyz"


def test_find_goes_on_from_a_place():
    """What was searched before need not be searched again."""
    window = window_of(b"-a-a-")
    window.take(1)
    assert window.find(b"a", 4) == 0
    assert window.find(b"a", 4, 1) == 2
    assert window.find(b"a", 2, 1) == -1
