"""Changes to Ethernet frames that a network or a recorder could have made.

Spec: RFC 791 3.1 and 3.2, RFC 8200 4.5, IEEE 802.1Q 9.3.
"""

import struct

from frames import Frame

IPV4, IPV6, ETHERNET = 0x0800, 0x86DD, 14
DESK = bytes.fromhex("029900000014")


def from_client(frame: Frame) -> bool:
    """Whether the desk sent it."""
    return frame.data[6:12] == DESK


def tagged(frame: Frame, *tags: tuple[int, int]) -> Frame:
    """The frame with VLAN tags, each an EtherType and a VLAN id, the outer one first."""
    tag = b"".join(struct.pack(">HH", kind, vlan) for kind, vlan in tags)
    return frame._replace(
        data=frame.data[:12] + tag + frame.data[12:], wire_len=frame.wire_len + len(tag)
    )


def fragments(frame: Frame, size: int, number: int) -> list[Frame]:
    """The frame's IP packet in fragments of at most `size` bytes of payload (a multiple of 8)."""
    kind = struct.unpack_from(">H", frame.data, 12)[0]
    if kind == IPV4 and frame.wire_len > ETHERNET + 20 + size:
        return _ipv4_fragments(frame, size, number)
    if kind == IPV6 and frame.wire_len > ETHERNET + 40 + size:
        return _ipv6_fragments(frame, size, number)
    return [frame]


def _ipv4_fragments(frame: Frame, size: int, number: int) -> list[Frame]:
    head = bytearray(frame.data[ETHERNET : ETHERNET + 20])
    body = frame.data[ETHERNET + 20 :]
    out = []
    for at in range(0, len(body), size):
        part = body[at : at + size]
        more = 0x2000 if at + size < len(body) else 0
        struct.pack_into(">HHH", head, 2, 20 + len(part), number, more | at // 8)
        struct.pack_into(">H", head, 10, _checksum(head))
        out.append(_rebuilt(frame, len(out), bytes(head) + part))
    return out


def _ipv6_fragments(frame: Frame, size: int, number: int) -> list[Frame]:
    head = bytearray(frame.data[ETHERNET : ETHERNET + 40])
    body = frame.data[ETHERNET + 40 :]
    upper, head[6] = head[6], 44
    out = []
    for at in range(0, len(body), size):
        part = body[at : at + size]
        more = 1 if at + size < len(body) else 0
        struct.pack_into(">H", head, 4, 8 + len(part))
        fragment = struct.pack(">BBHI", upper, 0, at | more, number)
        out.append(_rebuilt(frame, len(out), bytes(head) + fragment + part))
    return out


def _rebuilt(frame: Frame, nth: int, packet: bytes) -> Frame:
    data = frame.data[:ETHERNET] + packet
    return Frame(frame.ts_ns + 900 * nth, data, len(data))


def _checksum(head: bytearray) -> int:
    total = sum(struct.unpack(">10H", head)) - struct.unpack_from(">H", head, 10)[0]
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
