"""Both ways to a packet agree: whatever the columns decode, the walk decodes alike."""

import struct

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import link
from analyzer.capture.model import CaptureAccount, RecordBlock
from analyzer.capture.packet import LINK_TYPES

TCP = struct.pack(">HHIIBBHHH", 1111, 445, 1000, 2000, 0x50, 0x18, 0, 0, 0) + b"tcp data"
UDP = struct.pack(">HHHH", 2222, 88, 16, 0) + b"udp data"


def ipv4(payload, protocol):
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    return head + b"\x0a\0\0\1\x0a\0\0\2" + payload


def ipv6(payload, following):
    return struct.pack(">IHBB", 6 << 28, len(payload), following, 64) + bytes(range(32)) + payload


def ethernet(payload, ether_type):
    return bytes(12) + struct.pack(">H", ether_type) + payload


SEEDS = (
    (1, ethernet(ipv4(TCP, 6), 0x0800)),
    (1, ethernet(ipv4(UDP, 17), 0x0800)),
    (1, ethernet(ipv6(TCP, 6), 0x86DD)),
    (1, ethernet(ipv6(UDP, 17), 0x86DD)),
    (1, ethernet(b"\0\5\x08\0" + ipv4(TCP, 6), 0x8100)),
    (1, ethernet(b"\0\5\x81\0\0\6\x86\xdd" + ipv6(UDP, 17), 0x88A8)),
    (1, ethernet(ipv4(ipv6(TCP, 6), 41), 0x0800)),
    (1, ethernet(ipv4(b"\0\0\x08\0" + ipv4(TCP, 6), 47), 0x0800)),
    (1, ethernet(bytes(46), 0x0806)),
    (12, ipv4(TCP, 6)),
    (229, ipv6(UDP, 17)),
    (0, b"\2\0\0\0" + ipv4(TCP, 6)),
    (108, b"\0\0\0\x1e" + ipv6(TCP, 6)),
    (113, bytes(14) + b"\x08\0" + ipv4(TCP, 6)),
    (276, b"\x86\xdd" + bytes(18) + ipv6(TCP, 6)),
    (51, b"\x11\0\0\1\0\x32\0\x21" + ipv4(TCP, 6)),
)
TELLING = st.sampled_from(
    (0, 1, 2, 4, 5, 6, 8, 17, 40, 44, 47, 0x20, 0x45, 0x46, 0x60, 0x81, 0x86, 0xDD, 255)
)


@st.composite
def packets(draw):
    """A link type, bytes with a few of them changed, captured and wire length."""
    link_type, data = draw(st.sampled_from(SEEDS))
    changed = bytearray(data)
    place = st.integers(0, min(len(data), 80) - 1)
    for at, value in draw(st.lists(st.tuples(place, TELLING | st.integers(0, 255)), max_size=4)):
        changed[at] = value
    if draw(st.integers(0, 9)) == 0:
        link_type = draw(st.sampled_from((*LINK_TYPES, 105)))
    captured = draw(st.just(len(data)) | st.integers(0, len(data)))
    wire = draw(st.sampled_from((len(data), captured, len(data) + 40)))
    return link_type, bytes(changed[:captured]), wire


def block(drawn):
    captured = np.array([len(data) for _, data, _ in drawn], np.int64)
    return RecordBlock(
        buffer=b"".join(data for _, data, _ in drawn) + bytes(128),
        first_frame=1,
        offset=np.cumsum(captured) - captured,
        cap_len=captured,
        wire_len=np.array([wire for _, _, wire in drawn], np.int64),
        ts_ns=np.arange(len(drawn), dtype=np.int64),
        link_type=np.array([link_type for link_type, _, _ in drawn], np.uint16),
    )


def outcome(drawn):
    account = CaptureAccount()
    decoder = link.PacketDecoder(account)
    index = decoder.decode(block(drawn))
    decoder.finish()
    names = [name for name in index.__slots__ if name not in {"buffer", "extra"}]
    rows = {name: list(getattr(index, name)) for name in names}
    payloads = [index.payload(row) for row in range(len(index))]
    return rows, payloads, account


@settings(deadline=None)
@given(st.lists(packets(), min_size=1, max_size=12))
def test_columns_and_walk_agree(drawn):
    """Rows, payloads, counts and losses are the same if every packet is made to walk."""
    fast = outcome(drawn)
    decode_plain = link.decode_plain
    try:
        link.decode_plain = lambda block, index, decoded: (~decoded, 0)
        walked = outcome(drawn)
    finally:
        link.decode_plain = decode_plain
    assert fast == walked


@settings(deadline=None)
@given(st.lists(packets(), min_size=1, max_size=12))
def test_neighbours_do_not_matter(drawn):
    """A packet decodes alike alone and in company, fragments aside."""
    rows, payloads, account = outcome(drawn)
    if account.losses:  # fragments wait for company, limits count it
        return
    together = list(
        zip(rows["frame"], rows["proto"], rows["src_lo"], rows["tcp_seq"], payloads, strict=True)
    )
    alone = []
    for number, packet in enumerate(drawn, 1):
        single, payload, _ = outcome([packet])
        columns = (single["proto"], single["src_lo"], single["tcp_seq"], payload)
        alone += [(number, *row) for row in zip(*columns, strict=True)]
    assert together == alone


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from((*LINK_TYPES, 105)), st.binary(max_size=120)),
        min_size=1,
        max_size=8,
    )
)
def test_any_bytes(drawn):
    """Random bytes never raise, and no packet is both a row and a count."""
    rows, _, account = outcome([(link_type, data, len(data)) for link_type, data in drawn])
    assert len(rows["frame"]) + account.not_ip + sum(account.undecoded.values()) <= len(drawn)
