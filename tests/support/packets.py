"""Packets for tests: read from captures, taken apart, put together, made up, written as files.

Spec: RFC 791, RFC 8200, RFC 9293, draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import NamedTuple

from analyzer.capture.inputs import Input
from analyzer.capture.model import NO_LINK, NO_TIME, CaptureAccount
from analyzer.capture.reader import open_capture

ETHERNET = 1
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
IPV4, IPV6 = b"\x08\x00", b"\x86\xdd"
LINK_HEADERS = {ETHERNET: 14, 113: 16, 276: 20, 12: 0, 14: 0, 101: 0}
"""Bytes before the IP header by link type (without VLAN tags); other link types are left alone."""


class Packet(NamedTuple):
    """One packet of a capture."""

    data: bytes
    ts_ns: int = 1_700_000_000_000_000_000
    wire_len: int = -1
    link_type: int = ETHERNET

    @property
    def missing(self) -> int:
        """Bytes cut by the snap length."""
        return max(self.wire_len - len(self.data), 0)


class Datagram(NamedTuple):
    """A packet taken apart at its IP header; what follows the datagram in the frame is dropped."""

    packet: Packet
    link: bytes
    header: bytes  # IPv4 with its options, or the fixed IPv6 header
    proto: int
    body: bytes

    @property
    def version(self) -> int:
        return self.header[0] >> 4

    @property
    def src(self) -> bytes:
        return self.header[12:16] if self.version == 4 else self.header[8:24]

    @property
    def dst(self) -> bytes:
        return self.header[16:20] if self.version == 4 else self.header[24:40]

    def build(self, body: bytes | None = None, **changes: int) -> Packet:
        """The packet again, with another body; `flags_offset`: of an IPv4 fragment; `length`: as told."""
        body = self.body if body is None else body
        header, cut = bytearray(self.header), self.packet.missing
        if self.version == 4:
            struct.pack_into(">H", header, 2, changes.get("length", len(header) + len(body) + cut))
            if "flags_offset" in changes:
                struct.pack_into(">HH", header, 4, changes["ident"], changes["flags_offset"])
            struct.pack_into(">H", header, 10, 0)
            struct.pack_into(">H", header, 10, checksum(bytes(header)))
        else:
            struct.pack_into(">H", header, 4, len(body) + cut)
        data = self.link + bytes(header) + body
        return self.packet._replace(data=data, wire_len=len(data) + cut)


class Segment(NamedTuple):
    """A datagram that holds a TCP segment, taken apart."""

    datagram: Datagram
    head: bytes  # TCP header with options
    payload: bytes

    @property
    def sender(self) -> tuple[bytes, bytes]:
        """What tells one direction of a connection from all others: both addresses, both ports."""
        return self.datagram.src + self.datagram.dst, self.head[:4]

    @property
    def receiver(self) -> tuple[bytes, bytes]:
        return self.datagram.dst + self.datagram.src, self.head[2:4] + self.head[:2]

    @property
    def seq(self) -> int:
        return int.from_bytes(self.head[4:8], "big")

    @property
    def ack(self) -> int:
        return int.from_bytes(self.head[8:12], "big")

    @property
    def flags(self) -> int:
        return self.head[13]

    @property
    def whole(self) -> bool:
        """All of it was captured."""
        return not self.datagram.packet.missing

    def build(
        self,
        payload: bytes | None = None,
        *,
        seq: int | None = None,
        ack: int | None = None,
        flags: int | None = None,
    ) -> Packet:
        """The packet again, changed."""
        head = bytearray(self.head)
        struct.pack_into(
            ">II",
            head,
            4,
            (self.seq if seq is None else seq) & 0xFFFFFFFF,
            (self.ack if ack is None else ack) & 0xFFFFFFFF,
        )
        head[13] = self.flags if flags is None else flags
        body = bytes(head) + (self.payload if payload is None else payload)
        if self.whole:
            body = with_tcp_checksum(self.datagram.src + self.datagram.dst, body)
        return self.datagram.build(body)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def with_tcp_checksum(ends: bytes, body: bytes) -> bytes:
    """The segment with its checksum over pseudo header, header and payload."""
    body = body[:16] + b"\0\0" + body[18:]
    pseudo = ends + struct.pack(">II", len(body), 6)
    return body[:16] + checksum(pseudo + body).to_bytes(2, "big") + body[18:]


def datagram_of(packet: Packet) -> Datagram | None:
    """Take a packet apart; None if it holds no whole IPv4 or IPv6 datagram in a plain place."""
    data, at = packet.data, LINK_HEADERS.get(packet.link_type)
    if at is None:
        return None
    if packet.link_type == ETHERNET:
        while data[at - 2 : at] in {b"\x81\x00", b"\x88\xa8"}:
            at += 4
        if data[at - 2 : at] not in {IPV4, IPV6}:
            return None
    link, data = data[:at], data[at:]
    if len(data) >= 20 and data[0] >> 4 == 4:
        size = (data[0] & 15) * 4
        total = int.from_bytes(data[2:4], "big") or len(data)  # zero: segmentation offload
        if int.from_bytes(data[6:8], "big") & 0x3FFF or not size <= total:
            return None
        header, proto = data[:size], data[9]
    elif len(data) >= 40 and data[0] >> 4 == 6:
        size, total = 40, 40 + int.from_bytes(data[4:6], "big")
        header, proto = data[:40], data[6]
    else:
        return None
    packet = packet._replace(wire_len=at + max(total, len(data[:total])))
    return Datagram(
        packet._replace(data=link + data[:total]), link, header, proto, data[size:total]
    )


def is_fragment(packet: Packet) -> bool:
    """Whether a packet over Ethernet is a part of an IP datagram."""
    data = packet.data
    if data[12:14] == IPV4:
        return bool(int.from_bytes(data[20:22], "big") & 0x3FFF)
    return data[12:14] == IPV6 and data[20:21] == b"\x2c"


def segment_of(packet: Packet) -> Segment | None:
    """Take a TCP packet apart; None if it is none."""
    datagram = datagram_of(packet)
    if datagram is None or datagram.proto != 6 or len(datagram.body) < 20:
        return None
    size = (datagram.body[12] >> 4) * 4
    if not 20 <= size <= len(datagram.body):
        return None
    return Segment(datagram, datagram.body[:size], datagram.body[size:])


class Conversation:
    """A made-up TCP connection over Ethernet and IPv4: who says what, in order."""

    def __init__(
        self, port: int = 445, *, client_port: int = 40_000, client: int = 1, server: int = 1
    ) -> None:
        self.packets: list[Packet] = []
        self.ends = ((bytes([10, 0, 0, client]), client_port), (bytes([10, 0, 1, server]), port))
        self.next = [1000, 9000]
        self._packet(0, b"", SYN, 0)
        self.next[0] += 1
        self._packet(1, b"", SYN | ACK, 0)
        self.next[1] += 1
        self._packet(0, b"", ACK, 0)

    def client(self, data: bytes, mss: int = 1400) -> Conversation:
        """The client sends `data`."""
        return self._say(0, data, mss)

    def server(self, data: bytes, mss: int = 1400) -> Conversation:
        """The server sends `data`."""
        return self._say(1, data, mss)

    def close(self) -> Conversation:
        """Both sides end it, the server first."""
        for side in (1, 0):
            self._packet(side, b"", FIN | ACK, 0)
            self.next[side] += 1
        return self

    def _say(self, side: int, data: bytes, mss: int) -> Conversation:
        for at in range(0, len(data), mss):
            part = data[at : at + mss]
            self._packet(side, part, PSH | ACK, 0)
            self.next[side] += len(part)
        return self

    def _packet(self, side: int, data: bytes, flags: int, cut: int) -> None:
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        seq, ack = self.next[side] & 0xFFFFFFFF, self.next[1 - side] & 0xFFFFFFFF
        head = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 64_000, 0, 0)
        body = with_tcp_checksum(src + dst, head + data)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, 6, 0) + src + dst
        ip = ip[:10] + checksum(ip).to_bytes(2, "big") + ip[12:]
        frame = b"\x02" + bytes(4) + b"\x01\x02" + bytes(4) + b"\x02" + IPV4 + ip + body
        ts_ns = 1_700_000_000_000_000_000 + len(self.packets) * 1_000_000
        self.packets.append(Packet(frame, ts_ns, len(frame)))


# -- files ---------------------------------------------------------------------------------------------


def read_packets(path: Path) -> list[Packet]:
    """All packets of a capture."""
    found = []
    for block in open_capture(Input(str(path)), CaptureAccount()):
        rows = zip(
            block.offset, block.cap_len, block.ts_ns, block.wire_len, block.link_type, strict=True
        )
        for offset, size, ts_ns, wire_len, link_type in rows:
            if link_type == NO_LINK:
                continue
            when = 0 if ts_ns == NO_TIME else int(ts_ns)
            data = bytes(block.buffer[int(offset) : int(offset) + int(size)])
            found.append(Packet(data, when, int(wire_len), int(link_type)))
    return found


def pcap(packets: list[Packet], order: str = "<", *, nano: bool = False) -> bytes:
    """A pcap file."""
    magic, tick = (0xA1B23C4D, 1) if nano else (0xA1B2C3D4, 1000)
    link_type = packets[0].link_type if packets else ETHERNET
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262_144, link_type)]
    for packet in packets:
        seconds, rest = divmod(packet.ts_ns, 10**9)
        size = len(packet.data)
        head = struct.pack(order + "IIII", seconds, rest // tick, size, max(packet.wire_len, size))
        parts += [head, packet.data]
    return b"".join(parts)


def pcapng(packets: list[Packet], order: str = "<") -> bytes:
    """A pcapng file with one interface per link type, times in nanoseconds."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + length + body + length

    links = list(dict.fromkeys(packet.link_type for packet in packets)) or [ETHERNET]
    nanoseconds = struct.pack(order + "HHBxxxHH", 9, 1, 9, 0, 0)
    parts = [block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))]
    parts += [block(1, struct.pack(order + "HHI", link, 0, 0) + nanoseconds) for link in links]
    for packet in packets:
        size, when = len(packet.data), packet.ts_ns
        head = (links.index(packet.link_type), when >> 32, when & 0xFFFFFFFF, size)
        head += (max(packet.wire_len, size),)
        parts.append(block(6, struct.pack(order + "IIIII", *head) + packet.data))
    return b"".join(parts)
