"""Decodes the plain packets of a block as columns: link header, IP without extras, TCP or UDP.

Headers of one kind are gathered in one copy. The gather of a short packet reaches into what follows it, so
every decision is masked by the packet's length.

Spec: IEEE 802.3, 802.1Q; tcpdump.org/linktypes.html; RFC 791, 8200, 9293, 768.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.icmp import UNREACHABLE
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
Rows = NDArray[np.intp] | slice
"""A slice, which copies nothing, if it is all of them."""

MAX_VLAN_TAGS = 3
"""A packet with more goes the slow path."""

_WALK = 0
"""Stands for an EtherType where only the slow path can tell."""
_IPV4, _IPV6 = 0x0800, 0x86DD
_ETHER_TYPE_AT = {"ethernet": (14, 12), "linux-cooked": (16, 14), "linux-cooked-2": (20, 0)}
"""Size of the link header, place of its EtherType."""
_BY_VERSION = np.full(16, _WALK, np.uint16)
_BY_VERSION[4], _BY_VERSION[6] = _IPV4, _IPV6

_TRANSPORT_HEADER = np.dtype(
    [
        ("source_port", ">u2"),
        ("destination_port", ">u2"),
        ("seq", ">u4"),  # UDP: length, checksum
        ("ack", ">u4"),
        ("data_offset", "u1"),
        ("flags", "u1"),
    ]
)
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
    ]
)


def decode_plain(block: RecordBlock, index: PacketIndex, decoded: Flags) -> tuple[Flags, int]:
    """Fill `index` where a row is plain; return the slow path's rows and the count of not-IP."""
    skip, ether_type = _find_ip(block)
    captured = block.cap_len - skip
    found = _Found(block.buffer, block.offset + skip, captured, block.wire_len - skip)
    np.maximum(found.room, captured, out=found.room)
    inside = captured >= 0  # else the link header itself is incomplete
    others = np.ones(len(block), np.bool_)
    for number, read in ((_IPV4, _read_ipv4), (_IPV6, _read_ipv6)):
        mask = ether_type == number
        mask &= inside
        if mask.any():
            others &= ~mask
            read(found, slice(None) if mask.all() else np.flatnonzero(mask), index)
    decoded[:], alien = _read_transport(found, index)
    slow = ~(others | decoded | alien)
    if not others.any():
        return slow, 0
    walked = others & (~inside | (ether_type <= 1500) | _WALKED[ether_type])
    slow |= walked
    return slow, int(np.count_nonzero(others & ~walked))


class _Found:
    """Columns of a block: where IP headers start, how much from there on was captured and was on the wire.

    What the headers tell is put beside it; `ip_size` stays 0 where there is none.
    """

    def __init__(self, buffer: bytes, start: Integers, captured: Integers, room: Integers) -> None:
        self.buffer = buffer
        self.start = start
        self.captured = captured
        self.room = room
        self.ip_size = np.zeros(len(start), np.int64)
        self.length = np.zeros(len(start), np.int64)  # of the IP packet
        self.protocol = np.zeros(len(start), np.uint8)
        self.whole = np.zeros(len(start), np.bool_)  # no options, no fragment


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
            tagged = np.flatnonzero(_TAGGED[ether_type])
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


def _read_ipv4(found: _Found, rows: Rows, index: PacketIndex) -> None:
    header, room = _gather(found.buffer, found.start[rows], _IPV4_HEADER), found.room[rows]
    length = header["total_length"].astype(np.int64)
    offload = length == 0
    if offload.any():
        length[offload] = room[offload]
    found.length[rows] = np.minimum(length, room, out=length)
    found.ip_size[rows] = 20
    found.protocol[rows] = header["protocol"]
    found.whole[rows] = (header["version_ihl"] == 0x45) & (header["fragment"] & 0x3FFF == 0)
    index.src_hi[rows] = index.dst_hi[rows] = 0
    index.src_lo[rows] = header["source"] | np.uint64(IPV4_MAPPED)
    index.dst_lo[rows] = header["destination"] | np.uint64(IPV4_MAPPED)


