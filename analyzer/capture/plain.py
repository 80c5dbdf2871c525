"""Decodes the plain packets of a block as columns: link header, IP without extras, TCP or UDP.

The header at a row's offset is gathered together with the bytes behind it in one copy. The gather
of a short packet reaches into what follows it, so every decision is masked by the packet's length.

Spec: IEEE 802.3, 802.1Q; tcpdump.org/linktypes.html; RFC 791, 8200, 9293, 768.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.packet import (
    ETHER_TYPES,
    IP_FAMILIES,
    IPV4_MAPPED,
    IPV4_PROTOCOLS,
    IPV6_PROTOCOLS,
    LINK_TYPES,
    TCP_FLAGS,
    UDP_TUNNELS,
    VLAN_TAGS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.capture.model import PacketIndex, RecordBlock

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Column = NDArray[Any]

MAX_VLAN_TAGS = 3
"""A packet with more goes the slow path."""

_WALK = 0
"""Stands for an EtherType where only the slow path can tell."""
_IPV4, _IPV6 = 0x0800, 0x86DD
_ETHER_TYPE_AT = {"ethernet": (14, 12), "linux-cooked": (16, 14), "linux-cooked-2": (20, 0)}
"""Size of the link header, place of its EtherType."""
_BY_VERSION = np.full(16, _WALK, np.uint16)
_BY_VERSION[4], _BY_VERSION[6] = _IPV4, _IPV6
_WALK_TYPES = tuple(number for number, name in ETHER_TYPES.items() if name != "ip")

_TRANSPORT = [
    ("source_port", ">u2"),
    ("destination_port", ">u2"),
    ("seq", ">u4"),  # UDP: length, checksum
    ("ack", ">u4"),
    ("data_offset", "u1"),
    ("flags", "u1"),
]
_IPV4_HEADER = np.dtype(
    [
        ("version_ihl", "u1"),
        ("tos", "u1"),
        ("total_length", ">u2"),
        ("identification", ">u2"),
        ("fragment", ">u2"),
        ("ttl", "u1"),
        ("protocol", "u1"),
        ("checksum", ">u2"),
        ("source", ">u4"),
        ("destination", ">u4"),
        *_TRANSPORT,
    ]
)
_IPV6_HEADER = np.dtype(
    [
        ("version", "u1"),
        ("class_flow", "V3"),
        ("payload_length", ">u2"),
        ("protocol", "u1"),
        ("hop_limit", "u1"),
        ("source_hi", ">u8"),
        ("source_lo", ">u8"),
        ("destination_hi", ">u8"),
        ("destination_lo", ">u8"),
        *_TRANSPORT,
    ]
)


def decode_plain(block: RecordBlock, index: PacketIndex, decoded: Flags) -> tuple[Flags, int]:
    """Fill `index` where a row is plain; return the slow path's rows and the count of not-IP."""
    slow = np.zeros(len(block), np.bool_)
    skip, ether_type = _find_ip(block)
    inside = skip <= block.cap_len  # else the link header itself is incomplete
    others = np.ones(len(block), np.bool_)
    for number, decode in ((_IPV4, _decode_ipv4), (_IPV6, _decode_ipv6)):
        mask = inside & (ether_type == number)
        if mask.any():
            others &= ~mask
            found = _locate(block, skip, mask)
            good, alien = decode(block.buffer, found, index)
            decoded[found.rows] = good
            slow[found.rows] = ~(good | alien)
    walked = others & (~inside | (ether_type <= 1500) | _is_in(ether_type, _WALK_TYPES))
    slow |= walked
    return slow, int(np.count_nonzero(others & ~walked))


@dataclass(slots=True)
class _Found:
    """Rows with an IP header at `start`, of which so much was captured and was on the wire."""

    rows: Integers | slice  # a slice, which copies nothing, if it is all of them
    start: Integers
    captured: Integers
    room: Integers


def _locate(block: RecordBlock, skip: Integers, mask: Flags) -> _Found:
    rows = slice(None) if mask.all() else np.flatnonzero(mask)
    captured = block.cap_len[rows] - skip[rows]
    room = np.maximum(block.wire_len[rows] - skip[rows], captured)
    return _Found(rows, block.offset[rows] + skip[rows], captured, room)


def _find_ip(block: RecordBlock) -> tuple[Integers, NDArray[np.uint16]]:
    """Return per row the size of the link header and the EtherType of what follows it."""
    first = block.link_type[0]
    if (block.link_type == first).all():
        return _read_link(block.buffer, int(first), block.offset)
    skip = np.empty(len(block), np.int64)
    ether_type = np.empty(len(block), np.uint16)
    for link_type in np.unique(block.link_type).tolist():
        rows = np.flatnonzero(block.link_type == link_type)
        skip[rows], ether_type[rows] = _read_link(block.buffer, link_type, block.offset[rows])
    return skip, ether_type


