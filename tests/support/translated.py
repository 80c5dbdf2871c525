"""Packets as a capture on both sides of a NAT has them: each TCP segment again, with other ends, a moment later."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from tests.support.packets import Packet, Segment, segment_of

LATER_NS = 20_000


def both_sides(
    packets: Iterable[Packet],
    *,
    client: bool = True,
    server: bool = False,
    port: bool = True,
    renumbered: tuple[int, int] = (0, 0),
) -> Iterator[Packet]:
    """All packets, and behind each TCP segment its copy.

    `client`, `server`: whose address is another one there; `port`: the client's is, too. `renumbered` is
    added to the sequence numbers of client and server. Who speaks first on a connection is its client.
    """
    clients: dict[frozenset[bytes], bytes] = {}
    for packet in packets:
        yield packet
        segment = segment_of(packet)
        if segment is None:
            continue
        datagram, head = segment.datagram, segment.head
        here, there = datagram.src + head[:2], datagram.dst + head[2:4]
        if clients.setdefault(frozenset({here, there}), here) == here:
            copy = _moved(segment, (client, server), (port, False), renumbered)
        else:
            copy = _moved(segment, (server, client), (False, port), renumbered[::-1])
        yield copy._replace(ts_ns=packet.ts_ns + LATER_NS)


def outside(packets: Iterable[Packet]) -> Iterator[Packet]:
    """What a capture on the other side alone has: client address and port are other ones."""
    for packet in packets:
        yield list(both_sides([packet]))[-1]


def _moved(
    segment: Segment, hosts: tuple[bool, bool], ports: tuple[bool, bool], shift: tuple[int, int]
) -> Packet:
    """The segment with another address or port of its source and target, as they are wanted."""
    datagram = segment.datagram
    begin, size = (12, 4) if datagram.version == 4 else (8, 16)
    header, head = bytearray(datagram.header), bytearray(segment.head)
    for end in (0, 1):
        header[begin + size * end + size - 1] ^= 0x40 * hosts[end]
        (number,) = struct.unpack_from(">H", head, 2 * end)
        struct.pack_into(">H", head, 2 * end, number ^ 0x0101 * ports[end])
    there = segment._replace(datagram=datagram._replace(header=bytes(header)), head=bytes(head))
    return there.build(seq=segment.seq + shift[0], ack=segment.ack + shift[1])
