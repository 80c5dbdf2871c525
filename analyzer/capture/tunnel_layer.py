"""Tunnel headers, one packet at a time.

Spec: RFC 2784 and 2890 (GRE), RFC 2637 section 4.1 (PPTP), draft-foschiano-erspan-03, RFC 7348
(VXLAN) with draft-smith-vxlan-group-policy-05, RFC 8926 (GENEVE), RFC 4380 section 5.1 (Teredo).
Not handled: GTP, L2TP and TZSP, which `scapy_source` reads.
"""

from __future__ import annotations

from struct import Struct

from analyzer.capture.packet import DECODED, NO_TRANSPORT, NOT_IP, TUNNELLED, Packet, Step

BAD = "bad-gre-header"
_U16 = Struct(">H").unpack_from
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
    if protocol == 0x88BE:  # ERSPAN type I has neither sequence number nor header
        return "erspan-2" if has_sequence else "ethernet"
    if protocol == 0x22EB:
        return "erspan-3"
    return TUNNELLED.get(protocol, NOT_IP)


def erspan_2(packet: Packet) -> str:
    """Eight bytes, the first four bits the version: 1."""
    if reason := packet.lacks(8, BAD):
        return reason
    if packet.data[packet.at] >> 4 != 1:
        return BAD
    packet.at += 8
    return "ethernet"


def erspan_3(packet: Packet) -> str:
    """Version 2 (4 bits) and 10 bytes, then 16 bits: frame type (10-14), O (0: 8 bytes more)."""
    if reason := packet.lacks(12, BAD):
        return reason
    if packet.data[packet.at] >> 4 != 2:
        return BAD
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


def teredo(packet: Packet) -> str:
    """Authentication (00 01, lengths, 9 fixed bytes) and origin (00 00, 6) may come first; else UDP."""
    data, at, stop = packet.data, packet.at, packet.captured
    if data[at : min(at + 2, stop)] == b"\0\1" and at + 4 <= stop:
        at += 13 + data[at + 2] + data[at + 3]
    if data[at : min(at + 2, stop)] == b"\0\0":
        at += 8
    if at + 40 > stop or data[at] >> 4 != 6:
        return DECODED
    (length,) = _U16(data, at + 4)
    if at + 40 + length != packet.end:
        return DECODED
    packet.at = at
    return "ip"


STEPS: dict[str, Step] = {
    "gre": gre,
    "erspan-2": erspan_2,
    "erspan-3": erspan_3,
    "vxlan": vxlan,
    "geneve": geneve,
    "teredo": teredo,
}
