"""What happens to TLS connections below their records: bytes that are lost, and how each side ends.

Wireshark decrypts nothing more of a direction once a part of it is missing, and does not say so. So the
sealed bytes go through a stream engine too, from the first packet with TLS on, which waits for late packets
and tells what never came.

Not handled: a loss before the first packet in which Wireshark sees TLS; without that it decrypts nothing.
"""

from __future__ import annotations

from collections import OrderedDict

from analyzer.capture.engine import StreamEngine
from analyzer.capture.model import CaptureAccount, Stream
from analyzer.capture.streams import ACK, FIN, RST, SYN
from analyzer.capture.tshark_lines import Line, Transport, columns
from dissectors.records import NamedTuple

_MODULUS = 0xFFFF_FFFF
CONNECTIONS = 65_536
"""Connections that are watched at once; the one silent for longest is forgotten."""


class Event(NamedTuple):
    """Something that befell one direction of a connection."""

    packet: Transport  # the first with TLS of its connection, turned into this direction
    frame: int
    ts_ns: int
    lost: int = (
        0  # bytes that are missing before what the frame holds, or behind it if it was cut short
    )
    flags: int = 0  # FIN or RST


class SealedStreams:
    """Watches connections that go through TLS, line by line."""

    def __init__(self) -> None:
        self._engine = StreamEngine(CaptureAccount(), self._watcher, lambda _stream: None)
        self._known: OrderedDict[int, None] = OrderedDict()  # Wireshark's numbers
        self._begun: dict[int, Transport] = {}  # frame -> the first packet with TLS of a connection
        self._packets: list[Transport] = []
        self._events: list[Event] = []

    def see(self, line: Line) -> None:
        """Take a line."""
        for packet in line.packets:
            if packet.stream in self._known:
                self._known.move_to_end(packet.stream)
            elif line.sealed and packet is line.packets[-1]:
                self._begin(packet)
            else:
                continue
            self._packets.append(packet)

    def _begin(self, packet: Transport) -> None:
        """Let a connection begin here, whatever was said before TLS; both sides' numbers are told."""
        self._known[packet.stream] = None
        if len(self._known) > CONNECTIONS:
            self._known.popitem(last=False)
        bare = packet._replace(payload=b"", wire_len=0)
        self._begun[packet.frame] = bare
        bare = bare._replace(seq=(packet.seq - 1) & _MODULUS, flags=SYN)
        self._packets.append(bare._replace(ack=0))
        if packet.flags & ACK:
            answer = bare._replace(seq=(packet.ack - 1) & _MODULUS, ack=packet.seq, flags=SYN | ACK)
            self._packets.append(answer._replace(ends=turned(packet.ends)))

    def events(self, *, at_end: bool = False) -> list[Event]:
        """What is known to have happened by now, in order of each connection; `at_end` of the capture."""
        if self._packets:
            self._engine.feed(columns(self._packets))
            self._packets.clear()
        if at_end:
            self._engine.finish()
        events = list(self._events)
        self._events.clear()  # watchers hold this list
        return events

    def _watcher(self, stream: Stream) -> _Watcher | None:
        packet = self._begun.pop(stream.first_frame, None)
        return None if packet is None else _Watcher(packet, self._events)


class _Watcher:
    """Consumer of one connection: notes what befalls it."""

    def __init__(self, first: Transport, events: list[Event]) -> None:
        self._ends = (
            first,
            first._replace(ends=turned(first.ends)),
        )  # side 0 sent the first packet
        self._events = events
        self._incomplete = [False, False]

    def deliver(self, _side: int, _offset: int, _data: bytes, _frame: int, _ts_ns: int) -> int:
        """Take sealed bytes; see `capture.model.Consumer`."""
        return 0

    def lost(self, side: int, _offset: int, length: int, frame: int, ts_ns: int) -> int:
        """Note the first gap of a direction; see `capture.model.Consumer`."""
        if not self._incomplete[side]:
            self._incomplete[side] = True
            self._events.append(Event(self._ends[side], frame, ts_ns, lost=length))
        return 0

    def conflict(self, _side: int, _offset: int, _length: int, _frame: int, _ts_ns: int) -> None:
        """Which copy counts is Wireshark's choice; see `capture.model.Consumer`."""

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """Note how a side ends; see `capture.model.Consumer`."""
        if side is not None:
            flags = RST if how == "rst" else FIN
            self._events.append(Event(self._ends[side], frame, ts_ns, flags=flags))


def turned(ends: tuple[int, ...]) -> tuple[int, ...]:
    """Addresses and ports of the other direction."""
    src_hi, src_lo, dst_hi, dst_lo, src_port, dst_port = ends
    return dst_hi, dst_lo, src_hi, src_lo, dst_port, src_port
