"""The vectorised path alone: what it decodes, what it leaves, and that it never reads a neighbour."""

import struct

import numpy as np
import pytest

from analyzer.capture.model import PacketIndex, RecordBlock
from analyzer.capture.plain import decode_plain

MAPPED = 0xFFFF << 32
TCP = struct.pack(">HHIIBBHHH", 1111, 445, 1000, 2000, 0x50, 0xD9, 0, 0, 0) + b"data"
UDP = struct.pack(">HHHH", 2222, 88, 12, 0) + b"data"
COLUMNS = {
    "proto": np.uint8,
    "src_hi": np.uint64,
    "src_lo": np.uint64,
    "dst_hi": np.uint64,
    "dst_lo": np.uint64,
    "src_port": np.uint16,
    "dst_port": np.uint16,
    "payload_offset": np.int64,
    "payload_len": np.int64,
    "payload_wire_len": np.int64,
    "tcp_seq": np.uint32,
    "tcp_ack": np.uint32,
    "tcp_flags": np.uint8,
}


def ipv4(payload, protocol=6, *, total=None, fragment=0, first=0x45):
    total = 20 + len(payload) if total is None else total
    addresses = b"\x0a\0\0\1\x0a\0\0\2"
    return (
        struct.pack(">BBHHHBBH", first, 0, total, 1, fragment, 64, protocol, 0)
        + addresses
        + payload
    )


def ipv6(payload, following=6, length=None):
    addresses = b"\xfe\x80" + bytes(13) + b"\1" + b"\xfe\x80" + bytes(13) + b"\2"
    length = len(payload) if length is None else length
    return struct.pack(">IHBB", 6 << 28, length, following, 64) + addresses + payload


def ethernet(payload, ether_type=0x0800):
    return bytes(12) + struct.pack(">H", ether_type) + payload


def tag(payload, ether_type=0x0800):
    return struct.pack(">HH", 5, ether_type) + payload


def decode(*packets, link_type=1, cap=None, wire=None):
    """Bytes, or (link type, bytes), one behind the other in a buffer full of plausible bytes."""
    packets = [p if isinstance(p, tuple) else (link_type, p) for p in packets]
    buffer, offset = bytearray(b"\x45" * 8), []
    captured = [len(data) if cap is None else cap for _, data in packets]
    for (_, data), size in zip(packets, captured, strict=True):
        offset.append(len(buffer))
        buffer += data[:size]
    buffer += b"\x45" * 128
    lengths = [len(data) if wire is None else wire for _, data in packets]
    block = RecordBlock(
        buffer=bytes(buffer),
        first_frame=1,
        offset=np.array(offset, np.int64),
        cap_len=np.array(captured, np.int64),
        wire_len=np.array(lengths, np.int64),
        ts_ns=np.zeros(len(packets), np.int64),
        link_type=np.array([kind for kind, _ in packets], np.uint16),
    )
    columns = {name: np.zeros(len(packets), dtype) for name, dtype in COLUMNS.items()}
    index = PacketIndex(
        buffer=block.buffer, frame=np.arange(1, len(packets) + 1), ts_ns=block.ts_ns, **columns
    )
    decoded = np.zeros(len(packets), np.bool_)
    slow, not_ip = decode_plain(block, index, decoded)
    assert not (slow & decoded).any()
    return index, decoded.tolist(), slow.tolist(), not_ip


def row(index, number=0):
    return {name: int(getattr(index, name)[number]) for name in COLUMNS}


def test_tcp_over_ipv4():
    """Every column of a plain segment; flags beyond URG are dropped."""
    index, decoded, slow, not_ip = decode(ethernet(ipv4(TCP)))
    assert (decoded, slow, not_ip) == ([True], [False], 0)
    assert row(index) == {
        "proto": 6,
        "src_hi": 0,
        "src_lo": MAPPED | 0x0A000001,
        "dst_hi": 0,
        "dst_lo": MAPPED | 0x0A000002,
        "src_port": 1111,
        "dst_port": 445,
        "payload_offset": 8 + 14 + 40,
        "payload_len": 4,
        "payload_wire_len": 4,
        "tcp_seq": 1000,
        "tcp_ack": 2000,
        "tcp_flags": 0x19,
    }
    assert index.payload(0) == b"data"


def test_udp_over_ipv6():
    """Every column of a plain datagram; TCP's are 0."""
    index, decoded, _, _ = decode(ethernet(ipv6(UDP, 17), 0x86DD))
    assert decoded == [True]
    assert row(index) == {
        "proto": 17,
        "src_hi": 0xFE80 << 48,
        "src_lo": 1,
        "dst_hi": 0xFE80 << 48,
        "dst_lo": 2,
        "src_port": 2222,
        "dst_port": 88,
        "payload_offset": 8 + 14 + 48,
        "payload_len": 4,
        "payload_wire_len": 4,
        "tcp_seq": 0,
        "tcp_ack": 0,
        "tcp_flags": 0,
    }


