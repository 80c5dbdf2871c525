"""The joiner: order out of whatever order packets come in, and never an invented byte."""

import random

import pytest

from dissectors.layers import joiner
from dissectors.layers.joiner import ACK, FIN, PSH, RST, SYN, Heard, Joiner

TOP = 0xFFFF_FFFF


class Ear:
    """Keeps what it is told."""

    def __init__(self):
        self.heard = [b"", b""]
        self.gaps = []
        self.ends = []

    def deliver(self, side, offset, data, frame, ts_ns):
        missing = sum(length for by, _, length in self.gaps if by == side)
        assert offset == len(self.heard[side]) + missing
        self.heard[side] += data

    def lost(self, side, offset, length, frame, ts_ns):
        self.gaps.append((side, offset, length))

    def end(self, side, how, frame, ts_ns):
        self.ends.append((side, how))


def heard(seq, data=b"", flags=ACK | PSH, *, ack=0, size=None, frame=1, ts_ns=0):
    return Heard(
        seq & TOP, ack & TOP, flags, data, len(data) if size is None else size, frame, ts_ns
    )


@pytest.fixture
def ear():
    return Ear()


@pytest.fixture
def join(ear):
    made = Joiner(ear)
    made.take(0, heard(101, flags=SYN))
    return made


def test_any_order_is_put_right(ear):
    """Shuffled, doubled and overlapping segments give the stream, also where numbers wrap."""
    chance = random.Random(3)
    stream = bytes(chance.randrange(256) for _ in range(2000))
    start = TOP - 700
    for _ in range(30):
        ear.heard, ear.gaps = [b"", b""], []
        join = Joiner(ear)
        join.take(0, heard(start, flags=SYN))
        cuts = [(at, min(at + chance.randrange(50, 160), 2000)) for at in range(0, 2000, 50)]
        cuts += cuts[::3]
        chance.shuffle(cuts)
        for begin, end in cuts:
            join.take(0, heard(start + begin, stream[begin:end]))
        assert ear.heard[0] == stream
        assert not ear.gaps


def test_the_first_copy_wins(join, ear):
    """Later copies of a byte are ignored, whether it was delivered or still waits."""
    join.take(0, heard(103, b"CDE"))
    join.take(0, heard(102, b"bxxxx"))
    join.take(0, heard(101, b"a"))
    join.take(0, heard(101, b"zzz"))
    assert ear.heard[0] == b"abCDEx"


def test_a_hole_is_given_up_after_grace(join, ear):
    """An acknowledged hole is given up after some packets, and told."""
    join.take(0, heard(101, b"a"))
    join.take(0, heard(104, b"d"))
    assert ear.heard[0] == b"a"
    for _ in range(joiner.GRACE_PACKETS + 1):
        join.take(1, heard(500, ack=105, flags=ACK))
    assert ear.gaps == [(0, 1, 2)]
    assert ear.heard[0] == b"ad"


def test_a_hole_is_given_up_after_a_while(join, ear):
    """Time does it as well."""
    join.take(0, heard(104, b"d"))
    join.take(1, heard(500, ack=105, flags=ACK, ts_ns=5))
    join.take(1, heard(500, ack=105, flags=ACK, ts_ns=joiner.GRACE_NS + 5))
    assert ear.gaps == [(0, 0, 3)]


def test_nobody_waits_for_a_hole_that_was_not_acknowledged(join, ear):
    """Without an ACK the bytes wait: the sender will send them again."""
    join.take(0, heard(104, b"d"))
    for _ in range(200):
        join.take(1, heard(500, b"x", ack=101, ts_ns=10**12))
    assert not ear.gaps


def test_what_waits_is_bounded(join, ear, monkeypatch):
    """Too much behind a hole gives the hole up; memory does not grow."""
    monkeypatch.setattr(joiner, "HELD_BYTES", 1000)
    for number in range(100):
        join.take(0, heard(200 + 100 * number, b"x" * 100))
        assert join.held_bytes() <= 1100
    assert ear.gaps == [(0, 0, 99)]


def test_bytes_cut_by_the_snap_length_are_lost(join, ear):
    """A packet that holds fewer bytes than it announces leaves a gap at once."""
    join.take(0, heard(101, b"ab", size=5))
    join.take(0, heard(106, b"f"))
    assert ear.gaps == [(0, 2, 3)]
    assert ear.heard[0] == b"abf"


def test_a_keep_alive_is_no_data(ear):
    """The byte of a keep-alive means nothing, in a known stream and at the start of an unknown one."""
    join = Joiner(ear)
    join.take(0, heard(100, b"\0", flags=ACK))
    join.take(0, heard(101, b"ab"))
    join.take(0, heard(102, b"\0", flags=ACK))
    assert ear.heard[0] == b"ab"


def test_both_fins_end_the_stream(join, ear):
    """FIN of each side in its place, then the end."""
    join.take(0, heard(102, flags=FIN | ACK))
    assert ear.ends == []
    join.take(0, heard(101, b"a"))
    join.take(1, heard(500, b"b", flags=FIN | ACK))
    assert ear.ends == [(0, "fin"), (1, "fin"), (None, "closed")]
    assert join.finished


def test_a_reset_ends_the_stream(join, ear):
    """RST gives up what waits; nothing is heard afterwards."""
    join.take(0, heard(103, b"c"))
    join.take(1, heard(0, flags=RST))
    assert ear.gaps == [(0, 0, 2)]
    join.take(0, heard(104, b"d"))
    assert ear.heard[0] == b"c"
    assert ear.ends == [(1, "rst"), (None, "closed")]


def test_a_new_syn_is_another_connection(join):
    """The same ends may connect again; a repeated SYN is none."""
    assert not join.is_another(0, heard(101, flags=SYN))
    join.take(0, heard(101, b"a"))
    assert not join.is_another(0, heard(101, flags=SYN))
    assert join.is_another(0, heard(1 << 30, flags=SYN))
    assert not join.is_another(0, heard(1 << 30, b"x"))


def test_foreign_numbers_are_ignored(join, ear):
    """A segment far outside any window belongs to somebody else."""
    join.take(0, heard(101, b"a"))
    join.take(0, heard(101 + (1 << 31) - 5, b"x"))
    assert ear.heard[0] == b"a"
    assert join.held_bytes() == 0
