"""Streams of few packets that begin and end in one block, with nothing odd in them: told as they lie there.

Nothing of them waits, comes again or goes on, so that no state is kept but what a consumer skips. What each
packet brings is found for all of them at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from analyzer.capture.model import Consumer
    from analyzer.capture.runs import BlockRuns

FEW = 64
"""Packets of such a stream. Of more, runs may be skipped as a whole."""

Packets = list[tuple[int, int, int, int, bool, int, int, int]]
"""Of each: side, offset in the stream, where its payload lies in the buffer and its size, whether it is a
FIN, frame, time, row."""


def few_packets(block: BlockRuns) -> NDArray[np.bool_]:
    """Tell which groups have few packets."""
    counts = np.bincount(block.active.rank, minlength=len(block.ids))
    few: NDArray[np.bool_] = counts <= FEW
    return few


def packets_of(
    block: BlockRuns, groups: NDArray[np.intp], clients: NDArray[np.intp]
) -> list[Packets]:
    """The packets of some groups, in order; `clients` are the endpoints that are their clients."""
    if not len(groups):
        return []
    active = block.active
    client = np.full(len(block.ids), -1)
    client[groups] = clients
    client = client[active.rank]
    chosen = np.flatnonzero(client >= 0)
    rank, row, size = active.rank[chosen], active.row[chosen], active.size[chosen]
    side = active.sender[chosen] ^ client[chosen]
    bounds = np.searchsorted(rank, groups), np.searchsorted(rank, groups, side="right")
    told = list(
        zip(
            side.tolist(),
            _offsets(side, size, *bounds).tolist(),
            active.offset[chosen].tolist(),
            size.tolist(),
            block.fin[chosen].tolist(),
            block.index.frame[row].tolist(),
            block.index.ts_ns[row].tolist(),
            row.tolist(),
            strict=True,
        )
    )
    return [told[begin:end] for begin, end in zip(*(b.tolist() for b in bounds), strict=True)]


def _offsets(
    side: NDArray[np.intp],
    size: NDArray[np.int64],
    begins: NDArray[np.intp],
    ends: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Bytes of the same side before each packet of its stream."""
    found = np.zeros(len(size), np.int64)
    for this in (0, 1):
        own = np.where(side == this, size, 0)
        before = np.cumsum(own) - own
        before -= np.repeat(before[begins], ends - begins)
        np.copyto(found, before, where=side == this)
    return found


def tell_whole(packets: Packets, consumer: Consumer, buffer: bytes) -> int | None:
    """Deliver packets and tell all ends; return the row with which the consumer had enough, if it had."""
    deliver, skips = consumer.deliver, [0, 0]
    frame = ts_ns = 0
    for side, offset, start, size, fin, frame, ts_ns, row in packets:
        skip = skips[side]
        if skip > size:
            skips[side] = skip - size
        elif size:
            data = buffer[start + skip : start + size]
            answer = skips[side] = deliver(side, offset + skip, data, frame, ts_ns)
            if answer < 0:
                return row
        if fin:
            consumer.end(side, "fin", frame, ts_ns)
    consumer.end(None, "closed", frame, ts_ns)
    return None
