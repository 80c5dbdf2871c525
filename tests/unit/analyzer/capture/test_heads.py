"""Heads of payloads: eight bytes, big-endian, zero-padded."""

import numpy as np

from analyzer.capture.heads import first_octets, payload_heads


def test_heads_are_padded_and_cut(net):
    """Short payloads do not show what follows them in the buffer."""
    index = net.index([net.packet(0, 0, data) for data in (b"AB", b"HTTP/1.1 200", b"x" * 8)])
    heads = payload_heads(index, np.arange(3))
    assert heads.dtype == np.uint64
    assert [int(head).to_bytes(8, "big") for head in heads] == [
        b"AB\0\0\0\0\0\0",
        b"HTTP/1.1",
        b"x" * 8,
    ]


def test_reassembled_payloads_lie_elsewhere(net):
    """Rows without an offset take their bytes from `extra`."""
    index = net.index([net.packet(0, 0, b"abc"), net.packet(0, 0, b"defghijkl")])
    index.payload_offset[1] = -1
    index.extra[1] = b"DEFGHIJKL"
    assert [int(head).to_bytes(8, "big") for head in payload_heads(index, np.array([0, 1]))] == [
        b"abc\0\0\0\0\0",
        b"DEFGHIJK",
    ]
    assert len(payload_heads(index, np.zeros(0, np.intp))) == 0


def test_first_octets(net):
    """One byte of each, wherever it lies."""
    index = net.index([net.packet(0, 0, b"abc"), net.packet(0, 0, b"defghijkl")])
    index.payload_offset[1] = -1
    index.extra[1] = b"DEFGHIJKL"
    assert bytes(first_octets(index, np.array([1, 0])).tolist()) == b"Da"
