"""A stream that begins and ends within a block and has nothing odd in it: told as it lies there.

Nothing of it waits, comes again or goes on, so that no state is kept but how far each side has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.capture.runs import tell_run

if TYPE_CHECKING:
    from analyzer.capture.model import Consumer
    from analyzer.capture.runs import BlockRuns


def tell_whole(block: BlockRuns, run: int, stop: int, client: int, consumer: Consumer) -> None:
    """Deliver the runs from `run` to before `stop` and both ends; `client` is the client's endpoint.

    What the consumer skips is jumped over. Raises `StreamIgnoredError` as `tell_run` does.
    """
    total, firsts, ends = block.total, block.first, block.end
    senders, fins = block.run_sender, block.run_fin
    deliver = consumer.deliver
    reached, skips = [0, 0], [0, 0]
    last = 0
    while run < stop:
        first, last = firsts[run], ends[run]
        side = senders[run] ^ client
        size = total[last] - total[first]
        if size:
            skips[side] = tell_run(block, first, last, side, reached[side], skips[side], deliver)
            reached[side] += size
        if fins[run]:
            consumer.end(side, "fin", block.frame[last - 1], block.ts_ns[last - 1])
        run += 1
    consumer.end(None, "closed", block.frame[last - 1], block.ts_ns[last - 1])
