"""PacketDecoder: rows in frame order from both paths, and an account that closes."""

import struct

import numpy as np
import pytest

from analyzer.capture.defrag import FragmentLimits
from analyzer.capture.link import PacketDecoder
from analyzer.capture.model import CaptureAccount, RecordBlock

TCP = struct.pack(">HHIIBBHHH", 1111, 445, 1000, 2000, 0x50, 0x18, 0, 0, 0)
UDP = struct.pack(">HHHH", 2222, 88, 108, 0) + bytes(range(100))


def ipv4(payload, protocol=6, *, options=b"", fragment=0, last=2):
    header = 20 + len(options)
    head = struct.pack(
        ">BBHHHBBH", 0x40 | header // 4, 0, header + len(payload), 1, fragment, 64, protocol, 0
    )
    return head + b"\x0a\0\0\1" + bytes([10, 0, 0, last]) + options + payload


def ethernet(payload, ether_type=0x0800):
    return bytes(12) + struct.pack(">H", ether_type) + payload


def block(*packets, first_frame=1, link_types=None, snap=1 << 20):
    buffer = b"".join(data[:snap] for data in packets)
    cap_len = np.array([min(len(data), snap) for data in packets], np.int64)
    return RecordBlock(
        buffer=buffer + bytes(128),
        first_frame=first_frame,
        offset=np.concatenate([np.zeros(1, np.int64), np.cumsum(cap_len)[:-1]])[: len(packets)],
        cap_len=cap_len,
        wire_len=np.array([len(data) for data in packets], np.int64),
        ts_ns=np.arange(len(packets), dtype=np.int64) * 1000,
        link_type=np.array(link_types or [1] * len(packets), np.uint16),
    )


PLAIN = ethernet(ipv4(TCP + b"plain"))
OPTIONS = ethernet(ipv4(TCP + b"options", options=b"\1\1\1\0", last=3))
ARP = ethernet(bytes(46), 0x0806)
STP = ethernet(b"\x42\x42\x03" + bytes(43), 38)
ICMP = ethernet(ipv4(b"\3\1" + bytes(6) + ipv4(TCP), 1))
VXLAN = ethernet(
    ipv4(
        struct.pack(">HHHH", 5, 4789, 16 + len(PLAIN), 0) + b"\x08\0\0\0\0\0\5\0" + PLAIN,
        17,
        last=9,
    )
)
FRAGMENTS = (
    ethernet(ipv4(UDP[:48], 17, fragment=0x2000)),
    ethernet(ipv4(UDP[48:], 17, fragment=6)),
)


COLUMN_TYPES = {
    "frame": "int64",
    "ts_ns": "int64",
    "proto": "uint8",
    "src_hi": "uint64",
    "src_lo": "uint64",
    "dst_hi": "uint64",
    "dst_lo": "uint64",
    "src_port": "uint16",
    "dst_port": "uint16",
    "payload_offset": "int64",
    "payload_len": "int64",
    "payload_wire_len": "int64",
    "tcp_seq": "uint32",
    "tcp_ack": "uint32",
    "tcp_flags": "uint8",
}


def decode(*blocks, limits=None):
    account = CaptureAccount()
    decoder = PacketDecoder(account) if limits is None else PacketDecoder(account, limits)
    indexes = [decoder.decode(each) for each in blocks]
    decoder.finish()
    return indexes, account


def test_empty_block():
    """Nothing in, nothing out."""
    (index,), account = decode(block())
    assert len(index) == 0
    assert account == CaptureAccount()


def test_rows_of_both_paths_in_frame_order():
    """Slow rows stand between the plain ones, with all their columns."""
    (index,), account = decode(block(PLAIN, OPTIONS, ARP, VXLAN, STP, ICMP, PLAIN, first_frame=101))
    assert index.frame.tolist() == [101, 102, 104, 107]
    assert index.ts_ns.tolist() == [0, 1000, 3000, 6000]
    assert [index.payload(number) for number in range(4)] == [
        b"plain",
        b"options",
        b"plain",
        b"plain",
    ]
    assert (index.dst_lo & 0xFF).tolist() == [2, 3, 2, 2]
    assert index.proto.tolist() == [6] * 4
    assert index.dst_port.tolist() == [445] * 4
    assert index.tcp_seq.tolist() == [1000] * 4
    assert index.tcp_flags.tolist() == [0x18] * 4
    assert (account.not_ip, account.undecoded, account.losses) == (2, {}, [])


def test_column_types_do_not_depend_on_the_path():
    """Both paths give the types that PacketIndex promises."""
    (plain,), _ = decode(block(PLAIN, PLAIN))
    (slow,), _ = decode(block(OPTIONS))
    (none,), _ = decode(block(ARP))
    for index in (plain, slow, none):
        assert {name: getattr(index, name).dtype.name for name in COLUMN_TYPES} == COLUMN_TYPES


