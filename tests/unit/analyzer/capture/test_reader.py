"""From an input to blocks and the account of what happened."""

import gzip
import io
import random
import struct

import pytest
import zstandard

from analyzer.capture.inputs import Input
from analyzer.capture.model import CaptureAccount
from analyzer.capture.reader import open_capture
from analyzer.errors import CaptureError


def record(data, seconds=1_700_000_000, wire_len=None):
    return struct.pack("<IIII", seconds, 0, len(data), wire_len or len(data)) + data


HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
PACKETS = [bytes([65 + n]) * (20 + n) for n in range(10)]
CAPTURE = HEADER + b"".join(record(data, 1000 - n) for n, data in enumerate(PACKETS))


def read(path, progress=None):
    account = CaptureAccount()
    packets = []
    for block in open_capture(Input(str(path)), account, progress):
        packets += [
            block.buffer[start : start + size]
            for start, size in zip(block.offset.tolist(), block.cap_len.tolist(), strict=True)
        ]
    return packets, account


@pytest.fixture
def capture(tmp_path):
    def write(data):
        path = tmp_path / "x.pcap"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize(
    ("pack", "name"),
    [
        (bytes, "pcap"),
        (gzip.compress, "pcap+gzip"),
        (zstandard.compress, "pcap+zstd"),
    ],
)
def test_the_account_holds_what_was_read(capture, pack, name):
    """Format, packets, bytes (decompressed) and the span of time, in whatever order."""
    data = CAPTURE + record(b"cut by the snap length", 5000, 1500)
    progress = []
    path = capture(pack(data))
    packets, account = read(path, progress.append)
    assert packets == [*PACKETS, b"cut by the snap length"]
    assert account.format == name
    assert account.link_types == {1}
    assert account.packets == 11
    assert account.bytes == sum(map(len, packets))
    assert account.file_bytes == len(data)
    assert (account.first_ts_ns, account.last_ts_ns) == (991 * 10**9, 5000 * 10**9)
    assert account.truncated_packets == 1
    assert account.losses == []
    assert not account.damaged
    assert progress[-1] == path.stat().st_size


def test_pcapng_is_known_and_may_have_no_times(capture):
    """Simple Packet Blocks tell none; the account invents none."""
    section = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    interface = struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)
    simple = struct.pack("<III4sI", 3, 20, 4, b"abcd", 20)
    packets, account = read(capture(section + interface + simple))
    assert packets == [b"abcd"]
    assert account.format == "pcapng"
    assert (account.first_ts_ns, account.last_ts_ns) == (None, None)
    timed = struct.pack("<IIIIIII4sI", 6, 36, 0, 0, 7, 4, 4, b"efgh", 36)
    packets, account = read(capture(section + interface + simple + timed))
    assert packets == [b"abcd", b"efgh"]
    assert (account.first_ts_ns, account.last_ts_ns) == (7000, 7000)


def test_standard_input_is_read(monkeypatch):
    """It cannot be rewound."""
    for data in (CAPTURE, gzip.compress(CAPTURE, mtime=0), zstandard.compress(CAPTURE)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert read("-")[0] == PACKETS


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file, not a capture"),
        (gzip.compress(b"", mtime=0), "empty file, not a capture"),
        (gzip.compress(CAPTURE, mtime=0)[:8], "gzip: the compressed data ends early"),
        (b"Dear all,\nno capture here\n", "not a capture"),
        (b"\xd4", "not a capture"),
        (b"GMBU" + bytes(90), "a Microsoft Network Monitor 2 capture, which is not supported"),
        (b"snoop\0\0\0" + bytes(90), "a snoop capture (RFC 1761), which is not supported"),
        (b"PK\x03\x04" + bytes(90), "a zip archive, which is not supported"),
        (
            gzip.compress(gzip.compress(CAPTURE, mtime=0), mtime=0),
            "compressed twice with gzip, which is not supported",
        ),
    ],
)
def test_what_is_no_capture_is_refused_in_one_line(capture, data, reason):
    """By name, and by its kind where that is known."""
    with pytest.raises(CaptureError) as caught:
        read(capture(data))
    assert str(caught.value) == f"x.pcap: {reason}"


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_cut_in_the_compression_is_one_loss(capture, pack):
    """The record it cuts is not a second one."""
    noise = b"".join(record(random.Random(n).randbytes(2000), 1000 + n) for n in range(200))
    packed = pack(CAPTURE + noise)
    packets, account = read(capture(packed[: len(packed) * 2 // 3]))
    assert packets[: len(PACKETS)] == PACKETS
    assert [loss.code for loss in account.losses] == ["capture-cut"]
    assert account.losses[0].frame == len(packets)
    assert account.losses[0].offset == account.file_bytes
    assert account.damaged


def test_a_bad_checksum_is_told_though_all_packets_come(capture):
    """They may not be those that were captured."""
    packed = bytearray(gzip.compress(CAPTURE, mtime=0))
    packed[-6] ^= 0xFF
    packets, account = read(capture(bytes(packed)))
    assert packets == PACKETS
    assert [loss.code for loss in account.losses] == ["capture-damaged"]


def test_a_reader_that_is_left_early_closes_its_file(capture):
    """And its account holds what was read so far."""
    account = CaptureAccount()
    blocks = open_capture(Input(str(capture(CAPTURE))), account)
    assert len(next(blocks)) == 10
    blocks.close()
    assert account.packets == 10
    assert account.file_bytes == len(CAPTURE)