SLL = bytes(14)
SLL2 = bytes(18)


@pytest.mark.parametrize(
    ("link_type", "data"),
    [
        (1, ethernet(ipv4(TCP))),
        (1, ethernet(ipv6(TCP), 0x86DD)),
        (1, ethernet(tag(ipv4(TCP)), 0x8100)),
        (1, ethernet(tag(tag(ipv6(TCP), 0x86DD), 0x8100), 0x88A8)),
        (1, ethernet(tag(tag(tag(ipv4(TCP)), 0x9200), 0x9100), 0x8100)),
        (12, ipv4(TCP)),
        (14, ipv6(TCP)),
        (101, ipv4(TCP)),
        (101, ipv6(TCP)),
        (228, ipv4(TCP)),
        (229, ipv6(TCP)),
        (0, b"\x02\0\0\0" + ipv4(TCP)),
        (0, b"\0\0\0\x02" + ipv4(TCP)),
        (0, b"\x18\0\0\0" + ipv6(TCP)),
        (108, b"\0\0\0\x1e" + ipv6(TCP)),
        (113, SLL + b"\x08\0" + ipv4(TCP)),
        (113, SLL + b"\x81\0" + tag(ipv6(TCP), 0x86DD)),
        (276, b"\x08\0" + SLL2 + ipv4(TCP)),
        (276, b"\x81\0" + SLL2 + tag(ipv4(TCP))),
    ],
)
def test_link_types_decoded_as_columns(link_type, data):
    """These need no slow path, alone or among others."""
    index, decoded, slow, not_ip = decode(data, link_type=link_type)
    assert (decoded, slow, not_ip) == ([True], [False], 0)
    assert index.payload(0) == b"data"
    index, decoded, _, _ = decode(
        (1, ethernet(ipv6(UDP, 17), 0x86DD)), (link_type, data), (12, ipv4(UDP, 17))
    )
    assert decoded == [True, True, True]
    assert [index.payload(number) for number in range(3)] == [b"data"] * 3
    assert index.src_port.tolist() == [2222, 1111, 2222]


@pytest.mark.parametrize(
    "data",
    [
        ethernet(ipv4(TCP, first=0x46)),
        ethernet(ipv4(TCP, fragment=0x2000)),
        ethernet(ipv4(TCP, fragment=0x0001)),
        ethernet(ipv4(TCP, 4)),
        ethernet(ipv4(TCP, 47)),
        ethernet(ipv6(TCP, 44), 0x86DD),
        ethernet(ipv6(TCP, 0), 0x86DD),
        ethernet(ipv4(UDP[:2] + b"\x12\xb5" + UDP[4:], 17)),
        ethernet(ipv4(UDP[:4] + b"\0\0" + UDP[6:], 17)),
        ethernet(ipv4(UDP[:4] + b"\0\7" + UDP[6:], 17)),
        ethernet(ipv4(UDP[:4] + b"\1\0" + UDP[6:], 17)),
        ethernet(ipv4(TCP[:12] + b"\x40" + TCP[13:])),
        ethernet(ipv4(TCP[:12] + b"\xf0" + TCP[13:])),
        ethernet(ipv4(TCP, total=39)),
        ethernet(ipv6(TCP), 0x0800),
        ethernet(tag(tag(tag(tag(ipv4(TCP)), 0x8100), 0x8100), 0x8100), 0x8100),
        ethernet(ipv4(TCP), 0x8847),
        ethernet(ipv4(TCP), 0x8864),
        ethernet(ipv4(TCP), 40),
        ethernet(ipv4(TCP), 1500),
        (113, SLL + b"\0\4" + ipv4(TCP)),
        (9, b"\xff\3\0\x21" + ipv4(TCP)),
        (105, ipv4(TCP)),
        (0, b"\7\0\0\0" + ipv4(TCP)),
        (101, b"\x15" + ipv4(TCP)),
    ],
)
def test_left_to_the_slow_path(data):
    """Whatever is not plain is left alone, also between plain packets."""
    _, decoded, slow, not_ip = decode(data)
    assert (decoded, slow, not_ip) == ([False], [True], 0)
    _, decoded, slow, _ = decode(ethernet(ipv4(TCP)), data, ethernet(ipv6(UDP, 17), 0x86DD))
    assert (decoded, slow) == ([True, False, True], [False, True, False])


def test_not_ip_is_counted():
    """ARP and LLDP need no slow path, nor do other protocols over IP, which are not counted."""
    _, decoded, slow, not_ip = decode(
        ethernet(bytes(46), 0x0806),
        ethernet(bytes(46), 0x88CC),
        ethernet(ipv4(bytes(20), 1)),
        ethernet(ipv6(bytes(20), 58), 0x86DD),
        (276, b"\x08\6" + SLL2 + bytes(28)),
    )
    assert (decoded, slow, not_ip) == ([False] * 5, [False] * 5, 3)


