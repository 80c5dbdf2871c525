"""Finds TCP and UDP in a block of records: plain packets as numpy columns, the rest one at a time.

The header at a row's offset is gathered with its neighbours' bytes in one copy; as a short packet's
gather reaches into what follows it, every decision is masked by the packet's own length.

Spec: RFC 791, 8200, 9293, 768; IEEE 802.3, 802.1Q; tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.defrag import DEFAULT_LIMITS, Defragmenter, FragmentLimits
from analyzer.capture.ip_layer import TCP_FLAGS
from analyzer.capture.model import CaptureAccount, CaptureLoss, PacketIndex, RecordBlock
from analyzer.capture.packet import (
    DECODED,
    ETHER_TYPES,
    FRAGMENT,
    IP_FAMILIES,
    IPV4_MAPPED,
    IPV6_PROTOCOLS,
    LINK_TYPES,
    NO_TRANSPORT,
    NOT_IP,
    TOO_DEEP,
    UDP_TUNNELS,
    VLAN_TAGS,
    Packet,
)
from analyzer.capture.walk import walk

Columns = NDArray[Any]
Rows = NDArray[np.int64] | slice

MAX_VLAN_TAGS = 3  # more go the slow path
_WITH_ETHER_TYPE = {1: (14, 12), 113: (16, 14), 276: (20, 0)}  # header's size, place of its EtherType
_IPV4, _IPV6 = 0x0800, 0x86DD
_WALK = 0  # in place of an EtherType: the slow path decides
_PORTS = [
    ("source_port", ">u2"),
    ("destination_port", ">u2"),
    ("seq", ">u4"),  # UDP: length and checksum
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
        *_PORTS,
    ]
)
_IPV6_HEADER = np.dtype(
    [
        ("version_class_flow", ">u4"),
        ("payload_length", ">u2"),
        ("protocol", "u1"),
        ("hop_limit", "u1"),
        ("source_hi", ">u8"),
        ("source_lo", ">u8"),
        ("destination_hi", ">u8"),
        ("destination_lo", ">u8"),
        *_PORTS,
    ]
)


class PacketDecoder:
    """Decodes block after block; datagrams in fragments may span blocks."""

    def __init__(self, account: CaptureAccount, limits: FragmentLimits = DEFAULT_LIMITS) -> None:
        self._account = account
        self._defragmenter = Defragmenter(account, limits)
        self._first_too_deep: int | None = None

    def decode(self, block: RecordBlock) -> PacketIndex:
        """Return the block's TCP and UDP packets; account for all others."""
        index = _blank(block)
        decoded = np.zeros(len(block), np.bool_)
        start, ether_type = self._find_ip(block)
        cut = start > block.cap_len  # the link header itself is incomplete
        plain_4 = (ether_type == _IPV4) & ~cut
        plain_6 = (ether_type == _IPV6) & ~cut
        slow = np.zeros(len(block), np.bool_)
        if plain_4.any():
            _decode_ipv4(block, start, _rows(plain_4), index, decoded, slow)
        if plain_6.any():
            _decode_ipv6(block, start, _rows(plain_6), index, decoded, slow)
        others = ~(plain_4 | plain_6)
        if others.any():
            walked = others & (cut | _is_in(ether_type, _SLOW_TYPES) | (ether_type <= 1500))
            slow |= walked
            self._account.not_ip += int(np.count_nonzero(others & ~walked))
        if slow.any():
            self._walk(block, np.flatnonzero(slow), index, decoded)
        return index if decoded.all() else _select(index, decoded)

    def finish(self) -> None:
        """Close the account: datagrams that wait for fragments are lost."""
        self._defragmenter.finish()
        losses = self._account.losses
        for reason, count in sorted(self._account.undecoded.items()):
            if reason == TOO_DEEP:
                detail = "packets nested too deeply"
                losses.append(CaptureLoss(TOO_DEEP, detail, frame=self._first_too_deep, count=count))
            elif reason.startswith("link-type-"):
                detail = f"packets of {reason.replace('-', ' ')}"
                losses.append(CaptureLoss("unsupported-link-type", detail, count=count))

    def _walk(
        self, block: RecordBlock, rows: NDArray[np.int64], index: PacketIndex, decoded: Columns
    ) -> None:
        """Take the slow path for `rows`."""
        found: list[tuple[int, ...]] = []
        undecoded = self._account.undecoded
        for row, at, cap_len, wire_len, ts_ns, link_type in zip(
            rows.tolist(),
            block.offset[rows].tolist(),
            block.cap_len[rows].tolist(),
            block.wire_len[rows].tolist(),
            block.ts_ns[rows].tolist(),
            block.link_type[rows].tolist(),
            strict=True,
        ):
            frame = block.first_frame + row
            end = at + max(cap_len, wire_len)
            packet = Packet(block.buffer, at, at + cap_len, end, frame, ts_ns, self._defragmenter)
            outcome = walk(packet, link_type)
            if outcome == DECODED:
                found.append(_row(packet, row, index.extra))
            elif outcome == NOT_IP:
                self._account.not_ip += 1
            elif outcome not in {NO_TRANSPORT, FRAGMENT}:
                undecoded[outcome] = undecoded.get(outcome, 0) + 1
                if outcome == TOO_DEEP and self._first_too_deep is None:
                    self._first_too_deep = frame
        if found:
            where, *columns = zip(*found, strict=True)
            decoded[list(where)] = True
            for name, column in zip(_FILLED, columns, strict=True):
                getattr(index, name)[list(where)] = column


# -- link layer ------------------------------------------------------------------------------------


def _find_ip(block: RecordBlock) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """Return per row the size of the link header and the EtherType of what follows."""
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
    buffer: bytes, link_type: int, offset: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    if link_type in _WITH_ETHER_TYPE:
        size, place = _WITH_ETHER_TYPE[link_type]
        skip = np.full(len(offset), size)
        ether_type = _gather(buffer, offset + place, _U16).astype(np.uint16)
        for _ in range(MAX_VLAN_TAGS):
            tagged = np.flatnonzero(_is_in(ether_type, VLAN_TAGS))
            if not len(tagged):
                break
            ether_type[tagged] = _gather(buffer, offset[tagged] + skip[tagged] + 2, _U16)
            skip[tagged] += 4
        return skip, ether_type
    name = LINK_TYPES.get(link_type)
    size = 4 if name == "loopback" else 0
    skip = np.full(len(offset), size)
    if name not in {"loopback", "ip"}:
        return skip, np.full(len(offset), _WALK, np.uint16)
    version = _gather(buffer, offset + size, np.dtype("u1")) >> 4
    ether_type = np.choose(version, _BY_VERSION)
    if name == "loopback":
        family = _gather(buffer, offset, _U32).astype(np.uint32)
        is_ip = _is_in(family, IP_FAMILIES) | _is_in(family.byteswap(), IP_FAMILIES)
        ether_type[~is_ip] = _WALK
    return skip, ether_type
