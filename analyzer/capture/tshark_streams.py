"""The streams of a capture that Wireshark reads: what was sent, and what was decrypted of it.

Both go through the stream engine of the native reader, under Wireshark's numbers of conversations.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from analyzer.capture.engine import StreamEngine
from analyzer.capture.heads import Heads
from analyzer.capture.icmp import Unreachable
from analyzer.capture.model import (
    CaptureAccount,
    Consumer,
    OpenDatagrams,
    OpenStream,
    PacketIndex,
    Stream,
)
from analyzer.capture.tshark_lines import LineReader, Transport, columns
from analyzer.capture.tshark_sealed import SealedStreams
from analyzer.capture.tshark_tls import PlainStreams
from dissectors.records import NamedTuple

BLOCK_PACKETS = 8192
BLOCK_BYTES = 1 << 22
"""A block is full with so many packets, or bytes of payload."""

_TCP = 6


_Consumer = TypeVar("_Consumer")


class Consumers(NamedTuple):
    """Who takes the streams, as for `StreamEngine`; `decrypted` takes the plain bytes inside TLS."""

    stream: OpenStream
    datagrams: OpenDatagrams
    decrypted: OpenStream
    reopen: Heads
    wants_datagram: Heads
    watch: Callable[[PacketIndex], None] = lambda _index: None  # shown all that was sent


class PlainAndSealed:
    """Both stream engines: of what was sent, and of what was decrypted."""

    def __init__(self, account: CaptureAccount, consumers: Consumers) -> None:
        self._tcp, self._udp = Numbers(), Numbers()
        self._sent = StreamEngine(
            account,
            self._tcp.translated(consumers.stream),
            self._udp.translated(consumers.datagrams),
            reopen=consumers.reopen,
            wants_datagram=consumers.wants_datagram,
        )
        self._decrypted = StreamEngine(
            CaptureAccount(),
            self._tcp.translated(_unnumbered(consumers.decrypted)),
            lambda _stream: None,
            reopen=consumers.reopen,
        )
        self._watch = consumers.watch
        self._lines = LineReader(account)
        self._sealed = SealedStreams()
        self._plain = PlainStreams()
        self._sent_packets: list[Transport] = []
        self._plain_packets: list[Transport] = []
        self._unreachable: list[Unreachable] = []
        self._size = 0

    def feed(self, text: str) -> None:
        """Take whole lines."""
        for line in text.splitlines():
            said = self._lines.read(line)
            if said is not None and said.unreachable is not None:
                self._unreachable.append(said.unreachable)
            if said is None or not said.packets:
                continue
            for packet in said.packets:
                numbers = self._tcp if packet.proto == _TCP else self._udp
                numbers.see(packet.stream, packet.frame)
                self._size += len(packet.payload)
            self._sent_packets += said.packets
            if said.packets[0].proto == _TCP:
                self._plain_packets += self._plain.packets(said)
                self._sealed.see(said)
            if len(self._sent_packets) >= BLOCK_PACKETS or self._size >= BLOCK_BYTES:
                self._flush()

    def _flush(self, *, at_end: bool = False) -> None:
        for event in self._sealed.events(at_end=at_end):
            self._plain_packets += self._plain.befallen(event)
        self._plain_packets.sort(key=_frame)  # plain bytes of a frame stay before its events
        if self._sent_packets or self._unreachable:
            index = columns(self._sent_packets, self._unreachable)
            self._sent.feed(index)
            self._watch(index)
            self._sent_packets.clear()
            self._unreachable.clear()
        if self._plain_packets:
            self._decrypted.feed(columns(self._plain_packets))
            self._plain_packets.clear()
        self._size = 0

    def finish(self) -> None:
        """Tell all streams that the capture ends."""
        self._flush(at_end=True)
        self._sent.finish()
        self._decrypted.finish()


def _unnumbered(consumer: OpenStream) -> OpenStream:
    """The same consumer, shown no sequence numbers: those of decrypted bytes are made up."""

    def opened(stream: Stream) -> Consumer | None:
        return consumer(replace(stream, client_seq=None, server_seq=None))

    return opened


def _frame(packet: Transport) -> int:
    return packet.frame


class Numbers:
    """Wireshark's numbers of conversations by the frame in which each begins."""

    def __init__(self) -> None:
        self._frames = array("q")
        self._ids = array("q")

    def see(self, number: int, frame: int) -> None:
        """Note where a conversation begins; Wireshark numbers them in that order."""
        if not self._ids or number > self._ids[-1]:
            self._ids.append(number)
            self._frames.append(frame)

    def at(self, frame: int) -> int | None:
        """The number of the conversation that begins in `frame`."""
        place = bisect_left(self._frames, frame)
        known = place < len(self._frames) and self._frames[place] == frame
        return self._ids[place] if known else None

    def translated(self, consumer: Callable[[Stream], _Consumer]) -> Callable[[Stream], _Consumer]:
        """The same consumer, shown streams under Wireshark's numbers."""

        def opened(stream: Stream) -> _Consumer:
            number = self.at(stream.first_frame)
            return consumer(stream if number is None else replace(stream, stream_id=number))

        return opened
