"""What a Scapy packet says about its innermost TCP or UDP payload.

The IP header's length decides what is payload: bytes behind it are the link's padding, bytes missing from
it were cut off by the snap length.

Spec: RFC 791 3.1, RFC 8200 3, RFC 9293 3.1.
Not handled: IP fragments; they are told apart, and left to who counts them.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.packet import NoPayload, Packet

from dissectors.records import NamedTuple

End = tuple[str, int]
"""Address and port."""

_TCP_HEADER = 20
_UDP_HEADER = 8


class Segment(NamedTuple):
    """One TCP segment or UDP datagram."""

    source: End
    destination: End
    seq: int | None  # of the first payload byte (SYN counts one before); None: UDP
    ack: int
    flags: int  # FIN 1, SYN 2, RST 4, PSH 8, ACK 16
    data: bytes
    size: int  # payload bytes on the wire
    layer: Any  # the packet's TCP or UDP layer


def segment_of(packet: Any) -> Segment | None:
    """The innermost TCP or UDP payload of a packet; None if it has none or is a fragment."""
    transport = innermost(packet)
    if transport is None or is_fragment(transport):
        return None
    network = _network(transport)
    if network is None:
        return None
    tcp = isinstance(transport, TCP)
    raw = transport.original
    if raw:
        header = (transport.dataofs or 0) * 4 if tcp else _UDP_HEADER
        if len(raw) < header or header < (_TCP_HEADER if tcp else _UDP_HEADER):
            return None
        data = raw[header:]
        if not tcp:
            data = data[: max((transport.len or len(raw)) - _UDP_HEADER, 0)]
    else:  # made by hand or put together from fragments, never read from bytes
        data = bytes(transport.payload)
    seq = transport.seq if tcp else None
    flags = int(transport.flags) & 0x3F if tcp else 0
    if flags & 2 and seq is not None:
        seq = (seq + 1) & 0xFFFF_FFFF
    return Segment(
        (str(network.src), int(transport.sport)),
        (str(network.dst), int(transport.dport)),
        seq,
        int(transport.ack) if tcp else 0,
        flags,
        data,
        len(data) + (_cut(network) if raw else 0),
        transport,
    )


def innermost(packet: Any) -> Any:
    """The last TCP or UDP layer of a packet; None if it has none."""
    found = None
    layer = packet
    while layer is not None and not isinstance(layer, NoPayload):
        if isinstance(layer, (TCP, UDP)):
            found = layer
        layer = layer.payload
    return found


def is_fragment(transport: Any) -> bool:
    """Whether the layer is part of an IP fragment."""
    layer = transport.underlayer
    while layer is not None:
        if isinstance(layer, IP):
            return bool(layer.frag or layer.flags & 1)
        if isinstance(layer, IPv6ExtHdrFragment):
            return bool(layer.offset or layer.m)
        if isinstance(layer, IPv6):
            return False
        layer = layer.underlayer
    return False


def is_late_fragment(packet: Any) -> bool:
    """Whether the packet holds a fragment behind the first one, which has no TCP header."""
    layer = packet
    while isinstance(layer, Packet) and not isinstance(layer, NoPayload):
        if isinstance(layer, IP) and layer.frag:
            return True
        if isinstance(layer, IPv6ExtHdrFragment) and layer.offset:
            return True
        layer = layer.payload
    return False


def nanoseconds(packet: Any) -> int:
    """Capture time of a packet in ns since 1970; 0 if it is no number."""
    try:
        return int(Decimal(packet.time).scaleb(9))
    except (InvalidOperation, OverflowError, TypeError, ValueError):
        return 0


def _network(layer: Any) -> Any:
    layer = layer.underlayer
    while layer is not None and not isinstance(layer, (IP, IPv6)):
        layer = layer.underlayer
    return layer


def _cut(network: Any) -> int:
    """Bytes of the IP datagram that were not captured."""
    if isinstance(network, IP):
        return max((network.len or 0) - len(network.original), 0)
    return max(40 + network.plen - len(network.original), 0) if network.plen else 0