@pytest.mark.parametrize("data", [ethernet(ipv4(TCP)), ethernet(ipv6(TCP), 0x86DD)])
def test_ip_length_decides(data):
    """Padding behind the IP packet is no payload."""
    index, _, _, _ = decode(data + b"padding" * 3)
    assert index.payload(0) == b"data"
    assert index.payload_wire_len.tolist() == [4]


@pytest.mark.parametrize(
    "data",
    [
        ethernet(ipv4(TCP, total=0)),
        ethernet(ipv6(TCP, length=0), 0x86DD),
        ethernet(ipv4(TCP, total=9000)),
        ethernet(ipv6(TCP, length=9000), 0x86DD),
    ],
)
def test_length_zero_or_too_large_takes_the_wire(data):
    """Offload leaves lengths that are not true; the frame's is."""
    index, decoded, _, _ = decode(data, wire=len(data) + 96)
    assert decoded == [True]
    assert (index.payload_len.tolist(), index.payload_wire_len.tolist()) == ([4], [100])


@pytest.mark.parametrize(
    ("data", "least"),
    [
        (ethernet(ipv4(TCP)), 14 + 34),
        (ethernet(ipv6(TCP), 0x86DD), 14 + 54),
        (ethernet(ipv4(UDP, 17)), 42),
    ],
)
def test_snap_length(data, least):
    """Cut at every length: never a byte of what lies behind, the wire length always."""
    for cap in range(len(data)):
        index, decoded, slow, not_ip = decode(data, data, cap=cap)
        assert not_ip == 0
        if cap < least:
            assert (decoded, slow) == ([False, False], [True, True])
        else:
            assert decoded == [True, True]
            assert index.payload_wire_len.tolist() == [4, 4]
            assert index.payload_len.tolist() == [max(0, cap - len(data) + 4)] * 2


def test_short_frames_do_not_borrow_from_the_next():
    """A frame that ends inside its link header is not completed by the bytes behind it."""
    for size in range(14):
        _, decoded, slow, not_ip = decode(ethernet(b"")[:size], ethernet(ipv4(TCP)))
        assert (decoded, slow, not_ip) == ([False, True], [True, False], 0)
    _, _, slow, _ = decode(ethernet(b"\0\5", 0x8100), ethernet(ipv4(TCP)))
    assert slow == [True, False]


def test_wire_length_below_the_captured_one():
    """A file that lies about the wire length does not hide captured bytes."""
    index, decoded, _, _ = decode(ethernet(ipv4(TCP)), wire=10)
    assert decoded == [True]
    assert index.payload_wire_len.tolist() == [4]


def test_no_payload():
    """Segments and datagrams without payload are as plain as others."""
    empty = struct.pack(">HHHH", 2222, 88, 8, 0)
    index, decoded, _, _ = decode(ethernet(ipv4(TCP[:20])), ethernet(ipv4(empty, 17)))
    assert decoded == [True, True]
    assert index.payload_len.tolist() == index.payload_wire_len.tolist() == [0, 0]


def test_ip_header_alone():
    """Nothing behind the header of another protocol is nothing wrong."""
    _, decoded, slow, not_ip = decode(ethernet(ipv4(b"", 1)), ethernet(ipv6(b"", 59), 0x86DD))
    assert (decoded, slow, not_ip) == ([False, False], [False, False], 0)


def test_every_tunnel_port_is_left():
    """UDP tunnels are told by the destination port only."""
    for port in (4789, 8472, 6081):
        toward = struct.pack(">HHHH", 9, port, 12, 0) + b"data"
        back = struct.pack(">HHHH", port, 9, 12, 0) + b"data"
        _, decoded, slow, _ = decode(ethernet(ipv4(toward, 17)), ethernet(ipv4(back, 17)))
        assert (decoded, slow) == ([False, True], [True, False])


def test_only_errors_about_other_packets_are_walked():
    """Pings and other messages of ICMP cost nothing; "destination unreachable" is looked at."""
    quote = bytes(7) + ipv4(TCP)
    pings = [ethernet(ipv4(bytes([kind]) + quote, 1)) for kind in (0, 1, 5, 8, 11)]
    pings += [ethernet(ipv6(bytes([kind]) + quote, 58), 0x86DD) for kind in (2, 3, 128, 135)]
    _, decoded, slow, not_ip = decode(*pings)
    assert (any(decoded), any(slow), not_ip) == (False, False, 0)
    errors = [ethernet(ipv4(b"\3" + quote, 1)), ethernet(ipv6(b"\1" + quote, 58), 0x86DD)]
    _, decoded, slow, _ = decode(pings[0], *errors, ethernet(ipv4(TCP)))
    assert (decoded, slow) == ([False] * 3 + [True], [False, True, True, False])
