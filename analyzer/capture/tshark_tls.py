"""What Wireshark decrypted of TLS connections, as TCP streams of their own.

Each record's plain bytes belong to the frame in which the record was complete. They become a second
stream beside the encrypted one: made-up sequence numbers count the plain bytes, and begin with Wireshark's
number of the connection, so that the same rules number both alike.

Not handled: DTLS and QUIC; a connection of which a part is missing ends where Wireshark has to give up.
"""

from __future__ import annotations

from collections import OrderedDict

from analyzer.capture.streams import ACK, FIN, RST, SYN
from analyzer.capture.tshark_lines import Line, Transport

_MODULUS = 0xFFFF_FFFF
CONNECTIONS = 65_536
"""Decrypted connections that are counted at once; the one silent for longest is forgotten."""


class PlainStreams:
    """Makes the packets of the plain streams, line by line."""

    def __init__(self) -> None:
        self._sent: OrderedDict[int, dict[tuple[int, ...], int]] = OrderedDict()
        """Connection -> direction -> plain bytes so far."""

    def packets(self, line: Line) -> list[Transport]:
        """What a line adds: decrypted bytes, and how connections begin and end."""
        made = []
        for packet in line.packets:
            plain = line.decrypted if packet is line.packets[-1] else b""
            if packet.flags & SYN:
                start = packet.stream & _MODULUS
                made.append(self._made(packet, b"", start, packet.flags & (SYN | ACK)))
            elif plain or (packet.stream in self._sent and packet.flags & (FIN | RST)):
                made.append(self._follow(packet, plain))
        return made

    def _follow(self, packet: Transport, plain: bytes) -> Transport:
        directions = self._sent.setdefault(packet.stream, {})
        self._sent.move_to_end(packet.stream)
        if len(self._sent) > CONNECTIONS:
            self._sent.popitem(last=False)
        sent = directions.get(packet.ends, 0)
        directions[packet.ends] = sent + len(plain)
        return self._made(
            packet, plain, (packet.stream + 1 + sent) & _MODULUS, packet.flags & (FIN | RST)
        )

    @staticmethod
    def _made(packet: Transport, plain: bytes, seq: int, flags: int) -> Transport:
        ack = (packet.stream + 1) & _MODULUS if flags & ACK else 0
        return packet._replace(payload=plain, wire_len=len(plain), seq=seq, ack=ack, flags=flags)
