"""Finds the records of many small packets at once, by what the headers of records close in time share.

Records form a chain: each tells where the next begins. Going along it takes time for each; where packets are
small that is most of what reading costs. Here all places that have the upper half of the first header's
seconds are taken for headers, and those are believed that form the chain. What is found is what a walk would
have found, as far as it goes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.records import MAX_CAP_LEN

SMALL = 192
"""Bytes of a record on average up to which this is faster than a walk."""
ROUNDS = 4
"""Times that places which no other leads to are left out, before the chain is followed as far as it holds."""


def leap(data: bytes, start: int, end: int, order: str, header_bytes: int) -> NDArray[np.int64]:
    """Offsets of records that follow one another from `start` on and lie whole before `end`."""
    octets = np.frombuffer(data, np.uint8)
    upper, lower = (3, 2) if order == "<" else (0, 1)
    same = octets[start + upper : end] == octets[start + upper]
    same &= octets[start + lower : end + lower - upper] == octets[start + lower]
    places = _where(same) + start
    lengths = np.ndarray(len(data) - 11, f"{order}u4", data, 8, (1,))
    length = lengths[places]
    plausible = length <= MAX_CAP_LEN  # of bytes taken for a header by chance hardly any are
    places, length = places[plausible], length[plausible]
    after = places + header_bytes + length
    for _ in range(ROUNDS):
        if not len(places) or (after[:-1] == places[1:]).all():
            break
        follows = np.minimum(np.searchsorted(places, after), len(places) - 1)
        led_to = np.zeros(len(places), np.bool_)
        led_to[follows[places[follows] == after]] = True
        led_to[0] = True
        places, after = places[led_to], after[led_to]
    if not len(places) or places[0] != start:
        return places[:0]
    broken = np.flatnonzero(after[:-1] != places[1:])
    if len(broken):
        places, after = places[: broken[0] + 1], after[: broken[0] + 1]
    return places[: np.searchsorted(after, end, side="right")]


def _where(marks: NDArray[np.bool_]) -> NDArray[np.intp]:
    """As `np.flatnonzero`, where few are marked: whole words that are zero are passed over."""
    words = marks[: len(marks) // 8 * 8].view(np.uint64)
    some = np.flatnonzero(words != 0)
    found = np.flatnonzero(words[some].view(np.bool_))
    found = (some[found >> 3] << 3) + (found & 7)
    rest = np.flatnonzero(marks[len(words) * 8 :])
    return np.concatenate((found, rest + len(words) * 8)) if len(rest) else found
