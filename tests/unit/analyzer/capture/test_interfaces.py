"""Interfaces of a pcapng section and their clocks."""

import struct
from fractions import Fraction

import numpy as np
import pytest

from analyzer.capture.interfaces import Interfaces, options
from analyzer.capture.model import NO_LINK, NO_TIME


def body(link_type=1, resolution=None, offset=None, order="<", snap_len=0):
    data = struct.pack(f"{order}HHI", link_type, 0, snap_len)
    if resolution is not None:
        data += struct.pack(f"{order}HHB3x", 9, 1, resolution)
    if offset is not None:
        data += struct.pack(f"{order}HHq", 14, 8, offset)
    return data + struct.pack(f"{order}HH", 0, 0)


def columns(bodies, rows, order="<"):
    interfaces = Interfaces(order)
    for one in bodies:
        interfaces.describe(one)
    numbers, ticks = zip(*rows, strict=True)
    ts_ns, link_type = interfaces.columns(np.array(numbers), np.array(ticks, np.uint64))
    return ts_ns.tolist(), link_type.tolist()


TICKS = [0, 1, 999_999, 1_700_000_000_123_456, 2**62 + 12345, 2**64 - 1]


@pytest.mark.parametrize("resolution", [0, 1, 3, 6, 9, 10, 12, 19, 20, 29, 127])
@pytest.mark.parametrize("ticks", TICKS)
def test_decimal_clocks_are_exact(resolution, ticks):
    """Rounded down to the nanosecond; what does not fit into 64 bits has no time."""
    exact = ticks * 10**9 // 10**resolution
    expected = exact if exact < 9_223_372_036 * 10**9 else NO_TIME
    assert columns([body(resolution=resolution)], [(0, ticks)])[0] == [expected]


@pytest.mark.parametrize("bits", [0, 1, 10, 20, 32, 34, 35, 40, 63, 64, 127])
@pytest.mark.parametrize("ticks", TICKS)
def test_binary_clocks_are_exact_to_the_nanosecond(bits, ticks):
    """Powers of two divide no second into nanoseconds; finer ones lose less than one."""
    exact = Fraction(ticks * 10**9, 2**bits)
    (ts_ns,), _ = columns([body(resolution=0x80 | bits)], [(0, ticks)])
    if exact >= 9_223_372_036 * 10**9:
        assert ts_ns == NO_TIME
    else:
        assert 0 <= exact - ts_ns < 2 if bits > 34 else ts_ns == exact.__floor__()


@pytest.mark.parametrize("order", "<>")
def test_every_interface_has_its_own_clock_and_link_type(order):
    """Mixed in one column."""
    bodies = [
        body(1, order=order),
        body(101, 9, order=order),
        body(276, 0x8A, order=order),
        body(1, 6, -3600, order=order),
    ]
    rows = [(1, 5), (0, 5), (2, 1024), (3, 5), (0, 7), (-1, 5)]
    ts_ns, link_type = columns(bodies, rows, order)
    assert ts_ns == [5, 5000, 10**9, -3600 * 10**9 + 5000, 7000, 5000]
    assert link_type == [101, 1, 276, 1, 1, NO_LINK]


@pytest.mark.parametrize("offset", [2**63 - 1, -(2**63), 2**40])
def test_an_absurd_offset_leaves_no_time(offset):
    """It must not wrap around to a plausible one."""
    assert columns([body(offset=offset)], [(0, 5), (0, 2**64 - 1)])[0] == [NO_TIME] * 2


def test_interfaces_may_come_between_packets():
    """The table grows; earlier ones stay."""
    interfaces = Interfaces("<")
    assert interfaces.describe(body(1, snap_len=96)) == 1
    interfaces.columns(np.array([0]), np.array([1], np.uint64))
    assert interfaces.describe(body(113)) == 113
    _, link_type = interfaces.columns(np.array([1, 0]), np.array([1, 1], np.uint64))
    assert link_type.tolist() == [113, 1]
    assert len(interfaces) == 2
    assert interfaces.first_snap_len == 96
    assert interfaces.describe(b"1234567") is None
    assert len(interfaces) == 2


def test_options_are_read_as_far_as_they_are_whole():
    """Padded to four bytes, ended by code 0 or by the block."""
    data = struct.pack("<HH3sx", 2, 3, b"abc") + struct.pack("<HHB3x", 9, 1, 6)
    assert list(options(data, "<")) == [(2, b"abc"), (9, b"\6")]
    assert list(options(data + bytes(4) + data, "<")) == [(2, b"abc"), (9, b"\6")]
    assert list(options(data[:-4], "<")) == [(2, b"abc")]
    assert list(options(struct.pack("<HH", 2, 9), "<")) == []


def test_options_of_the_wrong_size_are_not_taken():
    """A resolution has one byte, an offset eight."""
    wrong = (
        struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHI", 9, 4, 9) + struct.pack("<HHI", 14, 4, 9)
    )
    assert columns([wrong], [(0, 5)])[0] == [5000]
