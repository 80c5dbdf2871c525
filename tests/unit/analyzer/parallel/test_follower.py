"""What one process does of a capture that several follow, without the others."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from threading import Thread

from analyzer.analysis import begin
from analyzer.capture.conversation_keys import ConversationKeys
from analyzer.capture.inputs import expand
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture
from analyzer.parallel import follower
from analyzer.parallel.part import Part
from analyzer.parallel.ring import Ring, new_memory
from analyzer.tables.collect import Collector

CAPTURE = Path(__file__).resolve().parents[4] / "captures" / "http" / "basic" / "capture.pcapng"


class Kept:
    """Takes what a process tells."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def put(self, part: Part) -> None:
        """Keep it."""
        self.parts.append(part)


def test_a_block_is_decoded_before_older_ones_are_followed() -> None:
    """Who waits for the headers of one block decodes the next meanwhile: nobody waits for that one."""
    (source,) = expand([str(CAPTURE)])
    analysis = begin()
    (block,) = open_capture(source, CaptureAccount())
    how = multiprocessing.get_context("fork")
    memory = new_memory(2)
    try:
        ring = Ring(memory, 2)
        for slot in ring.slots:
            slot.copy(block)
        shared = follower.Shared(
            memory,
            2,
            [how.Semaphore(0) for _ in range(2)],
            [how.Semaphore(0) for _ in range(2)],
            how.RawArray("Q", 2),
            ConversationKeys(),
            Collector(analysis.tables, source.name),
            analysis.options,
        )
        orders, ours = how.Pipe(duplex=False)
        kept = Kept()
        for turn in (0, 1):
            first = 1 + turn * len(block)
            ours.send_bytes(follower.ORDER.pack(turn, 0, len(block), first, turn, 0))
            ours.send_bytes(follower.handed_back(turn))
        thread = Thread(target=follower.work, args=(1, shared, orders, None, kept))
        thread.start()
        assert shared.decoded[1].acquire(timeout=10)  # block 0, not ours, is not decoded yet
        assert not shared.seen[0].acquire(block=False)
        ring.slots[0].columns["slow"][: len(block)] = True
        shared.decoded[0].release()
        ours.send_bytes(follower.OVER)
        thread.join(timeout=10)
        assert shared.seen[0].acquire(block=False)
        assert shared.seen[1].acquire(block=False)
        assert len(kept.parts) == 1
    finally:
        Path(memory).unlink()
