"""What the stream engine tells of made-up packets, call by call, in whatever blocks they come."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from support.tcp_packets import index_of

from analyzer.capture.engine import StreamEngine
from analyzer.capture.model import CaptureAccount

Answer = Callable[[int, int], int]
"""What to say to a delivery or loss on a side, which ends at an offset: bytes to skip."""


class Recorder:
    """Notes every call."""

    def __init__(self, stream: Any, calls: list[tuple[Any, ...]], answer: Answer) -> None:
        self.calls = calls
        self.answer = answer
        calls.append(("open", stream.client_port, stream.role_source, stream.started_before))

    def deliver(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Bytes of a side."""
        self.calls.append(("deliver", side, offset, data, frame, ts_ns))
        return self.answer(side, offset + len(data))

    def lost(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> int:
        """Bytes that are not there."""
        self.calls.append(("lost", side, offset, length, frame, ts_ns))
        return self.answer(side, offset + length)

    def conflict(self, *call: Any) -> None:
        """Bytes that were sent twice and differ."""
        self.calls.append(("conflict", *call))

    def end(self, *call: Any) -> None:
        """The end of a side or of all."""
        self.calls.append(("end", *call))


def calls_of(
    packets: list[Any],
    cuts: Iterable[int] = (),
    answer: Answer = lambda _side, _offset: 0,
    **how: Any,
) -> tuple[dict[int, list[tuple[Any, ...]]], CaptureAccount]:
    """Feed packets in blocks that begin at `cuts`; return the calls per stream, and the account."""
    account = CaptureAccount()
    calls: dict[int, list[tuple[Any, ...]]] = {}
    engine = StreamEngine(
        account,
        lambda stream: Recorder(stream, calls.setdefault(stream.stream_id, []), answer),
        lambda _stream: None,
        **how,
    )
    feed_in_blocks(engine, packets, cuts)
    return calls, account


def feed_in_blocks(engine: StreamEngine, packets: list[Any], cuts: Iterable[int]) -> None:
    """Feed all packets, in blocks that begin at `cuts`, and end the capture."""
    borders = [0, *sorted({cut for cut in cuts if 0 < cut < len(packets)}), len(packets)]
    for begin, end in itertools.pairwise(borders):
        if begin < end:
            engine.feed(index_of(packets[begin:end], begin + 1))
    engine.finish()
