"""Tunnel headers, one packet at a time.

Spec: RFC 2784 and 2890 (GRE), RFC 2637 section 4.1 (PPTP), draft-foschiano-erspan-03, RFC 7348
(VXLAN) with draft-smith-vxlan-group-policy-05, RFC 8926 (GENEVE).
Not handled: GTP, L2TP, Teredo.
"""

from __future__ import annotations

from struct import Struct

from analyzer.capture.packet import DECODED, NO_TRANSPORT, NOT_IP, TUNNELLED, Packet, Step

BAD = "bad-gre-header"
_U16_PAIR = Struct(">HH").unpack_from
_U32_PAIR = Struct(">II").unpack_from


def gre(packet: Packet) -> str:
    """Read flags (2), protocol (2), then checksum, key and sequence number (4 each) if flagged."""
    if reason := packet.lacks(4, BAD):
        return reason
    flags, protocol = _U16_PAIR(packet.data, packet.at)
    if flags & 7 > 1 or flags & 0x4000:  # bit 1 is the source routing of RFC 1701, never in use
        return BAD
    has_sequence = flags >> 12 & 1
    packet.at += 4 + 4 * (flags >> 15) + 4 * (flags >> 13 & 1) + 4 * has_sequence
    if flags & 7 == 1:  # PPTP: has an acknowledgment too; a packet without sequence is only that
        packet.at += 4 * (flags >> 7 & 1)
        return "ppp" if has_sequence else NO_TRANSPORT
    if (
        protocol == 0x88BE
    ):  # ERSPAN: type II has a header of 8 bytes, type I neither it nor sequence
        packet.at += 8 * has_sequence
        return "ethernet"
    if protocol == 0x22EB:
        return "erspan-3"
    return TUNNELLED.get(protocol, NOT_IP)


def erspan_3(packet: Packet) -> str:
    """Twelve bytes whose last two hold the frame type (bits 10-14) and O (bit 0: 8 bytes more)."""
    if reason := packet.lacks(12, BAD):
        return reason
    _, word = _U16_PAIR(packet.data, packet.at + 8)
    packet.at += 20 if word & 1 else 12
    return {0: "ethernet", 2: "ip"}.get(word >> 10 & 31, "erspan-frame-type")


def vxlan(packet: Packet) -> str:
    """Flags (4; I and at most the group policy's bits), VNI (3), zero (1); else plain UDP."""
    if packet.lacks(8, BAD):
        return DECODED
    flags, vni = _U32_PAIR(packet.data, packet.at)
    if flags & 0x7FB7_0000 != 0x0800_0000 or vni & 0xFF:
        return DECODED
    packet.at += 8
    return "ethernet"


def geneve(packet: Packet) -> str:
    """Version, options' length (1), flags (1), protocol (2), VNI (3), zero (1); else plain UDP."""
    if packet.lacks(8, BAD):
        return DECODED
    first, protocol = _U16_PAIR(packet.data, packet.at)
    if first >> 14 or packet.data[packet.at + 7] or protocol not in TUNNELLED:
        return DECODED
    packet.at += 8 + (first >> 8 & 63) * 4
    return TUNNELLED[protocol]


STEPS: dict[str, Step] = {"gre": gre, "erspan-3": erspan_3, "vxlan": vxlan, "geneve": geneve}
