"""Other ways in which the same bytes could have travelled: each function changes packets, not content.

What a change cannot apply to (fragments, other link types, packets cut by the snap length) stays as it is.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random

from support.packets import (
    ACK,
    ETHERNET,
    FIN,
    IPV4,
    IPV6,
    PSH,
    RST,
    SYN,
    Datagram,
    Packet,
    Segment,
    checksum,
    datagram_of,
    is_fragment,
    segment_of,
)

Packets = list[Packet]
Change = Callable[[Packets], Packets]


# -- segments ------------------------------------------------------------------------------------------


def cut_to(size: int) -> Change:
    """Every payload in segments of at most `size` bytes.

    The first segment of a direction without SYN keeps two: one byte alone may be a keep-alive's.
    """

    def change(packets: Packets) -> Packets:
        begun: set[tuple[bytes, bytes]] = set()
        out: Packets = []
        for packet in packets:
            segment = segment_of(packet)
            if segment is None or not segment.whole:
                out.append(packet)
                continue
            first = size if segment.sender in begun else max(size, 2)
            if segment.payload or segment.flags & SYN:
                begun.add(segment.sender)
            out += _pieces(segment, [0, *range(first, len(segment.payload), size)])
        return out

    return change


def _pieces(segment: Segment, starts: list[int]) -> Iterator[Packet]:
    if len(starts) == 1:
        yield segment.datagram.packet
        return
    for at, end in pairwise([*starts, len(segment.payload)]):
        flags = segment.flags if end == len(segment.payload) else segment.flags & ~(FIN | PSH)
        counted = at + (at > 0 and segment.flags & SYN != 0)
        yield segment.build(segment.payload[at:end], seq=segment.seq + counted, flags=flags)


def joined(packets: Packets) -> Packets:
    """What one side sends in a row becomes one segment, as far as an IP datagram can hold it.

    As where a card or kernel joins them, only segments that acknowledge the same.
    """
    kept: list[Packet | None] = list(packets)
    runs: dict[tuple[bytes, bytes], list[tuple[int, Segment]]] = defaultdict(list)

    def join(run: list[tuple[int, Segment]]) -> None:
        if len(run) > 1:
            for place, _ in run:
                kept[place] = None
            (_, first), (place, last) = run[0], run[-1]
            payload = b"".join(segment.payload for _, segment in run)
            kept[place] = last.build(payload, seq=first.seq)

    for place, packet in enumerate(packets):
        segment = segment_of(packet)
        if segment is None:
            continue
        run = runs[segment.sender]
        if segment.flags & (SYN | FIN | RST) or not segment.whole:
            join(runs.pop(segment.sender))
            join(runs.pop(segment.receiver, []))
        elif segment.payload:
            join(runs.pop(segment.receiver, []))
            if run:
                (_, first), (_, last) = run[0], run[-1]
                size = (segment.seq - first.seq & 0xFFFFFFFF) + len(segment.payload)
                follows = (last.seq + len(last.payload) - segment.seq) & 0xFFFFFFFF == 0
                follows = follows and segment.ack == last.ack
                if not follows or size > 60_000:
                    join(run)
                    run.clear()
            run.append((place, segment))
    for run in runs.values():
        join(run)
    return [packet for packet in kept if packet is not None]


def shuffled(packets: Packets) -> Packets:
    """Small segments, out of order within windows of four to eight; nobody answers before the question."""
    packets = cut_to(200)(packets)
    known: set[tuple[bytes, bytes]] = set()  # directions whose SYN was seen
    runs: dict[tuple[bytes, bytes], list[int]] = defaultdict(list)
    random = Random(7)
    out = list(packets)

    def mix(run: list[int]) -> None:
        at = 0
        while at < len(run):
            places = run[at : at + random.randint(4, 8)]
            mixed = random.sample(places, len(places))
            for place, source in zip(places, mixed, strict=True):
                out[place] = packets[source]._replace(ts_ns=packets[place].ts_ns)
            at += len(places)

    for place, packet in enumerate(packets):
        segment = segment_of(packet)
        if segment is None:
            continue
        if segment.flags & SYN:
            known.add(segment.sender)
        if segment.flags & (SYN | RST | FIN):
            mix(runs.pop(segment.sender, []))
            mix(runs.pop(segment.receiver, []))
        elif segment.payload and segment.sender in known:
            mix(runs.pop(segment.receiver, []))
            run = runs[segment.sender]
            if (
                run and packet.ts_ns - packets[run[-1]].ts_ns > 10_000_000
            ):  # a pause: nothing was late
                mix(runs.pop(segment.sender))
            runs[segment.sender].append(place)
    for run in runs.values():
        mix(run)
    return out


def doubled(packets: Packets) -> Packets:
    """Every TCP packet twice."""
    return [packet for packet in packets for _ in range(1 if segment_of(packet) is None else 2)]


def sent_again(packets: Packets) -> Packets:
    """An earlier segment of the same side comes once more after every third one."""
    random = Random(11)
    sent: dict[tuple[bytes, bytes], Packets] = defaultdict(list)
    out = []
    for packet in packets:
        out.append(packet)
        segment = segment_of(packet)
        if segment is None:
            continue
        if segment.flags & SYN:
            sent[segment.sender].clear()
        elif segment.payload:
            earlier = sent[segment.sender]
            earlier.append(packet)
            if len(earlier) % 3 == 0:
                out.append(random.choice(earlier[-8:])._replace(ts_ns=packet.ts_ns))
    return out


def wrapping(packets: Packets) -> Packets:
    """Sequence numbers pass 2^32 in the middle of what each side sends."""
    segments = [segment_of(packet) for packet in packets]
    first: dict[tuple[bytes, bytes], int] = {}
    size: dict[tuple[bytes, bytes], int] = defaultdict(int)
    for segment in segments:
        if segment is not None:
            first.setdefault(segment.sender, segment.seq)
            size[segment.sender] += len(segment.payload)
    moved = {sender: -(seq + size[sender] // 2) for sender, seq in first.items()}
    out = []
    for packet, segment in zip(packets, segments, strict=True):
        if segment is None:
            out.append(packet)
            continue
        ack = segment.ack + moved.get(segment.receiver, 0) if segment.flags & ACK else segment.ack
        out.append(segment.build(seq=segment.seq + moved[segment.sender], ack=ack))
    return out


# -- datagrams and frames ------------------------------------------------------------------------------


def each(change: Callable[[Datagram], Packet]) -> Change:
    """A change of every whole IP datagram."""

    def changed(packet: Packet) -> Packet:
        datagram = datagram_of(packet)
        return packet if datagram is None or datagram.packet.missing else change(datagram)

    return lambda packets: [changed(packet) for packet in packets]


def fragments(*, backwards: bool) -> Change:
    """Fragments of 200 bytes, in order or the last one first."""

    def change(packets: Packets) -> Packets:
        out: Packets = []
        for ident, packet in enumerate(packets, 1):
            datagram = datagram_of(packet)
            if datagram is None or datagram.version == 6 or datagram.packet.missing:
                out.append(packet)
                continue
            body = datagram.body
            parts = [
                datagram.build(
                    body[at : at + 200],
                    ident=ident & 0xFFFF,
                    flags_offset=(0x2000 if at + 200 < len(body) else 0) | at // 8,
                )
                for at in range(0, len(body), 200)
            ]
            out += reversed(parts) if backwards else parts
        return out

    return change


def tagged(tags: bytes) -> Change:
    """VLAN tags behind the addresses of each Ethernet frame."""

    def change(packet: Packet) -> Packet:
        if packet.link_type != ETHERNET or len(packet.data) < 14:
            return packet
        data = packet.data[:12] + tags + packet.data[12:]
        return packet._replace(data=data, wire_len=len(data) + packet.missing)

    return lambda packets: [change(packet) for packet in packets]


def with_trailer(trailer: bytes) -> Change:
    """Padding to sixty bytes, then a trailer: not part of any datagram."""

    def change(datagram: Datagram) -> Packet:
        packet = datagram.build()
        if packet.link_type != ETHERNET:
            return packet
        data = packet.data.ljust(60, b"\0") + trailer
        return packet._replace(data=data, wire_len=len(data))

    return each(change)


def without_length(packets: Packets) -> Packets:
    """Segmentation offload: IPv4 total length zero in segments with payload."""

    def change(datagram: Datagram) -> Packet:
        segment = segment_of(datagram.packet)
        if datagram.version == 6 or segment is None or not segment.payload:
            return datagram.packet
        return datagram.build(length=0)

    return each(change)(packets)


ICMP, ICMP6 = 1, 58


def _ipv6_header(proto: int, ipv4: bytes) -> bytes:
    """IPv6 header with the addresses of an IPv4 header inside; the length is left to be filled in."""
    net = bytes.fromhex("20010db80000000000000000")
    header = struct.pack(">IHBB", 0x60000000, 0, proto, 64)
    return header + net + ipv4[12:16] + net + ipv4[16:20]


def _as_icmp6(message: bytes) -> bytes:
    """ICMP "destination unreachable" as ICMPv6 says it of the packet that was moved likewise (RFC 7915 4.2)."""
    if message[0] != 3:
        return message
    quoted = message[8:]
    size = (quoted[0] & 15) * 4
    header = bytearray(_ipv6_header(quoted[9], quoted))
    struct.pack_into(">H", header, 4, struct.unpack_from(">H", quoted, 2)[0] - size)
    code = {0: 0, 1: 3, 3: 4, 9: 1, 10: 1, 13: 1}[message[1]]
    return bytes([1, code]) + message[2:8] + header + quoted[size:]


def as_ipv6(packets: Packets) -> Packets:
    """IPv4 addresses become IPv6 addresses that end in them."""

    def change(packet: Packet) -> Packet:
        datagram = datagram_of(packet)
        if datagram is None or datagram.version == 6 or packet.link_type != ETHERNET:
            return packet
        link = datagram.link[:-2] + IPV6
        header = _ipv6_header(datagram.proto, datagram.header)
        moved = datagram._replace(link=link, header=header)
        if datagram.proto == ICMP:
            return moved._replace(header=_ipv6_header(ICMP6, datagram.header)).build(
                _as_icmp6(datagram.body)
            )
        if datagram.proto == 6:
            segment = segment_of(datagram.packet)
            if segment is not None:
                return segment._replace(datagram=moved).build()
        return moved.build()

    return [change(packet) for packet in packets]


def in_vxlan(packets: Packets) -> Packets:
    """Each Ethernet frame inside VXLAN (RFC 7348)."""

    def change(packet: Packet) -> Packet:
        if packet.link_type != ETHERNET:
            return packet
        inside = b"\x08\0\0\0\0\0\x2a\0" + packet.data
        udp = struct.pack(">HHHH", 55_555, 4789, 8 + len(inside) + packet.missing, 0)
        return _outside(packet, 17, udp + inside)

    return [change(packet) for packet in packets]


def in_gre(packets: Packets) -> Packets:
    """Each IP datagram inside GRE (RFC 2784)."""

    def change(packet: Packet) -> Packet:
        datagram = datagram_of(packet)
        if datagram is None or packet.link_type != ETHERNET:
            return packet
        kind = IPV4 if datagram.version == 4 else IPV6
        return _outside(datagram.packet, 47, b"\0\0" + kind + datagram.header + datagram.body)

    return [change(packet) for packet in packets]


def _outside(packet: Packet, proto: int, body: bytes) -> Packet:
    total = 20 + len(body) + packet.missing
    if total > 0xFFFF:
        return packet
    header = struct.pack(">BBHHHBBH", 0x45, 0, total, 1, 0, 64, proto, 0)
    header += b"\xc0\x00\x02\x01\xc0\x00\x02\x02"
    header = header[:10] + checksum(header).to_bytes(2, "big") + header[12:]
    data = b"\x02" * 12 + IPV4 + header + body
    return packet._replace(data=data, wire_len=len(data) + packet.missing)


# -- all of them ---------------------------------------------------------------------------------------


def unless_fragmented(change: Change) -> Change:
    """Not for captures with IP fragments: what is in them would stay behind."""
    return lambda packets: packets if any(map(is_fragment, packets)) else change(packets)


NTLM_AUTHENTICATE = b"NTLMSSP\0\3\0\0\0" + (b"\5\0\5\0\x40\0\0\0" * 6) + b"\2\2\0\0" + b"MALRY"
FAKE_SMB = b"\0\0\0\xa0\xfeSMB\x40\0" + bytes(6) + b"\1\0" + bytes(64) + NTLM_AUTHENTICATE
"""A token that no datagram holds."""

SEGMENTS: dict[str, Change] = {
    "segments of 1 byte": cut_to(1),
    "segments of 92 bytes": cut_to(92),
    "segments joined": joined,
    "one-byte segments joined": lambda packets: joined(cut_to(1)(packets)),
    "segments shuffled": shuffled,
    "every packet twice": doubled,
    "segments sent again": sent_again,
    "small segments, shuffled, sent again": lambda packets: sent_again(shuffled(packets)),
    "sequence numbers wrap": wrapping,
    "small segments, sequence numbers wrap": lambda packets: wrapping(cut_to(92)(packets)),
    "IPv4 fragments": fragments(backwards=False),
    "IPv4 fragments backwards": fragments(backwards=True),
    "IPv6": as_ipv6,
}
FRAMES: dict[str, Change] = {
    "VLAN": tagged(b"\x81\0\0\x64"),
    "QinQ": tagged(b"\x88\xa8\0\x0a\x81\0\0\x64"),
    "padding and trailer": with_trailer(FAKE_SMB),
    "no length": without_length,
    "VXLAN": in_vxlan,
    "GRE": in_gre,
}
CHANGES = {**{name: unless_fragmented(change) for name, change in SEGMENTS.items()}, **FRAMES}


# -- losses --------------------------------------------------------------------------------------------


def snapped(size: int) -> Change:
    """Only the first `size` bytes of each packet were kept."""

    def change(packet: Packet) -> Packet:
        wire_len = max(packet.wire_len, len(packet.data))
        return packet._replace(data=packet.data[:size], wire_len=wire_len)

    return lambda packets: [change(packet) for packet in packets]


def one_way(sender: int) -> Change:
    """Only what the lower (0) or the higher (1) end of each connection sent."""

    def wanted(packet: Packet) -> bool:
        datagram = datagram_of(packet)
        if datagram is None:
            return True
        ends = (datagram.src + datagram.body[:2], datagram.dst + datagram.body[2:4])
        return (ends[0] > ends[1]) == bool(sender)

    return lambda packets: [packet for packet in packets if wanted(packet)]
