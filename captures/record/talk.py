"""Conversations made up packet by packet: who says what and when, over TCP or UDP, as frames of the lab's hosts.

Spec: RFC 791 3.1, RFC 8200 3 and 8.1, RFC 9293 3.1, RFC 768.
"""

import struct
from ipaddress import ip_address

from frames import Frame

START = 1_795_510_800 * 10**9  # 24 November 2026, 09:00 UTC
MILLISECOND = 10**6
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TCP, UDP = 6, 17
ICMP, ICMPV6 = 1, 58
HEADERS = {4: 14 + 20, 6: 14 + 40}


class Talk:
    """One client and one server; `at` is when it begins, in milliseconds from the start."""

    def __init__(
        self,
        server: str = "10.99.0.2",
        port: int = 80,
        *,
        client: str = "10.99.0.20",
        client_port: int = 40_001,
        at: int = 0,
    ) -> None:
        self.frames: list[Frame] = []
        self.at = at
        self._ends = (ip_address(client).packed, client_port), (ip_address(server).packed, port)
        self._next = [1000, 9000]

    def open(self) -> "Talk":
        """The three packets that begin a TCP connection."""
        self._segment(0, SYN)
        self._segment(1, SYN | ACK)
        self._segment(0, ACK)
        return self

    def client(self, data: bytes, *, after: int = 1) -> "Talk":
        """The client says `data`, `after` milliseconds later."""
        return self._say(0, data, after)

    def server(self, data: bytes, *, after: int = 1) -> "Talk":
        """The server says `data`, `after` milliseconds later."""
        return self._say(1, data, after)

    def close(self, side: int = 0, *, after: int = 1) -> "Talk":
        """One side ends the connection (0: the client), the other agrees."""
        self.at += after - 1
        self._segment(side, FIN | ACK)
        self._segment(1 - side, FIN | ACK)
        self._segment(side, ACK)
        return self

    def reset(self, side: int = 1) -> "Talk":
        """One side breaks the connection (1: the server)."""
        self._segment(side, RST | ACK)
        return self

    def datagrams(self, *said: bytes) -> "Talk":
        """UDP: the client and the server in turn."""
        for turn, data in enumerate(said):
            (_, source), (_, target) = self._ends[turn % 2], self._ends[1 - turn % 2]
            self._frame(
                turn % 2, UDP, struct.pack(">HHHH", source, target, 8 + len(data), 0) + data
            )
        return self

    def _say(self, side: int, data: bytes, after: int) -> "Talk":
        self.at += after - 1
        for at in range(0, len(data), 1400):
            self._segment(side, PSH | ACK, data[at : at + 1400])
        self._segment(1 - side, ACK)
        return self

    def _segment(self, side: int, flags: int, data: bytes = b"") -> None:
        (_, source), (_, target) = self._ends[side], self._ends[1 - side]
        acknowledged = self._next[1 - side] if flags & ACK else 0
        head = struct.pack(
            ">HHIIBBHHH", source, target, self._next[side], acknowledged, 0x50, flags, 64_000, 0, 0
        )
        self._frame(side, TCP, head + data)
        self._next[side] += len(data) + bool(flags & (SYN | FIN))

    def _frame(self, side: int, proto: int, body: bytes) -> None:
        (source, _), (target, _) = self._ends[side], self._ends[1 - side]
        if len(source) == 4:
            head = (
                struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0x4000, 64, proto, 0)
                + source
                + target
            )
            kind = b"\x08\x00"
        else:
            head = struct.pack(">IHBB", 6 << 28, len(body), proto, 64) + source + target
            kind = b"\x86\xdd"
        macs = b"".join(
            bytes.fromhex("0299000000") + bytes([_number(address)]) for address in (target, source)
        )
        data = with_checksums(macs + kind + head + body)
        self.frames.append(Frame(START + self.at * MILLISECOND, data, len(data)))
        self.at += 1


def _number(address: bytes) -> int:
    """The host's number in the lab: the last byte of its MAC address."""
    return address[3] if len(address) == 4 else int(f"{address[15]:x}")


def merged(*talks: Talk) -> list[Frame]:
    """All frames in order of time."""
    return sorted((frame for talk in talks for frame in talk.frames), key=lambda frame: frame.ts_ns)


def with_checksums(data: bytes) -> bytes:
    """The Ethernet frame with the checksums of IP (without options) and of what it carries put right."""
    frame, version = bytearray(data), data[14] >> 4
    at = HEADERS[version]
    if version == 4:
        frame[24:26] = bytes(2)
        frame[24:26] = _checksum(frame[14:34]).to_bytes(2, "big")
        proto, ends = frame[23], bytes(frame[26:34])
    else:
        proto, ends = frame[20], bytes(frame[22:54])
    place = at + {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}[proto]
    frame[place : place + 2] = bytes(2)
    pseudo = ends + struct.pack(">II", len(frame) - at, proto) if proto != ICMP else b""
    frame[place : place + 2] = (_checksum(pseudo + frame[at:]) or 0xFFFF).to_bytes(2, "big")
    return bytes(frame)


def _checksum(data: bytes) -> int:
    data = bytes(data) + bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
