"""The window that carriers read through: what a gap leaves behind, and searching on from a place."""

from dissectors.carriers.window import Window, frames_within


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
    assert window.cut == (4, b"efghi", (2, 3), 30, ((3, 2), (6, 3)), "gap")
    assert (len(window), window.offset) == (0, 100)
    window.restart(200, "snaplen")
    assert (window.cut, window.loss) == (None, "snaplen")


def test_segment_ahead_of_the_end_is_a_restart():
    """The pipeline may tell a gap by the offset alone."""
    window = window_of(b"abc")
    window.append(10, b"xyz", 2, 20)
    assert window.cut == (0, b"abc", (1,), 10, (), "gap")
    assert window.take(3) == b"xyz"


def test_find_goes_on_from_a_place():
    """What was searched before need not be searched again."""
    window = window_of(b"-a-a-")
    window.take(1)
    assert window.find(b"a", 4) == 0
    assert window.find(b"a", 4, 1) == 2
    assert window.find(b"a", 2, 1) == -1


def test_the_place_of_a_byte():
    """Bytes of earlier segments keep their frame and time; what lies beyond belongs to the newest."""
    window = window_of(b"abc", b"def", b"ghi")
    assert [window.place(offset) for offset in (0, 2, 3, 8, 20)] == [
        (1, 10),
        (1, 10),
        (2, 20),
        (3, 30),
        (3, 30),
    ]
    assert Window().place(0) == (0, 0)


def test_a_skip_reaches_beyond_what_is_there():
    """Bytes to come are passed over as they arrive; offsets go on counting."""
    window = window_of(b"abcdef")
    window.skip(2)
    assert (window.offset, window.peek(9), window.skipping) == (2, b"cdef", 0)
    window.skip(6)
    assert (window.offset, len(window), window.skipping) == (6, 0, 2)
    window.append(6, b"ghij", 2, 20)
    assert (window.offset, window.peek(9), window.skipping) == (8, b"ij", 0)


def test_read_bytes_are_dropped():
    """A long stream read in small pieces does not gather in memory, and its places stay right."""
    window = Window()
    for frame in range(1, 101):
        window.append(1000 * (frame - 1), bytes(1000), frame, frame)
    for _ in range(90):
        assert window.place(window.offset)[0] == window.offset // 1000 + 1
        window.take(1000)
    assert len(window.data) < 100_000
    assert window.frames(window.offset, window.offset + 1500) == (91, 92)


def test_which_frame_carried_which_bytes():
    """In stream order; a frame whose segment was split by an earlier one comes twice, in `frames` once."""
    window = Window()
    window.append(0, b"ab", 1, 10)
    window.append(2, b"cd", 5, 50)  # the first part of a segment that had waited
    window.append(4, b"e", 3, 30)  # what was there before it
    window.append(5, b"fg", 5, 50)
    assert window.frames_carried(0, 2) == ((1,), ())
    assert window.frames_carried(5, 7) == ((5,), ())
    assert window.frames_carried(1, 5) == ((1, 5, 3), ((0, 1), (2, 5), (4, 3)))
    assert window.frames_carried(2, 7) == ((5, 3), ((2, 5), (4, 3), (5, 5)))
    assert window.frames(2, 7) == (5, 3)
    assert Window().frames_carried(0, 1) == ((0,), ())


def test_a_part_of_what_was_carried():
    """Frames of a shorter range; where nobody knows which frame carried what, it may be any."""
    carried = ((0, 1), (2, 5), (4, 3), (5, 5))
    assert frames_within((1, 5, 3), carried, 3, 5) == ((5, 3), ((2, 5), (4, 3)))
    assert frames_within((1, 5, 3), carried, 6, 7) == ((5,), ((5, 5),))
    assert frames_within((1, 5, 3), carried, 0, 1) == ((1,), ((0, 1),))
    assert frames_within((1, 5), (), 0, 1) == ((1, 5), ())
    assert frames_within((4,), carried, 0, 1) == ((4,), ())


def test_taking_what_will_have_no_end():
    """The rest of a window as a cut, with the frames that carried its parts; the window is empty then."""
    for how, code in (("capture-end", "cut-off"), ("evicted", "gap")):
        window = window_of(b"abc", b"def", b"ghi")
        window.take(1)
        marks = ((0, 1), (3, 2), (6, 3))
        assert window.take_cut(how) == (1, b"bcdefghi", (1, 2, 3), 30, marks, code)
    assert (len(window), window.offset, window.skipping) == (0, 9, 0)
