"""One packet on its way through the slow path, and the numbers that name the next header.

Spec: IANA's registries of EtherTypes, PPP and IP protocol numbers; tcpdump.org/linktypes.html.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING

from dissectors.records import dataclass

if TYPE_CHECKING:
    from analyzer.capture.defrag import Defragmenter

# Outcomes that are no losses; any other is the reason why a packet stays undecoded.
DECODED = "decoded"
NOT_IP = "not-ip"
NO_TRANSPORT = "no-transport"  # IP, but neither TCP nor UDP inside
FRAGMENT = "fragment"  # waits in the defragmenter
ERROR = "icmp-error"  # `at` is where a message of ICMP begins that tells what did not arrive

CUT = "snaplen"
TOO_DEEP = "limit-tunnels"

IPV4_MAPPED = 0xFFFF << 32
"""Low half of ::ffff:0.0.0.0; an IPv4 address is added to it."""


@dataclass(slots=True)
class Packet:
    """Where the walk stands; `at`, `captured` and `end` count in `data`."""

    data: bytes
    at: int
    captured: int  # end of the bytes that the capture holds
    end: int  # end on the wire, by the innermost header that has a length
    frame: int
    ts_ns: int
    defragmenter: Defragmenter
    ip_layers: int = 0
    overrun: bool = False  # the innermost length points past what holds it
    reassembled: bool = False  # `data` is a datagram put together, no longer the block's buffer
    source: tuple[int, int] = (0, 0)  # 128 bits in two halves
    destination: tuple[int, int] = (0, 0)
    protocols: dict[int, str] = field(default_factory=dict)  # what this IP version may carry
    version: int = 4  # of the innermost IP header
    by_scapy: list[str] = field(default_factory=list)  # link type and tunnels that Scapy read
    protocol: int = 0
    source_port: int = 0
    destination_port: int = 0
    seq: int = 0
    ack: int = 0
    flags: int = 0

    def lacks(self, size: int, reason: str) -> str:
        """Tell why a header of `size` bytes cannot be read here; empty if it can."""
        if self.at + size <= self.captured:
            return ""
        return CUT if self.at + size <= self.end else reason

    def bound(self, length: int) -> None:
        """End the packet `length` bytes from here, unless what holds it ends before."""
        self.overrun = self.at + length > self.end
        self.end = min(self.end, self.at + length)
        self.captured = min(self.captured, self.end)


Step = Callable[[Packet], str]
"""Reads one header, moves `at` behind it and names the next header or the outcome."""

LINK_TYPES = {
    0: "loopback",
    1: "ethernet",
    9: "ppp",
    12: "ip",
    14: "ip",
    50: "ppp",
    51: "pppoe",
    101: "ip",
    108: "loopback",
    113: "linux-cooked",
    228: "ip",
    229: "ip",
    276: "linux-cooked-2",
}
VLAN_TAGS = (0x8100, 0x88A8, 0x9100, 0x9200)  # 802.1Q, 802.1ad and its forerunners
ETHER_TYPES = {
    0x0800: "ip",
    0x86DD: "ip",
    **dict.fromkeys(VLAN_TAGS, "vlan"),
    0x8847: "mpls",
    0x8848: "mpls",
    0x8864: "pppoe",
    0x88E7: "backbone",
}
TUNNELLED = {**ETHER_TYPES, 0x6558: "ethernet", 0x880B: "ppp"}
"""What a tunnel with an EtherType field may hold besides."""
PPP_PROTOCOLS = {
    0x0021: "ip",
    0x0057: "ip",
    0x0281: "mpls",
    0x0283: "mpls",
    0x002D: "ppp-compressed",  # Van Jacobson's headers need all packets before
    0x002F: "ppp-compressed",
    0x00FD: "ppp-compressed",
}
IPV4_PROTOCOLS = {4: "ip", 6: "tcp", 17: "udp", 41: "ip", 47: "gre", 51: "ah"}
IPV6_PROTOCOLS = {
    **IPV4_PROTOCOLS,
    0: "ipv6-extension",  # hop-by-hop options
    43: "ipv6-extension",  # routing
    44: "ipv6-fragment",
    60: "ipv6-extension",  # destination options
    135: "ipv6-extension",  # mobility
}
UDP_TUNNELS = {
    4789: "vxlan",
    8472: "vxlan",  # Linux's older default
    6081: "geneve",
    2152: "gtp",
    1701: "l2tp",
    3544: "teredo",
    37008: "tzsp",
}
"""By destination port."""
IP_FAMILIES = (2, 10, 23, 24, 28, 30)
"""AF_INET; AF_INET6 of Linux, Windows and the BSDs."""
TCP_FLAGS = 0x3F
"""FIN, SYN, RST, PSH, ACK, URG."""
