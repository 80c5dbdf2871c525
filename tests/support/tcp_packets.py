"""Made-up TCP packets between two hosts, as the columns that the stream engine is fed with."""

from __future__ import annotations

import numpy as np

from analyzer.capture.model import PacketIndex

FIN, SYN, RST, ACK = 1, 2, 4, 16
CLIENT, SERVER = (10, 40_000), (20, 445)
MS = 1_000_000


def packet(sender, seq, data=b"", flags=ACK, ack=0, *, cut=0, ports=(40_000, 445), ts_ns=None):
    """One packet of a connection between 10.0.0.x and 10.0.0.y; `cut` bytes of it are not captured."""
    return sender, seq & 0xFFFF_FFFF, data, flags, ack & 0xFFFF_FFFF, cut, ports, ts_ns


def index_of(packets, first_frame):
    """Packet columns of a list of packets, 1 ms apart."""
    buffer = bytearray(b"\xee" * 3)
    rows = []
    for number, (sender, seq, data, flags, ack, cut, ports, ts_ns) in enumerate(packets):
        ends = [(10, ports[0]), (20, ports[1])]
        (src, sport), (dst, dport) = ends[sender], ends[1 - sender]
        frame = first_frame + number
        when = frame * MS if ts_ns is None else ts_ns
        captured = len(data) - cut
        rows.append((frame, when, 6, 0, 0xFFFF_0A00_0000 + src, 0, 0xFFFF_0A00_0000 + dst, sport,
                     dport, len(buffer), captured, len(data), seq, ack, flags))  # fmt: skip
        buffer += data[:captured]
    names = ("frame", "ts_ns", "proto", "src_hi", "src_lo", "dst_hi", "dst_lo", "src_port", "dst_port",
             "payload_offset", "payload_len", "payload_wire_len", "tcp_seq", "tcp_ack", "tcp_flags")  # fmt: skip
    types = (
        "i8",
        "i8",
        "u1",
        "u8",
        "u8",
        "u8",
        "u8",
        "u2",
        "u2",
        "i8",
        "i8",
        "i8",
        "u4",
        "u4",
        "u1",
    )
    columns = zip(*rows, strict=True)
    arrays = {n: np.array(c, t) for n, t, c in zip(names, types, columns, strict=True)}
    return PacketIndex(buffer=bytes(buffer + bytes(128)), **arrays)


def handshake(isns):
    """SYN, SYN/ACK, ACK."""
    return [
        packet(0, isns[0], flags=SYN),
        packet(1, isns[1], flags=SYN | ACK, ack=isns[0] + 1),
        packet(0, isns[0] + 1, ack=isns[1] + 1),
    ]
