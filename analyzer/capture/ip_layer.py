"""IPv4 and IPv6 headers, their fragments, TCP and UDP, one packet at a time.

Spec: RFC 791, 8200, 4302 (AH), 6946 (atomic fragments), 2675 (jumbograms), 9293 (TCP), 768 (UDP).
Checksums are not verified: on the sending host offload leaves them wrong.
"""

from __future__ import annotations

from struct import Struct

from analyzer.capture.defrag import MAX_DATAGRAM, Fragment, FragmentKey
from analyzer.capture.icmp import UNREACHABLE
from analyzer.capture.packet import (
    CUT,
    DECODED,
    ERROR,
    FRAGMENT,
    IPV4_MAPPED,
    IPV4_PROTOCOLS,
    IPV6_PROTOCOLS,
    NO_TRANSPORT,
    TCP_FLAGS,
    TOO_DEEP,
    UDP_TUNNELS,
    Packet,
    Step,
)

MAX_IP_LAYERS = 8
IPV6_FRAGMENT = 44

_IPV4 = Struct(">BxHHHxBxxII").unpack_from
_IPV6 = Struct(">4xHBxQQQQ").unpack_from
_IPV6_FRAGMENT = Struct(">BxHI").unpack_from
_TCP = Struct(">HHIIBB").unpack_from
_UDP = Struct(">HHH").unpack_from


def ip(packet: Packet) -> str:
    """Take either version, by the first four bits."""
    if reason := packet.lacks(1, "bad-ip-header"):
        return reason
    packet.ip_layers += 1
    if packet.ip_layers > MAX_IP_LAYERS:
        return TOO_DEEP
    version = packet.data[packet.at] >> 4
    if version == 4:
        return _ipv4(packet)
    return _ipv6(packet) if version == 6 else "bad-ip-header"


def _ipv4(packet: Packet) -> str:
    if reason := packet.lacks(20, "bad-ipv4-header"):
        return reason
    first, total, identification, field, protocol, source, destination = _IPV4(
        packet.data, packet.at
    )
    header = (first & 15) * 4
    if total:
        packet.bound(total)  # 0 is segmentation offload: what the wire has
    if header < 20 or packet.at + header > packet.end:
        return "bad-ipv4-header"
    packet.at += header
    packet.source = (0, IPV4_MAPPED | source)
    packet.destination = (0, IPV4_MAPPED | destination)
    packet.protocols, packet.version = IPV4_PROTOCOLS, 4
    if field & 0x3FFF and protocol in IPV4_PROTOCOLS:
        key = FragmentKey(packet.source, packet.destination, identification, protocol)
        return _defragment(packet, key, protocol, (field & 0x1FFF) * 8, bool(field & 0x2000))
    return IPV4_PROTOCOLS.get(protocol) or _other(packet, protocol)


def _other(packet: Packet, protocol: int) -> str:
    """Neither a transport nor a tunnel: of interest only if it tells that another packet did not arrive."""
    known, kind = UNREACHABLE[packet.version]
    here = packet.at < packet.captured
    return ERROR if protocol == known and here and packet.data[packet.at] == kind else NO_TRANSPORT


def _ipv6(packet: Packet) -> str:
    if reason := packet.lacks(40, "bad-ipv6-header"):
        return reason
    length, following, *addresses = _IPV6(packet.data, packet.at)
    packet.at += 40
    if length:
        packet.bound(length)  # 0 is a jumbogram or segmentation offload: what the wire has
    packet.source = (addresses[0], addresses[1])
    packet.destination = (addresses[2], addresses[3])
    packet.protocols, packet.version = IPV6_PROTOCOLS, 6
    return IPV6_PROTOCOLS.get(following) or _other(packet, following)


def ipv6_extension(packet: Packet) -> str:
    """Next header (1), length in units of 8 beyond the first 8 (1)."""
    if reason := packet.lacks(2, "bad-ipv6-header"):
        return reason
    following, length = packet.data[packet.at], packet.data[packet.at + 1]
    packet.at += 8 + length * 8
    return packet.protocols.get(following, NO_TRANSPORT)


def ah(packet: Packet) -> str:
    """Next header (1), length in units of 4 beyond the first 8 (1); nothing is encrypted."""
    if reason := packet.lacks(2, "bad-ah-header"):
        return reason
    following, length = packet.data[packet.at], packet.data[packet.at + 1]
    packet.at += 8 + length * 4
    return packet.protocols.get(following, NO_TRANSPORT)


def ipv6_fragment(packet: Packet) -> str:
    """Next header (1), offset in units of 8 (13 bits), M bit, identification (4)."""
    if reason := packet.lacks(8, "bad-ipv6-header"):
        return reason
    following, field, identification = _IPV6_FRAGMENT(packet.data, packet.at)
    packet.at += 8
    if field & 0xFFF9 == 0:  # atomic: a datagram in one piece
        return packet.protocols.get(following, NO_TRANSPORT)
    key = FragmentKey(packet.source, packet.destination, identification, IPV6_FRAGMENT)
    return _defragment(packet, key, following, field & 0xFFF8, bool(field & 1))


def _defragment(packet: Packet, key: FragmentKey, following: int, offset: int, more: bool) -> str:
    """Hand the fragment over; the one that completes its datagram goes on with the whole of it."""
    size = packet.end - packet.at
    if size <= 0 or offset + size > MAX_DATAGRAM or packet.overrun:
        return "bad-fragment"
    if packet.captured < packet.end:
        return CUT
    fragment = Fragment(offset, more, following, packet.data[packet.at : packet.end])
    whole = packet.defragmenter.add(key, fragment, packet.frame, packet.ts_ns)
    if whole is None:
        return FRAGMENT
    following, packet.data = whole
    packet.reassembled = True
    packet.at, packet.captured, packet.end = 0, len(packet.data), len(packet.data)
    return packet.protocols.get(following, NO_TRANSPORT)


def tcp(packet: Packet) -> str:
    """Read ports to flags (14 bytes); if the capture ends behind them, the payload is missing."""
    if reason := packet.lacks(14, "bad-tcp-header"):
        return reason
    packet.source_port, packet.destination_port, packet.seq, packet.ack, offset, flags = _TCP(
        packet.data, packet.at
    )
    header = (offset >> 4) * 4
    if header < 20 or packet.at + header > packet.end:
        return "bad-tcp-header"
    packet.at += header
    packet.protocol = 6
    packet.flags = flags & TCP_FLAGS
    return DECODED


def udp(packet: Packet) -> str:
    """Ports (4), length (2), checksum (2); length 0 is a jumbogram or offload: what IP has."""
    if reason := packet.lacks(8, "bad-udp-header"):
        return reason
    packet.source_port, packet.destination_port, length = _UDP(packet.data, packet.at)
    if length:
        if length < 8:
            return "bad-udp-header"
        packet.bound(length)
    packet.at += 8
    packet.protocol = 17
    return UDP_TUNNELS.get(packet.destination_port, DECODED)


STEPS: dict[str, Step] = {
    "ip": ip,
    "ipv6-extension": ipv6_extension,
    "ipv6-fragment": ipv6_fragment,
    "ah": ah,
    "tcp": tcp,
    "udp": udp,
}
