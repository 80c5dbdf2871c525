"""Reads and writes capture files the plain way: a list of frames in, a pcapng or pcap out.

Written for the recipe only: it reads what tcpdump and `write_pcapng` write, nothing else, and the files it writes say
nothing about the machine they were made on.
Spec: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

import struct
from pathlib import Path
from typing import NamedTuple

ETHERNET = 1
SECTION, INTERFACE, ENHANCED, SECRETS = 0x0A0D0D0A, 1, 6, 10
TLS_KEY_LOG = 0x544C534B


class Frame(NamedTuple):
    """One frame: nanoseconds since 1970, the bytes kept, and how long it was on the wire."""

    ts_ns: int
    data: bytes
    wire_len: int


def read(path: Path) -> list[Frame]:
    """Return the frames of a little-endian nanosecond pcap, or of a pcapng that `write_pcapng` wrote."""
    raw = path.read_bytes()
    return _pcap(raw) if raw[:4] == b"\x4d\x3c\xb2\xa1" else _pcapng(raw)


def _pcap(raw: bytes) -> list[Frame]:
    frames, at = [], 24
    while at + 16 <= len(raw):
        seconds, nanos, kept, wire = struct.unpack_from("<IIII", raw, at)
        frames.append(Frame(seconds * 10**9 + nanos, raw[at + 16 : at + 16 + kept], wire))
        at += 16 + kept
    return frames


def _pcapng(raw: bytes) -> list[Frame]:
    frames, at = [], 0
    while at < len(raw):
        kind, length = struct.unpack_from("<II", raw, at)
        if kind == ENHANCED:
            high, low, kept, wire = struct.unpack_from("<IIII", raw, at + 12)
            frames.append(Frame(high << 32 | low, raw[at + 28 : at + 28 + kept], wire))
        at += length
    return frames


def write_pcapng(
    path: Path,
    frames: list[Frame],
    *,
    order: str = "<",
    snaplen: int = 0,
    tick: int = 1,
    key_log: bytes = b"",
) -> None:
    """Write one section with one Ethernet interface; `tick` nanoseconds per unit of time: 1 or 1000.

    A TLS key log goes into a Decryption Secrets Block in front of the packets.
    """
    resolution = _option(order, 9, bytes([9 if tick == 1 else 6]))
    section = (
        struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
        + _option(order, 4, b"captures/record")
        + bytes(4)
    )
    interface = struct.pack(order + "HHI", ETHERNET, 0, snaplen) + resolution + bytes(4)
    blocks = [_block(order, SECTION, section), _block(order, INTERFACE, interface)]
    if key_log:
        head = struct.pack(order + "II", TLS_KEY_LOG, len(key_log))
        blocks.append(_block(order, SECRETS, head + key_log + bytes(-len(key_log) % 4)))
    for ts_ns, data, wire_len in frames:
        time = ts_ns // tick
        head = struct.pack(order + "IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(data), wire_len)
        blocks.append(_block(order, ENHANCED, head + data + bytes(-len(data) % 4)))
    path.write_bytes(b"".join(blocks))


def _block(order: str, kind: int, body: bytes) -> bytes:
    length = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + length + body + length


def _option(order: str, code: int, value: bytes) -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)
