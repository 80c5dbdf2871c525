"""Datagrams out of fragments: order, overlap, bounds, and what is said about losses."""

from itertools import permutations

import pytest

from analyzer.capture.defrag import TOLD_EACH, Defragmenter, Fragment, FragmentKey, FragmentLimits
from analyzer.capture.model import NO_TIME, CaptureAccount

SECOND = 1_000_000_000
V4 = 0xFFFF << 32
WHOLE = b"\x04\x57\x10\x58" + bytes(range(60))  # UDP ports 1111 > 4184


def key(identification=1):
    return FragmentKey((0, V4 | 0x0A000001), (0, V4 | 0x0A000002), identification, 17)


def piece(start, end, whole=WHOLE):
    return Fragment(start, end < len(whole), 17, whole[start:end])


class Bench:
    """A defragmenter with its account and a frame counter."""

    def __init__(self, **limits):
        self.account = CaptureAccount()
        self.defragmenter = Defragmenter(self.account, FragmentLimits(**limits))
        self.frame = 0

    def add(self, fragment, identification=1, ts_ns=0):
        self.frame += 1
        return self.defragmenter.add(key(identification), fragment, self.frame, ts_ns)

    def losses(self):
        return [(loss.code, loss.detail, loss.frame, loss.count) for loss in self.account.losses]

    def codes(self):
        return [loss.code for loss in self.account.losses]


@pytest.mark.parametrize("order", [*permutations([(0, 16), (16, 40), (40, 64)])])
def test_any_order(order):
    """The datagram comes with the last fragment to arrive, whichever that is."""
    bench = Bench()
    *first, last = order
    assert [bench.add(piece(*part)) for part in first] == [None, None]
    assert bench.add(piece(*last)) == (17, WHOLE)
    bench.defragmenter.finish()
    assert bench.losses() == []


def test_next_protocol_is_the_first_fragments():
    """Later fragments' claims do not count (RFC 8200 section 4.5)."""
    bench = Bench()
    bench.add(piece(16, 64)._replace(next_protocol=6))
    assert bench.add(piece(0, 16)) == (17, WHOLE)


def test_equal_overlap_is_no_conflict():
    """Duplicates and overlaps with the same bytes are harmless."""
    bench = Bench()
    for part in ((0, 16), (0, 16), (8, 32), (40, 64), (0, 8)):
        assert bench.add(piece(*part)) is None
    assert bench.add(piece(24, 48)) == (17, WHOLE)
    assert bench.losses() == []


@pytest.mark.parametrize(
    ("first", "evil", "last"),
    [((0, 24), (16, 40), (40, 64)), ((24, 40), (0, 32), (40, 64)), ((16, 24), (0, 40), (40, 64))],
)
def test_first_copy_wins(first, evil, last):
    """Bytes that contradict earlier ones fill only what was missing, and are told once."""
    bench = Bench()
    forged = bytes(byte ^ 0xFF for byte in WHOLE)
    bench.add(piece(*first))
    bench.add(piece(*evil, whole=forged))
    bench.add(piece(*evil, whole=forged))
    _, data = bench.add(piece(*last))
    kept = slice(*first)
    expected = bytearray(WHOLE)
    expected[slice(*evil)] = forged[slice(*evil)]
    expected[kept] = WHOLE[kept]
    assert data == bytes(expected)
    assert bench.codes() == ["fragment-overlap"]
    assert "identification 0x1: frame 2 contradicts" in bench.account.losses[0].detail
    assert bench.account.losses[0].frame == 2


def test_fragment_past_the_known_end():
    """Once the last fragment is there, nothing lies behind it."""
    bench = Bench()
    bench.add(piece(40, 64))
    bench.add(Fragment(56, True, 17, WHOLE[56:] + b"more"))
    assert bench.codes() == ["fragment-overlap"]
    bench.add(piece(0, 16))
    assert bench.add(piece(16, 40)) == (17, WHOLE)


def test_second_end_is_a_conflict():
    """Two last fragments cannot both be right; the first one is kept."""
    bench = Bench()
    bench.add(piece(40, 64))
    bench.add(Fragment(16, False, 17, WHOLE[16:40]))
    assert bench.codes() == ["fragment-overlap"]
    assert bench.add(piece(0, 16)) == (17, WHOLE)


def test_end_before_what_is_there_is_a_conflict():
    """A last fragment that ends before bytes already seen does not end the datagram."""
    bench = Bench()
    bench.add(piece(16, 40))
    bench.add(Fragment(0, False, 17, WHOLE[:16]))
    assert bench.codes() == ["fragment-overlap"]
    assert bench.add(piece(40, 64)) == (17, WHOLE)


def test_keys_do_not_mix():
    """Fragments of other datagrams are other datagrams."""
    bench = Bench()
    bench.add(piece(0, 16), 1)
    assert bench.add(piece(16, 64), 2) is None
    assert bench.add(piece(16, 64), 1) == (17, WHOLE)


def test_identification_can_be_used_again():
    """A completed datagram leaves nothing behind."""
    bench = Bench()
    for _ in range(2):
        bench.add(piece(0, 16))
        assert bench.add(piece(16, 64)) == (17, WHOLE)
    assert bench.losses() == []


