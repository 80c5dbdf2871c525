"""The first eight payload bytes of packets as numbers, so that signatures are tested by the block."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.model import PacketIndex

Heads = Callable[[NDArray[np.uint64]], NDArray[np.bool_]]
"""Tells of each head whether it is wanted."""

HEAD = 8
_SHIFTS = np.array([8 * (HEAD - length) for length in range(HEAD + 1)], np.uint64)


def payload_heads(index: PacketIndex, rows: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Big-endian 64-bit numbers, zero-padded; the rows must have at least one payload byte."""
    if not len(rows):
        return np.zeros(0, np.uint64)
    # Every offset of the buffer as the start of a number: nothing is copied until rows are picked.
    words = np.ndarray(len(index.buffer) - HEAD + 1, ">u8", index.buffer, strides=(1,))
    offset = index.payload_offset[rows]
    heads = words[np.maximum(offset, 0)].astype(np.uint64)
    shift = _SHIFTS[np.minimum(index.payload_len[rows], HEAD)]
    heads = heads >> shift << shift
    for at in np.flatnonzero(offset < 0).tolist():
        head = index.payload(int(rows[at]))[:HEAD]
        heads[at] = int.from_bytes(head.ljust(HEAD, b"\0"), "big")
    return heads


def first_octets(index: PacketIndex, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    """First byte of each payload; the rows must have at least one."""
    offset = index.payload_offset[rows]
    octets = np.frombuffer(index.buffer, np.uint8)[np.maximum(offset, 0)]
    for at in np.flatnonzero(offset < 0).tolist():
        octets[at] = index.payload(int(rows[at]))[0]
    return octets
