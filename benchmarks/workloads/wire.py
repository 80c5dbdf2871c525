"""Packets become bytes: records of a pcap with Ethernet, IP, TCP or UDP and payload.

The headers of one layout are one array of records; a capture has eight layouts. Checksums of TCP and UDP
are 0, as a capture on the sending host shows them; those of IPv4 are right.

Spec: draft-ietf-opsawg-pcap, RFC 791 3.1, RFC 8200 3, RFC 9293 3.1, RFC 768, RFC 7323 3.2.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from benchmarks.workloads.packets import Rows

FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1)
EPOCH_S = 1_790_000_000
"""Seconds since 1970 at which every capture starts."""

SHORTEST = 60  # of Ethernet's frames, without the check sequence
_RECORD = [("s", "<u4"), ("us", "<u4"), ("kept", "<u4"), ("wire", "<u4")]
_ETHERNET = [("to0", ">u2"), ("to", ">u4"), ("from0", ">u2"), ("from", ">u4"), ("type", ">u2")]
_IPV4 = [
    ("version", ">u2"), ("length", ">u2"), ("id", ">u2"), ("fragment", ">u2"), ("ttl", "u1"),
    ("protocol", "u1"), ("checksum", ">u2"), ("source", ">u4"), ("target", ">u4"),
]  # fmt: skip
_IPV6 = [
    ("version", ">u4"), ("length", ">u2"), ("protocol", "u1"), ("ttl", "u1"),
    ("source0", ">u4"), ("source1", ">u8"), ("source", ">u4"),
    ("target0", ">u4"), ("target1", ">u8"), ("target", ">u4"),
]  # fmt: skip
_PORTS = [("sport", ">u2"), ("dport", ">u2")]
_UDP = [("udp_length", ">u2"), ("udp_checksum", ">u2")]
_TCP = [
    ("seq", ">u4"), ("ack", ">u4"), ("words", "u1"), ("flags", "u1"), ("window", ">u2"),
    ("tcp_checksum", ">u2"), ("urgent", ">u2"),
]  # fmt: skip
_MSS = [("mss", ">u4")]
_STAMPS = [("stamps", ">u4"), ("value", ">u4"), ("echo", ">u4")]


def _layout(v6: bool, udp: bool, syn: bool, stamps: bool) -> np.dtype[np.void]:
    transport = _UDP if udp else _TCP + (_MSS if syn else []) + (_STAMPS if stamps else [])
    return np.dtype(_RECORD + _ETHERNET + (_IPV6 if v6 else _IPV4) + _PORTS + transport)


def encode(
    rows: Rows, heads: NDArray[np.uint8], bodies: NDArray[np.uint8]
) -> tuple[bytes, NDArray[np.int64]]:
    """Return the bytes of these packets and where each of their records begins."""
    code = rows["v6"] * 8 + rows["udp"] * 4 + (rows["syn"] & ~rows["udp"]) * 2
    code += rows["stamps"] & ~rows["udp"]
    layouts = {
        n: _layout(bool(n & 8), bool(n & 4), bool(n & 2), bool(n & 1)) for n in set(code.tolist())
    }
    header = np.zeros(16, np.int64)
    for n, layout in layouts.items():
        header[n] = layout.itemsize
    header_len = header[code]
    payload = rows["head_len"].astype(np.int64) + rows["body_len"]
    record = 16 + np.maximum(header_len - 16 + payload, SHORTEST)
    at = np.cumsum(record) - record
    out = np.zeros(int(record.sum()), np.uint8)
    for n, layout in layouts.items():
        mine = np.flatnonzero(code == n)
        made = _headers(rows[mine], payload[mine], record[mine] - 16, layout)
        places = at[mine][:, None] + np.arange(layout.itemsize)
        out[places] = made.view(np.uint8).reshape(len(mine), layout.itemsize)
    behind = at + header_len
    _copy(out, behind, heads, rows["head"], rows["head_len"])
    _copy(out, behind + rows["head_len"], bodies, rows["body"], rows["body_len"])
    return out.tobytes(), at


def _headers(
    rows: Rows, payload: NDArray[np.int64], kept: NDArray[np.int64], layout: np.dtype[np.void]
) -> NDArray[np.void]:
    made = np.zeros(len(rows), layout)
    names = layout.names or ()
    made["s"] = EPOCH_S + rows["time"] // 1_000_000_000
    made["us"] = rows["time"] % 1_000_000_000 // 1000
    made["kept"] = made["wire"] = kept
    made["to0"] = made["from0"] = 0x0200
    made["to"], made["from"] = rows["target"], rows["source"]
    made["sport"], made["dport"] = rows["sport"], rows["dport"]
    made["ttl"] = 64
    made["protocol"] = 6 if "seq" in names else 17
    whole = layout.itemsize - 30 + payload  # behind the record's and Ethernet's header
    if "checksum" in names:
        made["type"], made["version"], made["fragment"] = 0x0800, 0x4500, 0x4000
        made["length"] = whole
        made["id"] = (rows["seq"] ^ rows["ack"]) & 0xFFFF
        made["source"], made["target"] = (0x0A00_0000 + rows[n] for n in ("source", "target"))
        made["checksum"] = _checksum(made)
    else:
        made["type"], made["version"] = 0x86DD, 0x6000_0000
        made["length"] = whole - 40
        made["source0"] = made["target0"] = 0xFD77_0000
        made["source"], made["target"] = rows["source"], rows["target"]
    if "seq" in names:
        made["seq"], made["ack"], made["flags"] = rows["seq"], rows["ack"], rows["flags"]
        made["window"] = 64_240
        options = 4 * ("mss" in names) + 12 * ("stamps" in names)
        made["words"] = (20 + options) // 4 << 4
        if "mss" in names:
            made["mss"] = 0x0204_05B4
        if "stamps" in names:
            made["stamps"] = 0x0101_080A
            made["value"], made["echo"] = rows["time"] // 1_000_000 & 0xFFFF_FFFF, 1
    else:
        made["udp_length"] = 8 + payload
    return made


def _checksum(made: NDArray[np.void]) -> NDArray[np.int64]:
    total = np.zeros(len(made), np.int64)
    for name in ("version", "length", "id", "fragment"):
        total += made[name]
    total += made["ttl"].astype(np.int64) << 8 | made["protocol"]
    for name in ("source", "target"):
        address = made[name].astype(np.int64)
        total += (address >> 16) + (address & 0xFFFF)
    total = (total & 0xFFFF) + (total >> 16)
    folded: NDArray[np.int64] = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return folded


def _copy(
    out: NDArray[np.uint8],
    to: NDArray[np.int64],
    source: NDArray[np.uint8],
    at: NDArray[np.int64],
    length: NDArray[np.int32],
) -> None:
    """Copy stretches of different lengths."""
    some = np.flatnonzero(length)
    if len(some):
        size = length[some].astype(np.int64)
        out[ragged(to[some], size)] = source[ragged(at[some], size)]


def ragged(start: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """All places in stretches that begin at `start`."""
    end = np.cumsum(size)
    places: NDArray[np.int64] = np.repeat(start - (end - size), size) + np.arange(end[-1])
    return places
