"""Streams that nobody can want: all of them in one block, in order, and with nothing in them to look for.

Many streams are of a protocol that is of no interest. One that is over, or has shown enough, within the
block in which it begins is told by its bytes alone, all such streams at once: no consumer is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.heads import HEAD, Heads
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from analyzer.capture.runs import BlockRuns

LONGEST = 1 << 12
"""Payload bytes of a stream that are looked at; one with more goes the usual way, in few large segments."""

MOST = 1 << 20
"""Payload bytes of a block that are looked at."""


class Strangers(NamedTuple):
    """What a consumer looks for in a stream before it has had enough.

    A segment, or all that one side has sent, may be the start of a message; that is told by `may_begin`
    of its first eight bytes (zeros behind them if there are less), and then by `begins` of the whole
    segment. `may_show` gives the places at which anything else may be in a stretch of bytes, `shows` tells
    whether there is.
    """

    may_begin: Heads
    begins: Callable[[bytes], bool]
    may_show: Callable[[NDArray[np.uint8]], NDArray[np.intp]]
    shows: Callable[[bytes], bool]
    segments: int  # after so many of one side, which have
    telling: int  # at least so many bytes, the consumer gives up;
    overall: int  # or after more than so many of both sides

    def among(
        self, block: BlockRuns, groups: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Groups, of those that are plain and new, that nobody can want; which of them are closed."""
        order, first, key = block.directions
        size = block.active.size[order]
        rank = key >> 1
        count, length = (
            np.add.reduceat(size > 0, first, dtype=np.int64),
            np.add.reduceat(size, first),
        )
        enough = (count >= self.segments) & (length >= self.telling)
        total = np.zeros(len(block.ids), np.int64)
        np.add.at(total, rank, length)
        in_vain, closed = total > self.overall, block.closed
        in_vain[rank[enough]] = True
        fine = np.zeros(len(block.ids), np.bool_)
        fine[groups] = True
        fine &= (in_vain | closed) & (total <= LONGEST) & (total > 0)
        fine &= np.cumsum(np.where(fine, total, 0)) <= MOST
        if not fine.any():
            return groups[:0], closed[:0]
        self._look(block, fine)
        found = np.flatnonzero(fine)
        return found, (closed & ~in_vain)[found]

    def _look(self, block: BlockRuns, fine: NDArray[np.bool_]) -> None:
        """Strike off those in which there is something."""
        active, order = block.active, block.directions.order
        order = order[fine[active.rank[order]] & (active.size[order] > 0)]
        words = np.ndarray(len(block.buffer) - HEAD + 1, ">u8", block.buffer, strides=(1,))
        begins = self.may_begin(_heads(words, active.offset[order], active.size[order]))
        first = _first(active.rank[order], active.sender[order])
        # By the first bytes nearly all are told that are of interest.
        fine[active.rank[order[first[begins[first]]]]] = False
        left = fine[active.rank[order]]
        order, begins = order[left], begins[left]
        if not len(order):
            return
        rank, size, offset = active.rank[order], active.size[order], active.offset[order]
        for each in np.flatnonzero(begins).tolist():
            begin = int(offset[each])
            if fine[rank[each]] and self.begins(block.buffer[begin : begin + int(size[each])]):
                fine[rank[each]] = False
        at = np.cumsum(size) - size
        text = _gather(block.buffer, offset, size, at)
        first = _first(rank, active.sender[order])
        begin, length = at[first], np.add.reduceat(size, first)
        # A side's first bytes may be cut into small segments: that is looked into elsewhere.
        cut = np.flatnonzero((size[first] < HEAD) & (size[first] < length))
        words = np.ndarray(len(text) - HEAD + 1, ">u8", text.data, strides=(1,))
        fine[rank[first[cut[self.may_begin(_heads(words, begin[cut], length[cut]))]]]] = False
        near = np.searchsorted(begin, self.may_show(text), side="right") - 1
        for each in dict.fromkeys(near.tolist()):
            shown = text[begin[each] : begin[each] + length[each]]
            if fine[rank[first[each]]] and self.shows(shown.tobytes()):
                fine[rank[first[each]]] = False


def _first(rank: NDArray[np.unsignedinteger], sender: NDArray[np.intp]) -> NDArray[np.intp]:
    """Where each direction begins."""
    begins = np.ones(len(rank), np.bool_)
    begins[1:] = (rank[1:] != rank[:-1]) | (sender[1:] != sender[:-1])
    return np.flatnonzero(begins)


def _gather(
    buffer: bytes, offset: NDArray[np.int64], size: NDArray[np.int64], at: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Copy stretches of a buffer behind each other, with `HEAD` zero bytes at the end."""
    end = int(at[-1] + size[-1])
    place = np.repeat(offset - at, size)
    place += np.arange(end)
    text = np.zeros(end + HEAD, np.uint8)
    text[:end] = np.frombuffer(buffer, np.uint8)[place]
    return text


def _heads(
    words: NDArray[np.uint64], at: NDArray[np.int64], size: NDArray[np.int64]
) -> NDArray[np.uint64]:
    shift = ((HEAD - np.minimum(size, HEAD)) * 8).astype(np.uint64)
    heads: NDArray[np.uint64] = words[at].astype(np.uint64) >> shift << shift
    return heads
