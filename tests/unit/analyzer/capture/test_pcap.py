"""Classic captures: byte orders, clocks, cuts and damage."""

import io
import struct

import pytest

from analyzer.capture import damage, pcap, records, source
from analyzer.capture.model import CaptureAccount
from analyzer.capture.source import Window, from_stream
from analyzer.errors import CaptureError

PACKETS = [bytes([65 + n]) * (20 + n * 3) for n in range(12)]
HEADER_BYTES = 24


def header(order="<", magic=0xA1B2C3D4, version=(2, 4), network=1):
    return struct.pack(f"{order}IHHiIII", magic, *version, 0, 0, 65535, network)


def record(data, order="<", time=(1_700_000_000, 5), wire_len=None, extra=b""):
    lengths = (len(data), len(data) if wire_len is None else wire_len)
    return struct.pack(f"{order}IIII", *time, *lengths) + extra + data


CAPTURE = header() + b"".join(record(data) for data in PACKETS)


def read(data):
    """The packets' bytes, all blocks, and the account."""
    account = CaptureAccount()
    window = Window(from_stream(io.BytesIO(data)))
    blocks, packets = [], []
    for block in pcap.read("x.pcap", window, account):
        blocks.append(block)
        assert block.first_frame == len(packets) + 1
        ends = block.offset + block.cap_len
        packets += [
            block.buffer[a:b] for a, b in zip(block.offset.tolist(), ends.tolist(), strict=True)
        ]
        assert len(block.buffer) >= int(ends.max()) + 128
    return packets, blocks, account


def losses(account):
    return [(loss.code, loss.offset, loss.length, loss.frame) for loss in account.losses]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("magic", "extra", "unit"), [(0xA1B2C3D4, 0, 1000), (0xA1B23C4D, 0, 1), (0xA1B2CD34, 8, 1000)]
)
def test_every_variant_is_read(order, magic, extra, unit):
    """Both byte orders; microseconds, nanoseconds, and the longer headers of a patched libpcap."""
    data = header(order, magic) + b"".join(
        record(packet, order, (4_294_967_295, 999_999), 1500, bytes(extra)) for packet in PACKETS
    )
    packets, blocks, account = read(data)
    assert packets == PACKETS
    assert set(blocks[0].ts_ns.tolist()) == {4_294_967_295 * 10**9 + 999_999 * unit}
    assert set(blocks[0].wire_len.tolist()) == {1500}
    assert set(blocks[0].link_type.tolist()) == {1}
    assert not account.damaged


def test_the_link_type_is_the_lower_half_of_its_field():
    """Above it stand the length of the frame check sequence and reserved bits."""
    _, blocks, account = read(header(network=0x1400_0065) + record(b"x" * 20))
    assert blocks[0].link_type.tolist() == [101]
    assert account.link_types == {101}


def test_a_capture_without_packets_is_one():
    """Nothing was seen, nothing is lost."""
    packets, _, account = read(header())
    assert packets == []
    assert not account.damaged
    assert account.link_types == {1}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (header()[:23], "cut short inside its header"),
        (header()[:4], "cut short inside its header"),
        (header(version=(2, 2)) + bytes(40), r"version 2\.2 is not supported"),
        (header(version=(543, 0)) + bytes(40), r"version 543\.0 is not supported"),
    ],
)
def test_a_header_that_tells_nothing_is_refused(data, reason):
    """Rather than guessing at what follows."""
    with pytest.raises(CaptureError, match=rf"^x\.pcap: .*{reason}"):
        read(data)


def test_a_cut_at_every_byte_keeps_all_packets_before_it():
    """None is lost, none is invented, the cut is told where it is."""
    ends = [HEADER_BYTES]
    for data in PACKETS:
        ends.append(ends[-1] + 16 + len(data))
    for size in range(HEADER_BYTES, len(CAPTURE) + 1):
        packets, _, account = read(CAPTURE[:size])
        whole = sum(end <= size for end in ends) - 1
        assert packets == PACKETS[:whole]
        rest = size - ends[whole]
        expected = [("capture-cut", ends[whole], rest, whole or None)] if rest else []
        assert losses(account) == expected
        assert account.damaged == bool(rest)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x40000000, 0x40001, 200_000, 2_000])