def test_incomplete_at_the_end():
    """What never completed is told with addresses, ports if known, and how much is there."""
    bench = Bench()
    bench.add(piece(0, 16))
    bench.add(piece(40, 64), 2)
    bench.add(piece(0, 16), 3)
    bench.add(piece(24, 64), 3)
    bench.defragmenter.finish()
    hosts = "10.0.0.1 > 10.0.0.2"
    assert bench.losses() == [
        (
            "incomplete-fragments",
            f"{hosts} udp 1111 > 4184, identification 0x1: 16 bytes, end missing",
            1,
            1,
        ),
        ("incomplete-fragments", f"{hosts}, identification 0x2: 24 of 64 bytes", 2, 1),
        (
            "incomplete-fragments",
            f"{hosts} udp 1111 > 4184, identification 0x3: 56 of 64 bytes",
            3,
            1,
        ),
    ]


def test_ipv6_addresses_and_tcp_are_named():
    """The detail is written for people."""
    account = CaptureAccount()
    defragmenter = Defragmenter(account)
    v6 = FragmentKey((0xFE80 << 48, 1), (0xFE80 << 48, 2), 9, 44)
    defragmenter.add(v6, Fragment(0, True, 6, WHOLE), 5, 0)
    defragmenter.finish()
    assert account.losses[0].detail.startswith(
        "fe80::1 > fe80::2 tcp 1111 > 4184, identification 0x9"
    )


def test_ports_only_of_tcp_and_udp():
    """Four bytes of something else are no ports, nor are fewer."""
    bench = Bench()
    bench.add(piece(0, 16)._replace(next_protocol=47), 1)
    bench.add(piece(0, 3), 2)
    bench.defragmenter.finish()
    assert [loss.detail for loss in bench.account.losses] == [
        "10.0.0.1 > 10.0.0.2, identification 0x1: 16 bytes, end missing",
        "10.0.0.1 > 10.0.0.2, identification 0x2: 3 bytes, end missing",
    ]


def test_default_limits():
    """The stated bounds."""
    assert FragmentLimits() == (64 * 1024 * 1024, 8192, 60)


def test_old_datagrams_expire():
    """After 60 s of capture time the rest is not waited for."""
    bench = Bench()
    bench.add(piece(0, 16), ts_ns=5 * SECOND)
    bench.add(piece(0, 16), 2, ts_ns=65 * SECOND)
    assert bench.codes() == []
    assert bench.add(piece(16, 64), ts_ns=65 * SECOND + 1) is None
    assert bench.codes() == ["incomplete-fragments"]


def test_no_time_expires_nothing():
    """Packets whose time the file does not tell are kept, and end no others."""
    bench = Bench()
    bench.add(piece(0, 16), ts_ns=NO_TIME)
    bench.add(piece(0, 16), 2, ts_ns=500 * SECOND)
    bench.add(piece(0, 16), 3, ts_ns=NO_TIME)
    assert bench.add(piece(16, 64), ts_ns=NO_TIME) == (17, WHOLE)
    assert bench.add(piece(16, 64), 2, ts_ns=501 * SECOND) == (17, WHOLE)


def test_limit_of_datagrams():
    """The oldest goes first."""
    bench = Bench(datagrams=2)
    for identification in (1, 2, 3):
        bench.add(piece(0, 16), identification)
    assert [(loss.code, loss.frame) for loss in bench.account.losses] == [("limit-fragments", 1)]
    assert bench.add(piece(16, 64), 2) == (17, WHOLE)
    assert bench.add(piece(16, 64), 3) == (17, WHOLE)


def test_limit_of_bytes():
    """Bytes count as far as a datagram reaches, and are given back when it goes."""
    bench = Bench(total_bytes=140)
    bench.add(piece(0, 16), 1)
    bench.add(piece(16, 64), 1)
    bench.add(piece(0, 16), 2)
    bench.add(Fragment(40, True, 17, bytes(24)), 3)
    bench.add(piece(0, 8), 4)
    assert bench.codes() == []
    bench.add(Fragment(40, True, 17, bytes(24)), 5)
    assert [(loss.code, loss.frame) for loss in bench.account.losses] == [("limit-fragments", 3)]


def test_one_datagram_above_the_limit():
    """Even a single datagram may not exceed the bytes."""
    bench = Bench(total_bytes=32)
    assert bench.add(piece(0, 40)) is None
    assert bench.codes() == ["limit-fragments"]
    assert bench.add(piece(40, 64)) is None


def test_many_losses_are_counted_exactly():
    """After the first hundred the last entry counts the rest."""
    bench = Bench()
    for identification in range(TOLD_EACH + 50):
        bench.add(piece(0, 16), identification)
    bench.defragmenter.finish()
    assert len(bench.account.losses) == TOLD_EACH
    assert sum(loss.count for loss in bench.account.losses) == TOLD_EACH + 50
    assert bench.account.losses[-1].detail.endswith(", and more")
    assert not bench.account.losses[-2].detail.endswith(", and more")
