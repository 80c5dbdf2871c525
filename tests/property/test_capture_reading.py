"""What holds for every capture file, sound or not."""

import io
import struct
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import pcap, pcapng, source
from analyzer.capture.model import CaptureAccount
from analyzer.capture.source import Window, from_stream
from analyzer.errors import CaptureError

PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def record(data):
    return struct.pack("<IIII", 1_700_000_000, 5, len(data), len(data) + 3) + data


def block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def enhanced(data):
    return block(6, struct.pack("<IIIII", 0, 1, 2, len(data), len(data)) + data)


SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
INTERFACE = block(1, struct.pack("<HHI", 1, 0, 0))
PACKETS = [bytes([n]) * (14 + n) for n in range(40)]
RECORDS = PCAP + b"".join(map(record, PACKETS))
BLOCKS = SECTION + INTERFACE + b"".join(map(enhanced, PACKETS))


def read(module, data):
    account = CaptureAccount()
    window = Window(from_stream(io.BytesIO(data)))
    packets = []
    for one in module.read("x", window, account):
        assert one.first_frame == len(packets) + 1
        for start, size in zip(one.offset.tolist(), one.cap_len.tolist(), strict=True):
            assert start >= 0
            assert size >= 0
            assert start + size + 128 <= len(one.buffer)
            packets.append(one.buffer[start : start + size])
    return packets, account, window


@st.composite
def mutations(draw, seed, first):
    """The seed with some bytes changed, cut out or put in behind its header."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(first, len(data)))
        removed = draw(st.sampled_from([0, 0, 1, 4, 16, 100]))
        data[place : place + removed] = draw(st.binary(max_size=40))
    return bytes(data)


@given(data=mutations(RECORDS, 24))
@settings(deadline=None)
def test_every_byte_of_a_pcap_file_is_used_or_lost(data):
    """File header, records and losses add up to the file, however it is broken."""
    packets, account, window = read(pcap, data)
    records = sum(16 + len(packet) for packet in packets)
    lost = sum(loss.length for loss in account.losses)
    assert 24 + records + lost == len(data) == window.total
    assert account.damaged == bool(account.losses)


@given(data=mutations(BLOCKS, 28))
@settings(deadline=None)
def test_a_broken_pcapng_file_never_raises(data):
    """All that is whole is read; if anything is wrong, it is told."""
    packets, account, window = read(pcapng, data)
    assert window.total == len(data)
    assert account.damaged == bool(account.losses)
    if not account.damaged:
        assert all(len(packet) <= 64 for packet in packets)


@given(data=st.binary(max_size=400), magic=st.sampled_from([*pcap.MAGICS, pcapng.MAGIC]))
@settings(deadline=None)
def test_bytes_behind_a_magic_raise_nothing_else(data, magic):
    """A CaptureError or an account."""
    module = pcap if magic in pcap.MAGICS else pcapng
    with suppress(CaptureError):
        _, account, window = read(module, magic + data)
        assert window.total == len(data) + 4
        assert account.damaged == bool(account.losses)


@given(
    data=mutations(RECORDS, 24) | mutations(BLOCKS, 28),
    size=st.integers(64, 3000),
)
@settings(deadline=None)
def test_the_size_of_reads_changes_nothing(data, size):
    """Packets and losses are the same, wherever the windows' borders lie."""
    module = pcap if data.startswith(PCAP[:4]) else pcapng
    expected = read(module, data)
    before = source.READ_BYTES
    source.READ_BYTES = size
    try:
        packets, account, _ = read(module, data)
    finally:
        source.READ_BYTES = before
    assert packets == expected[0]
    assert sorted(map(repr, account.losses)) == sorted(map(repr, expected[1].losses))
