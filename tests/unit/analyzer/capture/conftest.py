"""Made-up packets and a consumer that notes what it is told, for the tests of streams."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from analyzer.capture.engine import StreamEngine, StreamLimits
from analyzer.capture.model import CaptureAccount, PacketIndex

MS = 1_000_000
COLUMNS = (
    ("ts_ns", "i8"), ("proto", "u1"), ("src_hi", "u8"), ("src_lo", "u8"), ("dst_hi", "u8"),
    ("dst_lo", "u8"), ("src_port", "u2"), ("dst_port", "u2"), ("payload_offset", "i8"),
    ("payload_len", "i8"), ("payload_wire_len", "i8"), ("tcp_seq", "u4"), ("tcp_ack", "u4"),
    ("tcp_flags", "u1"),
)  # fmt: skip


def _packet(
    sender,
    seq=0,
    data=b"",
    flags=16,
    ack=0,
    *,
    cut=0,
    ports=(40_000, 445),
    ms=None,
    proto=6,
    hosts=(1, 2),
):
    """One packet by endpoint 0 or 1 of a conversation; `cut` bytes of its payload were not captured."""
    return SimpleNamespace(
        sender=sender, seq=seq & 0xFFFF_FFFF, data=data, flags=flags, ack=ack & 0xFFFF_FFFF, cut=cut,
        ports=ports, ms=ms, proto=proto, hosts=hosts,
    )  # fmt: skip


def _index(packets, first_frame=1):
    """Packet columns; frame n is captured at n ms unless its packet says otherwise."""
    buffer, rows = bytearray(b"\xee"), []
    for frame, p in enumerate(packets, first_frame):
        (src, dst), (sport, dport) = (
            (p.hosts, p.ports) if p.sender == 0 else (p.hosts[::-1], p.ports[::-1])
        )
        mapped = 0xFFFF_0A00_0000
        size = len(p.data)
        when = (frame if p.ms is None else p.ms) * MS
        rows.append((when, p.proto, 0, mapped + src, 0, mapped + dst, sport, dport, len(buffer),
                     size - p.cut, size, p.seq, p.ack, p.flags))  # fmt: skip
        buffer += p.data[: size - p.cut]
    columns = zip(*rows, strict=True)
    arrays = {name: np.array(c, kind) for (name, kind), c in zip(COLUMNS, columns, strict=True)}
    frames = np.arange(first_frame, first_frame + len(rows))
    return PacketIndex(buffer=bytes(buffer + bytes(128)), frame=frames, **arrays)


class _Recorder:
    """Notes every call as a tuple; `answer(side, offset)` is asked what to say to it."""

    def __init__(self, stream, answer):
        self.stream = stream
        self.answer = answer
        self.calls = []

    def deliver(self, side, offset, data, frame, ts_ns):
        self.calls.append(("deliver", side, offset, data, frame))
        return self.answer(side, offset + len(data))

    def lost(self, side, offset, length, frame, ts_ns):
        self.calls.append(("lost", side, offset, length, frame))
        return self.answer(side, offset + length)

    def conflict(self, side, offset, length, frame, ts_ns):
        self.calls.append(("conflict", side, offset, length, frame))

    def datagram(self, side, data, cut, frame, ts_ns):
        self.calls.append(("datagram", side, data, cut, frame))
        return self.answer(side, len(data))

    def end(self, side, how, frame, ts_ns):
        self.calls.append(("end", side, how, frame))


def _nothing(_side, _offset):
    return 0


def _follow(packets, *, blocks=(), answer=_nothing, want=lambda _stream: True, **options):
    """Feed packets, a new block at each number of `blocks`; return consumers and account."""
    account, consumers = CaptureAccount(), []

    def opened(stream):
        if not want(stream):
            return None
        consumers.append(_Recorder(stream, answer))
        return consumers[-1]

    options["limits"] = StreamLimits(**options.get("limits", {}))
    engine = StreamEngine(account, opened, opened, **options)
    borders = [0, *blocks, len(packets)]
    for begin, end in itertools.pairwise(borders):
        engine.feed(_index(packets[begin:end], begin + 1))
    engine.finish()
    return consumers, account


@pytest.fixture
def net():
    """Return packet(), index(), follow(), handshake."""
    return SimpleNamespace(
        packet=_packet,
        index=_index,
        follow=_follow,
        handshake=[
            _packet(0, 99, flags=2),
            _packet(1, 499, flags=18, ack=100),
            _packet(0, 100, ack=500),
        ],
    )
