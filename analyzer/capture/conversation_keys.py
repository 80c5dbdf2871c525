"""Names conversations by 64-bit numbers and finds them again, a whole block of packets at a time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from analyzer.capture.model import PacketIndex

_U32 = np.uint64(32)

Endpoints = tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint16]]
"""Address halves and ports."""


class ConversationKeys:
    """Maps the endpoints of packets to 64-bit keys that are secret to this process.

    Two conversations share a key by chance only, once in ten million captures of two million
    streams: the multipliers are drawn anew each time, so no capture can be made to collide.
    """

    def __init__(self) -> None:
        drawn = np.frombuffer(os.urandom(64), np.uint64)
        self._odd = list(drawn | np.uint64(1))

    def of(self, index: PacketIndex) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
        """Keys of the packets of a block, and which endpoint sent each."""
        return self.pair(
            (index.src_hi, index.src_lo, index.src_port),
            (index.dst_hi, index.dst_lo, index.dst_port),
        )

    def pair(
        self, source: Endpoints, destination: Endpoints
    ) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
        """Keys of the packets' conversations, never 0, and which endpoint (0, 1) sent each."""
        sender, receiver = self._endpoint(*source), self._endpoint(*destination)
        which = (sender > receiver).astype(np.intp)
        return (self._mix(sender, 5) + self._mix(receiver, 5)) | np.uint64(1), which

    def _endpoint(
        self, high: NDArray[np.uint64], low: NDArray[np.uint64], port: NDArray[np.uint16]
    ) -> NDArray[np.uint64]:
        mixed = self._mix(high, 0)
        mixed += self._mix(low, 2)
        mixed += port * self._odd[4]
        return mixed

    def _mix(self, words: NDArray[np.uint64], first: int) -> NDArray[np.uint64]:
        mixed: NDArray[np.uint64] = words * self._odd[first]
        mixed ^= mixed >> _U32
        mixed *= self._odd[first + 1]
        return mixed


def first_rows(keys: NDArray[np.uint64]) -> NDArray[np.intp]:
    """For each key the place of the first that equals it.

    Nothing is sorted, which would take five times as long: every key gets a place in a small table by some of
    its bits, and the few that meet another key there are tried again by other bits.
    """
    bits = len(keys).bit_length() + 1
    shift, table = np.uint64(64 - bits), np.empty(1 << bits, np.intp)
    first = _first_in_slot(keys >> shift, np.arange(len(keys)), table)
    rest = np.flatnonzero(keys[first] != keys)
    for turn in range(_TURNS):
        if not len(rest):
            return first
        some = keys[rest]
        found = _first_in_slot(some * _OTHER_BITS[turn] >> shift, rest, table)
        first[rest] = found
        rest = rest[keys[found] != some]
    if len(rest):
        _, begins, which = np.unique(keys[rest], return_index=True, return_inverse=True)
        first[rest] = rest[begins][which]
    return first


_TURNS = 4
_OTHER_BITS = np.array([0x9E37_79B9_7F4A_7C15**turn % 2**64 for turn in (1, 3, 5, 7)], np.uint64)


def _first_in_slot(
    slots: NDArray[np.uint64], rows: NDArray[np.intp], table: NDArray[np.intp]
) -> NDArray[np.intp]:
    at = slots.view(np.intp)
    table[at[::-1]] = rows[::-1]  # of several for one slot the last wins, which here is the first
    return table[at]


class KeyTable:
    """Open-addressing hash table from keys (not 0) to stream numbers, 12 bytes a slot."""

    FULLEST = 0.5  # beyond, places that are taken lie in long rows

    def __init__(self, bits: int = 14) -> None:
        self._used = 0
        self._clear(bits)

    def _clear(self, bits: int) -> None:
        self._shift = np.uint64(64 - bits)
        self._mask = (1 << bits) - 1
        self._keys = np.zeros(1 << bits, np.uint64)
        self._numbers = np.zeros(1 << bits, np.int32)

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Look up the number of each key, -1 where there is none."""
        slots = (keys >> self._shift).astype(np.intp)
        there = self._keys[slots]
        found = np.where(there == keys, self._numbers[slots], -1).astype(np.intp)
        open_rows = np.flatnonzero((there != keys) & (there != 0))
        while len(open_rows):
            slots[open_rows] = at = (slots[open_rows] + 1) & self._mask
            there, wanted = self._keys[at], keys[open_rows]
            hit = there == wanted
            found[open_rows[hit]] = self._numbers[at[hit]]
            open_rows = open_rows[~hit & (there != 0)]
        return found

    def put(self, keys: NDArray[np.uint64], numbers: NDArray[np.intp]) -> None:
        """Store distinct keys with their numbers, or change the numbers of keys that are there."""
        if (self._used + len(keys)) > self.FULLEST * (self._mask + 1):
            self._grow(self._used + len(keys))
        slots = (keys >> self._shift).astype(np.intp)
        rows = np.arange(len(keys))
        while len(rows):
            at, wanted = slots[rows], keys[rows]
            free = self._keys[at] == 0
            self._keys[at[free]] = wanted[free]  # of several for one slot the last wins
            mine = self._keys[at] == wanted
            self._numbers[at[mine]] = numbers[rows[mine]]
            self._used += int(np.count_nonzero(mine & free))
            rows = rows[~mine]
            slots[rows] = (slots[rows] + 1) & self._mask

    def _grow(self, count: int) -> None:
        keys, numbers = self._keys, self._numbers
        bits = self._mask.bit_length()
        while count > self.FULLEST * (1 << bits):
            bits += 1
        self._clear(bits)
        self._used = 0
        for begin in range(0, len(keys), 1 << 16):  # in parts: the old table still takes memory
            part = slice(begin, begin + (1 << 16))
            there = np.flatnonzero(keys[part])
            self.put(keys[part][there], numbers[part][there].astype(np.intp))
