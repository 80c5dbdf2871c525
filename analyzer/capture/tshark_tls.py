"""What Wireshark decrypted of TLS connections, as TCP streams of their own.

Each record's plain bytes belong to the frame in which the record was complete. They become a second
stream beside the encrypted one: made-up sequence numbers count the plain bytes, and begin with Wireshark's
number of the connection, so that the same rules number both alike. Where sealed bytes are lost, as many
plain ones count as lost: nothing that follows in this direction can be decrypted.

Not handled: DTLS and QUIC.
"""

from __future__ import annotations

from collections import OrderedDict

from analyzer.capture.streams import ACK, SYN
from analyzer.capture.tshark_lines import Line, Transport
from analyzer.capture.tshark_sealed import Event

_MODULUS = 0xFFFF_FFFF
CONNECTIONS = 65_536
"""Decrypted connections that are counted at once; the one silent for longest is forgotten."""


class PlainStreams:
    """Makes the packets of the plain streams, line by line."""

    def __init__(self) -> None:
        self._sent: OrderedDict[int, dict[tuple[int, ...], int]] = OrderedDict()
        """Connection -> direction -> plain bytes so far."""
        self._early: OrderedDict[int, list[Event]] = OrderedDict()
        """Connection -> what befell it before anything of it was decrypted."""

    def packets(self, line: Line) -> list[Transport]:
        """What a line adds: decrypted bytes, and how connections begin."""
        made = []
        for packet in line.packets:
            plain = line.decrypted if packet is line.packets[-1] else b""
            if packet.flags & SYN:
                start = packet.stream & _MODULUS
                made.append(self._made(packet, b"", start, packet.flags & (SYN | ACK)))
            elif plain:
                made.append(self._follow(packet, plain))
                early = self._early.pop(packet.stream, ())
                made += [packet for event in early for packet in self.befallen(event)]
        return made

    def befallen(self, event: Event) -> list[Transport]:
        """What an event of the sealed bytes means for the plain ones; put off while there are none."""
        packet = event.packet
        if packet.stream not in self._sent:
            self._early.setdefault(packet.stream, []).append(event)
            self._early.move_to_end(packet.stream)
            if len(self._early) > CONNECTIONS:
                self._early.popitem(last=False)
            return []
        packet = packet._replace(frame=event.frame, ts_ns=event.ts_ns)
        return [self._follow(packet, b"", event.flags, event.lost)]

    def _follow(self, packet: Transport, plain: bytes, flags: int = 0, lost: int = 0) -> Transport:
        directions = self._sent.setdefault(packet.stream, {})
        self._sent.move_to_end(packet.stream)
        if len(self._sent) > CONNECTIONS:
            self._sent.popitem(last=False)
        sent = directions.get(packet.ends, 0)
        directions[packet.ends] = sent + len(plain) + lost
        made = self._made(packet, plain, (packet.stream + 1 + sent) & _MODULUS, flags)
        return made._replace(wire_len=lost) if lost else made

    @staticmethod
    def _made(packet: Transport, plain: bytes, seq: int, flags: int) -> Transport:
        ack = (packet.stream + 1) & _MODULUS if flags & ACK else 0
        return packet._replace(payload=plain, wire_len=len(plain), seq=seq, ack=ack, flags=flags)
