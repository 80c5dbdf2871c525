"""Link layer headers, one packet at a time.

Spec: IEEE 802.3, 802.1Q, 802.1ah, 802.2 with SNAP (RFC 1042); tcpdump.org/linktypes.html; RFC 1661
and 1662 (PPP), RFC 2516 (PPPoE), RFC 3032 (MPLS).
Not handled: radio links, pseudowires in MPLS, compressed PPP headers.
"""

from __future__ import annotations

from struct import Struct

from analyzer.capture.packet import (
    CUT,
    ETHER_TYPES,
    IP_FAMILIES,
    NOT_IP,
    PPP_PROTOCOLS,
    Packet,
    Step,
)

BAD = "bad-link-header"
_U16 = Struct(">H").unpack_from
_U32 = Struct(">I").unpack_from
_U32_LE = Struct("<I").unpack_from


def _ether_type(packet: Packet, size: int, place: int) -> str:
    """Read a header of `size` bytes with an EtherType, or an 802.3 length, at `place`."""
    if reason := packet.lacks(size, BAD):
        return reason
    (ether_type,) = _U16(packet.data, packet.at + place)
    packet.at += size
    if ether_type <= 1500:
        packet.bound(ether_type)
        return "llc"
    return ETHER_TYPES.get(ether_type, NOT_IP)


def ethernet(packet: Packet) -> str:
    """Addresses (12), EtherType or length (2)."""
    return _ether_type(packet, 14, 12)


def vlan(packet: Packet) -> str:
    """Tag control information (2), EtherType or length (2)."""
    return _ether_type(packet, 4, 2)


def backbone(packet: Packet) -> str:
    """802.1ah service instance tag (4), then the customer's Ethernet frame."""
    packet.at += 4
    return "ethernet"


def llc(packet: Packet) -> str:
    """SNAP (aa aa 03, OUI 0, EtherType) or the SAP of IP (06 06 03)."""
    head = packet.data[packet.at : min(packet.at + 3, packet.captured)]
    if head == b"\x06\x06\x03":
        packet.at += 3
        return "ip"
    if head != b"\xaa\xaa\x03":
        return CUT if packet.lacks(3, "") == CUT else NOT_IP
    if reason := packet.lacks(8, BAD):
        return reason
    if packet.data[packet.at + 3 : packet.at + 6] != b"\0\0\0":
        return NOT_IP  # the numbers of another organisation
    packet.at += 8
    return ETHER_TYPES.get(_U16(packet.data, packet.at - 2)[0], NOT_IP)


def _linux_cooked(packet: Packet, size: int, place: int) -> str:
    if reason := packet.lacks(size, BAD):
        return reason
    (protocol,) = _U16(packet.data, packet.at + place)
    packet.at += size
    return "llc" if protocol == 4 else ETHER_TYPES.get(protocol, NOT_IP)


def linux_cooked(packet: Packet) -> str:
    """LINKTYPE_LINUX_SLL: kind, ARPHRD, address (14), then an EtherType or 4 for 802.2 (2)."""
    return _linux_cooked(packet, 16, 14)


def linux_cooked_2(packet: Packet) -> str:
    """LINKTYPE_LINUX_SLL2: the same EtherType first, then interface and address (18)."""
    return _linux_cooked(packet, 20, 0)


def loopback(packet: Packet) -> str:
    """LINKTYPE_NULL and LOOP: address family (4), in either byte order."""
    if reason := packet.lacks(4, BAD):
        return reason
    families = (_U32(packet.data, packet.at)[0], _U32_LE(packet.data, packet.at)[0])
    packet.at += 4
    return "ip" if families[0] in IP_FAMILIES or families[1] in IP_FAMILIES else NOT_IP


def ppp(packet: Packet) -> str:
    """Address and control (ff 03, may be absent), protocol (2, or 1 if compressed: then odd)."""
    if packet.data[packet.at : min(packet.at + 2, packet.captured)] == b"\xff\x03":
        packet.at += 2
    if reason := packet.lacks(2, BAD):
        return reason
    protocol = packet.data[packet.at]
    packet.at += 1
    if not protocol & 1:
        protocol = protocol << 8 | packet.data[packet.at]
        packet.at += 1
    return PPP_PROTOCOLS.get(protocol, NOT_IP)


def pppoe(packet: Packet) -> str:
    """Version and type (1), code (1; 0 carries PPP, others discover), session (2), length (2)."""
    if reason := packet.lacks(6, BAD):
        return reason
    if packet.data[packet.at + 1]:
        return NOT_IP
    (length,) = _U16(packet.data, packet.at + 4)
    packet.at += 6
    packet.bound(length)
    return "ppp"


def mpls(packet: Packet) -> str:
    """Label stack entry (4) whose S bit marks the last; nothing names what follows it."""
    if reason := packet.lacks(4, BAD):
        return reason
    bottom = packet.data[packet.at + 2] & 1
    packet.at += 4
    if not bottom:
        return "mpls"
    if reason := packet.lacks(1, BAD):
        return reason
    return "ip" if packet.data[packet.at] >> 4 in {4, 6} else "mpls-payload"


STEPS: dict[str, Step] = {
    "ethernet": ethernet,
    "vlan": vlan,
    "backbone": backbone,
    "llc": llc,
    "linux-cooked": linux_cooked,
    "linux-cooked-2": linux_cooked_2,
    "loopback": loopback,
    "ppp": ppp,
    "pppoe": pppoe,
    "mpls": mpls,
}