@pytest.mark.parametrize("victim", [0, 4, 10])
def test_records_behind_a_corrupt_length_are_found_again(length, victim):
    """Be the length absurd, or only longer than the file."""
    start = HEADER_BYTES + sum(16 + len(data) for data in PACKETS[:victim])
    broken = bytearray(CAPTURE)
    struct.pack_into("<I", broken, start + 8, length)
    packets, _, account = read(bytes(broken))
    assert packets == PACKETS[:victim] + PACKETS[victim + 1 :]
    expected = ("capture-damaged", start, 16 + len(PACKETS[victim]), victim or None)
    assert losses(account) == [expected]
    assert account.damaged


def test_damage_behind_which_nothing_follows_is_told_to_the_end():
    """The last record, or everything."""
    packets, _, account = read(CAPTURE + b"\xff" * 100)
    assert packets == PACKETS
    assert losses(account) == [("capture-damaged", len(CAPTURE), 100, 12)]


def test_a_damaged_capture_may_be_cut_too():
    """Both losses are told."""
    data = header() + b"\xff" * 33 + CAPTURE[HEADER_BYTES:-5]
    packets, _, account = read(data)
    assert packets == PACKETS[:-1]
    assert [loss[0] for loss in losses(account)] == ["capture-damaged", "capture-cut"]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("size", [64, 100, 999, 4096])
def test_blocks_of_any_size_give_the_same_packets(monkeypatch, order, size):
    """A record that straddles a border is carried over, and damage is found there too."""
    packets = [bytes([n]) * (14 + n * 7 % 500) for n in range(200)]
    parts = [record(data, order) for data in packets]
    parts[100:100] = [b"\xfe" * 3000]
    monkeypatch.setattr(source, "READ_BYTES", size)
    monkeypatch.setattr(pcap.PcapReader, "reach", damage.CHAIN * 600)
    read_back, _, account = read(header(order) + b"".join(parts))
    assert read_back == packets
    assert [(loss[0], loss[2], loss[3]) for loss in losses(account)] == [
        ("capture-damaged", 3000, 100)
    ]


def test_blocks_hold_a_bounded_number_of_packets():
    """In the middle of a window too."""
    count = records.BLOCK_PACKETS * 2 + 5
    _, blocks, _ = read(header() + record(b"x" * 14) * count)
    assert [len(block) for block in blocks] == [records.BLOCK_PACKETS] * 2 + [5]


def test_packets_up_to_the_bound_are_sound():
    """Segmentation offload makes packets of 64 KiB and more; 256 KiB is Wireshark's bound."""
    large = bytes(records.MAX_CAP_LEN)
    packets, _, account = read(header() + record(large) + record(b"x" * 20))
    assert packets == [large, b"x" * 20]
    assert not account.damaged


def test_empty_records_are_packets_until_they_are_too_many(monkeypatch):
    """Wireshark numbers them; a hole of zeros or a bomb has millions."""
    empty = record(b"", time=(0, 0))
    monkeypatch.setattr(records, "IDLE_LIMIT", 40)
    packets, _, account = read(header() + empty * 30 + record(b"x" * 20) + empty * 30)
    assert len(packets) == 61
    assert not account.damaged
    packets, _, account = read(
        header() + empty * (records.BLOCK_PACKETS + 9) + CAPTURE[HEADER_BYTES:]
    )
    assert packets == [b""] * records.BLOCK_PACKETS + PACKETS
    assert [(loss.code, loss.frame) for loss in account.losses] == [
        ("limit-count", records.BLOCK_PACKETS)
    ]
