"""Where each kind of pcapng block keeps its packet."""

import numpy as np
import pytest

from analyzer.capture.packet_blocks import PacketBlocks, among


def blocks(heads, order="<", snap_len=0):
    head = np.array(heads, np.uint32)
    frames = PacketBlocks(np.arange(len(heads)) * 1000, head, head[:, 1].astype(np.int64))
    frames.place_others(head[:, 0], order, snap_len)
    return frames


def test_an_enhanced_packet_block_is_the_ordinary_case():
    """Nothing of it is touched by the others."""
    frames = blocks([(6, 92, 3, 1, 2, 60, 1500), (3, 56, 40, 0, 0, 0, 0)])
    assert frames.interface[0] == 3
    assert frames.ticks[0] == (1 << 32) + 2
    assert (frames.cap_len[0], frames.wire_len[0]) == (60, 1500)
    assert (frames.offset[0], frames.room[0]) == (28, 60)
    assert frames.timeless.tolist() == [False, True]


@pytest.mark.parametrize(("order", "word"), [("<", 0x0009_0003), (">", 0x0003_0009)])
def test_the_obsolete_packet_block_has_a_short_interface(order, word):
    """Sixteen bits, in the block's byte order; the other sixteen count drops."""
    frames = blocks([(2, 92, word, 0, 7, 60, 61)], order)
    assert frames.interface.tolist() == [3]
    assert frames.timeless.tolist() == [False]


@pytest.mark.parametrize(("snap_len", "captured"), [(0, 40), (30, 30), (60, 40)])
def test_a_simple_packet_block_takes_the_snap_length_of_interface_0(snap_len, captured):
    """It has no time, no interface and no captured length of its own."""
    frames = blocks([(3, 56, 40, 0, 0, 0xFFFFFFFF, 0)], "<", snap_len)
    assert (frames.interface[0], frames.cap_len[0], frames.wire_len[0]) == (0, captured, 40)
    assert (frames.offset[0], frames.room[0]) == (12, 40)


def test_a_simple_packet_block_never_reaches_beyond_itself():
    """Its length on the wire may be anything."""
    assert blocks([(3, 56, 0xFFFFFFFF, 0, 0, 0, 0)]).cap_len.tolist() == [40]


def test_frames_without_a_packet_hold_no_bytes():
    """A journal entry is numbered and nothing more."""
    frames = blocks([(9, 60, 1, 2, 3, 4, 5)])
    assert (frames.cap_len[0], frames.wire_len[0], frames.room[0]) == (0, 0, 0)
    assert frames.packetless.tolist() == frames.timeless.tolist() == [True]


def test_among_finds_each_number():
    """One column against several numbers."""
    assert among(np.array([1, 2, 3, 2], np.uint32), (2, 3)).tolist() == [False, True, True, True]