def _read_link(
    buffer: bytes, link_type: int, offset: Integers
) -> tuple[Integers, NDArray[np.uint16]]:
    name = LINK_TYPES.get(link_type, "")
    if name in _ETHER_TYPE_AT:
        size, place = _ETHER_TYPE_AT[name]
        skip = np.full(len(offset), size, np.int64)
        ether_type = _gather(buffer, offset + place, ">u2").astype(np.uint16)
        for _ in range(MAX_VLAN_TAGS):
            tagged = np.flatnonzero(_is_in(ether_type, VLAN_TAGS))
            if not len(tagged):
                break
            ether_type[tagged] = _gather(buffer, offset[tagged] + skip[tagged] + 2, ">u2")
            skip[tagged] += 4
        return skip, ether_type
    size = 4 if name == "loopback" else 0
    skip = np.full(len(offset), size, np.int64)
    if name not in {"loopback", "ip"}:
        return skip, np.full(len(offset), _WALK, np.uint16)
    ether_type = _BY_VERSION[_gather(buffer, offset + size, "u1") >> 4]
    if name == "loopback":
        family = _gather(buffer, offset, ">u4").astype(np.uint32)
        known = _is_in(family, IP_FAMILIES) | _is_in(family.byteswap(), IP_FAMILIES)
        ether_type[~known] = _WALK
    return skip, ether_type


def _decode_ipv4(buffer: bytes, found: _Found, index: PacketIndex) -> tuple[Flags, Flags]:
    """Fill columns; return where they are good and where IP carries another protocol."""
    rows = found.rows
    header = _gather(buffer, found.start, _IPV4_HEADER)
    total = header["total_length"].astype(np.int64)
    length = np.minimum(np.where(total == 0, found.room, total), found.room)  # 0: offload
    whole = (header["version_ihl"] == 0x45) & (header["fragment"] & 0x3FFF == 0)
    index.src_lo[rows] = header["source"] | np.uint64(IPV4_MAPPED)
    index.dst_lo[rows] = header["destination"] | np.uint64(IPV4_MAPPED)
    good = whole & _decode_transport(header, 20, found, length, index)
    alien = whole & (found.captured >= 20) & (length >= 20)
    return good, alien & ~_IPV4_FOLLOWED[header["protocol"]]


def _decode_ipv6(buffer: bytes, found: _Found, index: PacketIndex) -> tuple[Flags, Flags]:
    """Fill columns; return where they are good and where IP carries another protocol."""
    rows = found.rows
    header = _gather(buffer, found.start, _IPV6_HEADER)
    payload = header["payload_length"].astype(np.int64)
    length = np.minimum(np.where(payload == 0, found.room, payload + 40), found.room)
    version = header["version"] >> 4 == 6
    index.src_hi[rows], index.src_lo[rows] = header["source_hi"], header["source_lo"]
    index.dst_hi[rows], index.dst_lo[rows] = header["destination_hi"], header["destination_lo"]
    good = version & _decode_transport(header, 40, found, length, index)
    return good, version & (found.captured >= 40) & ~_IPV6_FOLLOWED[header["protocol"]]


def _decode_transport(
    header: Column, ip_size: int, found: _Found, length: Integers, index: PacketIndex
) -> Flags:
    """Fill columns; true where the header is whole and sound and no tunnel begins behind it."""
    rows, captured = found.rows, found.captured
    tcp, udp = header["protocol"] == 6, header["protocol"] == 17
    seq, destination_port = header["seq"].astype(np.uint32), header["destination_port"]
    data_offset = (header["data_offset"] >> 4) * np.int64(4)
    payload = np.where(tcp, data_offset, 8) + ip_size
    end = np.where(tcp, length, (seq >> 16) + np.int64(ip_size))
    good = (payload <= end) & (end <= length)
    good &= np.where(tcp, data_offset >= 20, udp)
    good &= captured >= np.where(tcp, ip_size + 14, ip_size + 8)
    good &= ~(udp & _is_in(destination_port, UDP_TUNNELS))
    index.proto[rows] = header["protocol"]
    index.src_port[rows], index.dst_port[rows] = header["source_port"], destination_port
    index.payload_offset[rows] = found.start + payload
    index.payload_wire_len[rows] = end - payload
    index.payload_len[rows] = np.maximum(np.minimum(captured, end) - payload, 0)
    index.tcp_seq[rows] = np.where(tcp, seq, 0)
    index.tcp_ack[rows] = np.where(tcp, header["ack"], 0)
    index.tcp_flags[rows] = np.where(tcp, header["flags"] & TCP_FLAGS, 0)
    return good


def _gather(buffer: bytes, at: Integers, dtype: np.dtype[Any] | str) -> Column:
    """Copy one value or header per offset; it need not be aligned."""
    item = np.dtype(dtype)
    view = np.ndarray((len(buffer) - item.itemsize + 1,), f"V{item.itemsize}", buffer, 0, (1,))
    return view[at].view(item)


def _is_in(column: Column, values: Iterable[int]) -> Flags:
    found = np.zeros(len(column), np.bool_)
    for value in values:
        found |= column == value
    return found


def _table(protocols: Iterable[int]) -> Flags:
    table = np.zeros(256, np.bool_)
    table[list(protocols)] = True
    return table


_IPV4_FOLLOWED = _table(IPV4_PROTOCOLS)
_IPV6_FOLLOWED = _table(IPV6_PROTOCOLS)