def test_reassembled_payload_is_extra():
    """A datagram belongs to the frame that completes it; rows in between do not disturb."""
    (index,), account = decode(block(FRAGMENTS[0], ARP, PLAIN, FRAGMENTS[1], PLAIN))
    assert index.frame.tolist() == [3, 4, 5]
    assert index.payload_offset.tolist()[1] == -1
    assert set(index.extra) == {1}
    assert [index.payload(number) for number in range(3)] == [b"plain", bytes(range(100)), b"plain"]
    assert (index.payload_len.tolist()[1], index.payload_wire_len.tolist()[1]) == (100, 100)
    assert account.losses == []


def test_fragments_in_different_blocks():
    """The defragmenter lives as long as the capture."""
    (first, second), _ = decode(block(FRAGMENTS[1]), block(FRAGMENTS[0], first_frame=2))
    assert len(first) == 0
    assert second.frame.tolist() == [2]
    assert second.payload(0) == bytes(range(100))


def test_fragments_of_a_tunnel():
    """Outer fragments are put together, then the tunnel is followed."""
    tunnel = b"\0\0\x08\0" + ipv4(TCP + b"t" * 100, last=7)
    (index,), _ = decode(
        block(
            ethernet(ipv4(tunnel[:80], 47, fragment=0x2000)),
            ethernet(ipv4(tunnel[80:], 47, fragment=10)),
        )
    )
    assert index.frame.tolist() == [2]
    assert index.payload(0) == b"t" * 100
    assert (index.dst_lo & 0xFF).tolist() == [7]


def test_incomplete_datagram_is_a_loss():
    """What never completes is told when the capture ends."""
    _, account = decode(block(PLAIN, FRAGMENTS[0]))
    assert [(loss.code, loss.frame) for loss in account.losses] == [("incomplete-fragments", 2)]
    assert "udp 2222 > 88" in account.losses[0].detail


def test_limits_reach_the_defragmenter():
    """The bounds are the caller's."""
    other = ethernet(ipv4(UDP[:48], 17, fragment=0x2000, last=8))
    _, account = decode(block(FRAGMENTS[0], other), limits=FragmentLimits(datagrams=1))
    assert [loss.code for loss in account.losses] == ["limit-fragments", "incomplete-fragments"]


def test_cut_headers_are_undecoded():
    """Packets cut inside their headers count under snaplen."""
    (index,), account = decode(block(PLAIN, PLAIN, snap=40))
    assert len(index) == 0
    assert account.undecoded == {"snaplen": 2}


def test_cut_payload():
    """A payload cut by the snap length keeps its length on the wire, on both paths."""
    (index,), _ = decode(block(PLAIN, OPTIONS, snap=60))
    assert index.payload_len.tolist() == [5, 2]
    assert index.payload_wire_len.tolist() == [5, 7]
    assert [index.payload(number) for number in range(2)] == [b"plain", b"op"]
    (index,), _ = decode(block(OPTIONS, snap=14 + 24 + 14))
    assert (index.payload_len.tolist(), index.payload_wire_len.tolist()) == ([0], [7])
    assert index.payload(0) == b""


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ethernet(ipv4(TCP[:12] + b"\x10" + TCP[13:])), "bad-tcp-header"),
        (ethernet(ipv4(TCP[:12])), "bad-tcp-header"),
        (ethernet(ipv4(UDP[:4] + b"\0\3" + UDP[6:], 17)), "bad-udp-header"),
        (ethernet(b"\x41" + bytes(40)), "bad-ipv4-header"),
        (ethernet(b"\x30" + bytes(40)), "bad-ip-header"),
        (bytes(9), "bad-link-header"),
        (ethernet(ipv4(b"\x40\0\x08\0" + bytes(40), 47)), "bad-gre-header"),
    ],
)
def test_undecodable_packets_are_counted_by_reason(data, reason):
    """Each has its reason; the others go on."""
    (index,), account = decode(block(PLAIN, data, PLAIN, data))
    assert index.frame.tolist() == [1, 3]
    assert account.undecoded == {reason: 2}
    assert account.not_ip == 0


def test_unsupported_link_types():
    """Counted by number, and one loss for each number at the end."""
    (index,), account = decode(
        block(PLAIN, bytes(40), bytes(40), bytes(40), link_types=[1, 147, 148, 147])
    )
    assert index.frame.tolist() == [1]
    assert account.undecoded == {"link-type-147": 2, "link-type-148": 1}
    losses = [(loss.code, loss.detail, loss.count) for loss in account.losses]
    assert losses == [
        ("unsupported-link-type", "link type 147", 2),
        ("unsupported-link-type", "link type 148", 1),
    ]


def test_too_many_tunnels_are_a_loss():
    """Told once, with the first frame and how many."""
    deep = TCP
    for layer in range(12):
        deep = ipv4(deep, 4 if layer else 6)
    (index,), account = decode(block(PLAIN, ethernet(deep), ethernet(deep)))
    assert index.frame.tolist() == [1]
    assert account.undecoded == {"limit-tunnels": 2}
    losses = [(loss.code, loss.frame, loss.count) for loss in account.losses]
    assert losses == [("limit-tunnels", 2, 2)]


def test_quoted_packets_are_not_decoded():
    """The TCP header that an ICMP error quotes is no packet of its own."""
    (index,), account = decode(block(ICMP))
    assert len(index) == 0
    assert (account.not_ip, account.undecoded) == (0, {})