def _read_ipv6(found: _Found, rows: Rows, index: PacketIndex) -> None:
    header, room = _gather(found.buffer, found.start[rows], _IPV6_HEADER), found.room[rows]
    length = header["payload_length"].astype(np.int64)
    offload = length == 0
    length += 40
    length[offload] = room[offload]
    found.length[rows] = np.minimum(length, room, out=length)
    found.ip_size[rows] = 40
    found.protocol[rows] = header["protocol"]
    found.whole[rows] = header["version"] >> 4 == 6
    index.src_hi[rows], index.src_lo[rows] = header["source_hi"], header["source_lo"]
    index.dst_hi[rows], index.dst_lo[rows] = header["destination_hi"], header["destination_lo"]


def _read_transport(found: _Found, index: PacketIndex) -> tuple[Flags, Flags]:
    """Fill columns; tell where TCP or UDP is whole and sound, and where IP carries what is of no interest.

    All are taken for TCP at first, then UDP, which is rarer, is put right; others are not good.
    """
    captured, length, ip_size, protocol = (
        found.captured,
        found.length,
        found.ip_size,
        found.protocol,
    )
    header = _gather(found.buffer, found.start + ip_size, _TRANSPORT_HEADER)
    seq, ack, flags = index.tcp_seq, index.tcp_ack, index.tcp_flags
    seq[:], ack[:], port = header["seq"], header["ack"], header["destination_port"]
    np.bitwise_and(header["flags"], np.uint8(TCP_FLAGS), out=flags)
    size = (header["data_offset"] >> 4).astype(np.int64)
    size <<= 2
    behind = captured - ip_size
    good = protocol == 6
    good &= size >= 20
    good &= behind >= 14  # if the capture ends there, the payload is missing
    payload = size + ip_size
    end = length
    udp = np.flatnonzero(protocol == 17)
    if len(udp):
        end = length.copy()
        payload[udp] = ip_size[udp] + 8
        end[udp] = last = ip_size[udp] + (seq[udp] >> 16)
        good[udp] = (behind[udp] >= 8) & (last <= length[udp]) & ~_UDP_TUNNEL[port[udp]]
        seq[udp] = ack[udp] = flags[udp] = 0
    good &= payload <= end
    good &= found.whole
    index.proto[:] = protocol
    index.src_port[:], index.dst_port[:] = header["source_port"], port
    np.add(found.start, payload, out=index.payload_offset)
    np.subtract(end, payload, out=index.payload_wire_len)
    there = np.minimum(captured, end)
    there -= payload
    np.maximum(there, 0, out=index.payload_len)
    return good, _not_followed(found, good, header["source_port"])


def _not_followed(found: _Found, good: Flags, port: Column) -> Flags:
    """Where IP carries what is of no interest; errors that quote a packet go the slow path."""
    alien = found.whole & ~good
    some = np.flatnonzero(alien)
    if len(some):
        size, carries = found.ip_size[some], found.protocol[some]
        is_6 = (size == 40).astype(np.intp)
        short = (found.captured[some] < size) | (found.length[some] < size)
        error = (carries == _ERROR_PROTOCOL[is_6]) & (port[some] >> 8 == _ERROR_KIND[is_6])
        alien[some[short | error | _FOLLOWED[is_6, carries]]] = False
    return alien


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


def _table(numbers: Iterable[int], size: int = 1 << 8) -> Flags:
    table = np.zeros(size, np.bool_)
    table[list(numbers)] = True
    return table


_FOLLOWED = np.stack([_table(IPV4_PROTOCOLS), _table(IPV6_PROTOCOLS)])
_ERROR_PROTOCOL, _ERROR_KIND = np.array([UNREACHABLE[4], UNREACHABLE[6]]).T
_TAGGED = _table(VLAN_TAGS, 1 << 16)
_WALKED = _table((number for number, name in ETHER_TYPES.items() if name != "ip"), 1 << 16)
_UDP_TUNNEL = _table(UDP_TUNNELS, 1 << 16)
