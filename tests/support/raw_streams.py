"""The bytes of every stream of a capture by direction and offset, kept whole; and of every frame.

What the dissectors say of places is held against this: it knows streams and packets, and no carrier.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from analyzer.capture.engine import StreamEngine
from analyzer.capture.inputs import Input
from analyzer.capture.link import PacketDecoder
from analyzer.capture.model import CaptureAccount, PacketIndex, Stream
from analyzer.capture.reader import open_capture

MODULUS = 1 << 32
SYN = 2

Sender = tuple[int, str, int]
"""Stream number, address and port."""


class Packet(NamedTuple):
    """The payload of one frame, and the sequence number of its first byte."""

    payload: bytes
    seq: int


class Direction:
    """What one side sent: its bytes by offset, zeros where some are lost."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.base: int | None = None  # sequence number of offset 0


class RawStreams:
    """All TCP streams of one capture."""

    def __init__(self, path: Path) -> None:
        self.directions: dict[Sender, Direction] = {}
        self.packets: dict[int, Packet] = {}  # by frame
        account = CaptureAccount()
        decoder = PacketDecoder(account)
        engine = StreamEngine(account, lambda stream: _Keeper(self, stream), lambda _: None)
        for block in open_capture(Input(str(path)), account):
            index = decoder.decode(block)
            self._keep(index)
            engine.feed(index)
        decoder.finish()
        engine.finish()

    def _keep(self, index: PacketIndex) -> None:
        for row in range(len(index)):
            seq = int(index.tcp_seq[row]) + (int(index.tcp_flags[row]) & SYN > 0)
            self.packets[int(index.frame[row])] = Packet(index.payload(row), seq)

    def holds(self, sender: Sender, offset: int, frame: int) -> bool:
        """Whether the payload of `frame` holds the byte that stands at `offset` of what `sender` sent."""
        direction, packet = self.directions[sender], self.packets[frame]
        assert direction.base is not None
        at = (direction.base + offset - packet.seq) % MODULUS
        return at < len(packet.payload) and packet.payload[at] == direction.data[offset]


class _Keeper:
    """Consumer of one stream that skips nothing."""

    def __init__(self, kept: RawStreams, stream: Stream) -> None:
        self.kept = kept
        ends = (stream.client, stream.client_port), (stream.server, stream.server_port)
        self.sides = [
            kept.directions.setdefault((stream.stream_id, *end), Direction()) for end in ends
        ]

    def deliver(self, side: int, offset: int, data: bytes, frame: int, _ts_ns: int) -> int:
        direction = self.sides[side]
        assert len(direction.data) <= offset
        direction.data.extend(bytes(offset - len(direction.data)))
        direction.data += data
        if direction.base is None:  # the data may be the rest of a packet whose beginning was known
            packet = self.kept.packets[frame]
            repeated = len(packet.payload) - len(data)
            direction.base = (packet.seq + repeated - offset) % MODULUS
        return 0

    def lost(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> int:
        """Leave a hole."""
        return 0

    def conflict(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> None:
        """Keep the first copy."""

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """Nothing more to do."""
