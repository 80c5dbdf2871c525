"""Capture files made to harm: each ends, within bounds, and says what was not read."""

import gzip
import struct

import pytest
import zstandard

from analyzer.capture import damage, records
from analyzer.capture.inputs import Input
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture

PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def record(data):
    return struct.pack("<IIII", 1, 0, len(data), len(data)) + data


def block(kind, body):
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
INTERFACE = block(1, struct.pack("<HHI", 1, 0, 0))


def enhanced(data, number=0, cap_len=None):
    length = len(data) if cap_len is None else cap_len
    return block(6, struct.pack("<IIIII", number, 0, 0, length, len(data)) + data)


PACKET = b"p" * 60
SIXTEEN = record(PACKET) * 16
SIXTEEN_BLOCKS = enhanced(PACKET) * 16
WORD_16 = struct.pack("<I", 16)
WORDS_6_12_12 = struct.pack("<III", 6, 12, 12)  # a block of twelve bytes, or two thirds of one

FILES = {
    "a million empty records": PCAP + struct.pack("<IIII", 5, 0, 0, 60) * 1_000_000,
    "a hole of zeros": PCAP + record(PACKET) + bytes(20_000_000) + SIXTEEN,
    "gzip of a quarter gigabyte of zeros": gzip.compress(PCAP + bytes(1 << 28)),
    "zstd of a gigabyte of zeros": zstandard.compress(PCAP + bytes(1 << 30)),
    "damage after every sixteen records": PCAP + (SIXTEEN + b"\xff" * 20) * 1000,
    "chains that always end too soon": PCAP + b"\xff" * 16 + (WORD_16 * 119 + b"\xff" * 7) * 2000,
    "ones": PCAP + b"\xff" * 10_000_000,
    "every section anew": (SECTION + INTERFACE + enhanced(PACKET)) * 5_000,
    "nothing but sections": SECTION * 100_000,
    "nothing but unknown blocks": SECTION + block(0x77, b"") * 1_200_000,
    "interfaces without end": SECTION + INTERFACE * 70_000 + enhanced(PACKET, 65_535),
    "packets of nobody's interface": SECTION + enhanced(PACKET, 9) * 50_000,
    "packets longer than their blocks": SECTION + INTERFACE + enhanced(b"abcd", 0, 99) * 50_000,
    "lengths that wrap": SECTION + INTERFACE + enhanced(b"abcd", 0, 0xFFFFFFFF) * 10,
    "damage after every sixteen blocks": SECTION
    + INTERFACE
    + (SIXTEEN_BLOCKS + b"\xff" * 8) * 1000,
    "blocks that always end too soon": SECTION + (WORDS_6_12_12 * 15 + b"\xff" * 4) * 10_000,
    "empty gzip members": gzip.compress(PCAP + SIXTEEN) + gzip.compress(b"") * 20_000,
    "empty zstd frames": zstandard.compress(PCAP + SIXTEEN) + zstandard.compress(b"") * 20_000,
}
SOUND = {
    "a million empty records": 1_000_000,
    "every section anew": 5_000,
    "nothing but sections": 0,
}
"""Strange, but nothing is lost: how many packets there are."""


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_ends_and_says_what_was_lost(tmp_path, name):
    """No exception, no long list, no tiny blocks, no packet outside its buffer."""
    path = tmp_path / "hostile"
    path.write_bytes(FILES[name])
    account = CaptureAccount()
    blocks = 0
    for one in open_capture(Input(str(path)), account):
        blocks += 1
        assert len(one) <= records.BLOCK_PACKETS
        assert int(one.cap_len.min()) >= 0
        assert int((one.offset + one.cap_len).max()) + 128 <= len(one.buffer)
    assert blocks <= 4 + account.packets // 8_000 + account.file_bytes // 1_000_000
    assert len(account.losses) <= 2 * damage.LOSSES_LISTED
    if name in SOUND:
        assert account.packets == SOUND[name]
        assert account.losses == []
    else:
        assert account.damaged
        assert all(loss.detail for loss in account.losses)


def test_packets_behind_a_hole_are_found(tmp_path):
    """A disk that lost megabytes did not lose what follows."""
    path = tmp_path / "hole"
    path.write_bytes(FILES["a hole of zeros"])
    account = CaptureAccount()
    *_, last = open_capture(Input(str(path)), account)
    assert last.cap_len.tolist()[-16:] == [60] * 16
    assert [loss.code for loss in account.losses] == ["limit-count"]


def test_a_bomb_is_not_unpacked_to_its_end(tmp_path):
    """A hundred kilobytes must not cost a gigabyte of work."""
    path = tmp_path / "bomb"
    path.write_bytes(FILES["zstd of a gigabyte of zeros"])
    account = CaptureAccount()
    for _ in open_capture(Input(str(path)), account):
        pass
    assert account.file_bytes < 300 << 20
    assert account.packets < records.IDLE_LIMIT + 2 * records.BLOCK_PACKETS
    assert "limit-count" in {loss.code for loss in account.losses}
