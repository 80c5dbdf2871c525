"""Who is the client of a conversation, and its description for those who may want to follow it."""

from __future__ import annotations

from analyzer.capture.addresses import address
from analyzer.capture.model import PacketIndex, Stream
from analyzer.capture.streams import ACK, SENT_BY, STARTED_BY_1, SYN_BY, StreamTable

WELL_KNOWN_PORTS = 1024
EPHEMERAL_PORTS = 32_768
"""First port that Linux gives to clients; Windows and IANA (RFC 6335) begin at 49152."""

TCP = 6

_BOTH = sum(SENT_BY)


def describe(
    table: StreamTable, stream_id: int, index: PacketIndex, row: int, sender: int, seen: int
) -> tuple[Stream, int]:
    """Describe the stream of a packet (sent by endpoint `sender`); tell also which endpoint is its client.

    The SYN tells who is the client. Without one, the lower port serves if it is well known or if the
    other one is in the range that clients are given; else who spoke first counts as the client.
    """
    ports = [index.src_port.item(row), index.dst_port.item(row)]
    addresses = [
        address(index.src_hi.item(row), index.src_lo.item(row)),
        address(index.dst_hi.item(row), index.dst_lo.item(row)),
    ]
    asked = [seen & SYN_BY[0] != 0, seen & SYN_BY[1] != 0]
    low, high = sorted(ports)
    if asked[0] != asked[1]:
        client, source = int(asked[1]), "syn"
    elif low != high and (low < WELL_KNOWN_PORTS or low < EPHEMERAL_PORTS <= high):
        client, source = sender ^ (ports[0] == low), "port"
    else:
        client, source = seen & STARTED_BY_1, "first"
    this, that = (0, 1) if sender == client else (1, 0)
    tcp = index.proto.item(row) == TCP
    begins: list[int | None] = [None, None]
    if tcp:
        frame = index.frame.item(row)
        begins[sender] = table.base_at(stream_id, sender, frame)
        if index.tcp_flags.item(row) & ACK:  # else what tells it may come later, or never
            begins[sender ^ 1] = table.base_at(stream_id, sender ^ 1, frame)
    stream = Stream(
        stream_id=stream_id,
        transport="tcp" if tcp else "udp",
        client=addresses[this],
        client_port=ports[this],
        server=addresses[that],
        server_port=ports[that],
        first_frame=table.first_frame.item(stream_id),
        first_ts_ns=table.first_ts_ns.item(stream_id),
        role_source=source,
        started_before=tcp and True not in asked,
        both_sides=seen & _BOTH == _BOTH,
        server_heard=tcp and table.is_heard(stream_id, client ^ 1, index.frame.item(row)),
        client_seq=begins[client],
        server_seq=begins[client ^ 1],
    )
    return stream, client
