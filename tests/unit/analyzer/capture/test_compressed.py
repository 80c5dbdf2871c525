"""Compressed sources: every byte before the damage, and the damage itself."""

import gzip
import io
import random
import struct
import zlib

import pytest
import zstandard

from analyzer.capture import compressed
from analyzer.capture.source import from_stream

SOLID = random.Random(1).randbytes(3000)  # does not compress
TEXT = b"the same words again and again, " * 400


def read(data, piece=1 << 20):
    opened = from_stream(io.BytesIO(data))
    out = b""
    while True:
        view = bytearray(piece)
        count = opened.readinto(memoryview(view))
        out += view[:count]
        if count < piece:
            return out, opened.failure


def zstd(data, **options):
    return zstandard.ZstdCompressor(**options).compress(data)


@pytest.mark.parametrize("piece", [5, 100, 1 << 20])
@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_members_follow_one_another(pack, piece):
    """Files put together with cat are one capture."""
    packed = pack(TEXT) + pack(b"") + pack(SOLID)
    assert read(packed, piece) == (TEXT + SOLID, None)


def test_zstd_frames_of_every_header_are_read():
    """With and without content size and checksum, streamed, and skippable frames between."""
    skippable = struct.pack("<II", 0x184D2A53, 5) + b"12345"
    stream = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    parts = [
        zstd(TEXT, write_checksum=True),
        skippable,
        zstd(SOLID, write_content_size=False),
        stream.compress(TEXT) + stream.flush(),
        zstd(b"z" * 300_000),
    ]
    assert read(b"".join(parts)) == (TEXT + SOLID + TEXT + b"z" * 300_000, None)


def test_gzip_may_end_with_zero_bytes():
    """Tapes and some tools pad."""
    assert read(gzip.compress(TEXT) + bytes(600_000)) == (TEXT, None)


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_other_bytes_behind_the_end_are_told(pack):
    """Something was appended that is not read."""
    out, failure = read(pack(TEXT) + b"garbage!")
    assert out == TEXT
    assert failure.code == "capture-damaged"
    assert "other bytes follow" in failure.detail


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_cut_gives_what_is_before_it(pack):
    """At every place: a prefix comes out, and only the whole file is no loss."""
    packed = pack(SOLID[:300])
    for size in range(4, len(packed)):
        out, failure = read(packed[:size])
        assert SOLID.startswith(out)
        assert failure.code == "capture-cut"
    assert read(packed) == (SOLID[:300], None)


def test_a_cut_gzip_gives_all_that_is_decodable():
    """Stored bytes come out up to the very cut, also if they do not fit at once."""
    out, _ = read(gzip.compress(SOLID, compresslevel=0)[:2000])
    assert len(out) > 1900
    packed = gzip.compress(TEXT)[:-8]  # only the trailer is missing
    for piece in (10, 1 << 20):
        out, failure = read(packed, piece)
        assert out == TEXT
        assert failure.code == "capture-cut"


def test_a_cut_zstd_gives_all_whole_blocks():
    """A block holds at most 128 KiB."""
    data = random.Random(2).randbytes(400_000)
    out, failure = read(zstd(data)[:300_000])
    assert out == data[: 2 * 131072]
    assert failure.code == "capture-cut"


def test_a_bad_checksum_loses_no_byte():
    """The bytes are used, the doubt is told."""
    packed = bytearray(gzip.compress(TEXT))
    packed[-5] ^= 1  # CRC
    out, failure = read(bytes(packed))
    assert out == TEXT
    assert (failure.code, failure.detail) == ("capture-damaged", "gzip: incorrect data check")
    packed = bytearray(zstd(TEXT, write_checksum=True))
    packed[-1] ^= 1
    out, failure = read(bytes(packed))
    assert out == TEXT
    assert failure.code == "capture-damaged"


def test_gzip_damage_in_the_middle_gives_what_is_before_it():
    """zlib gives nothing for the call that fails; the bytes before the damage come all the same."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(SOLID) + packer.flush(zlib.Z_FULL_FLUSH)
    out, failure = read(packed + b"\x07" * 50)  # block type 3 does not exist
    assert out == SOLID
    assert (failure.code, failure.detail) == ("capture-damaged", "gzip: invalid block type")


def test_zstd_damage_in_the_middle_gives_what_is_before_it():
    """Block by block."""
    data = random.Random(3).randbytes(300_000)
    packed = bytearray(zstd(data))
    place = packed.index(data[131072:131082]) - 3  # header of the second block
    packed[place : place + 3] = b"\xff\xff\xff"
    out, failure = read(bytes(packed))
    assert out == data[:131072]
    assert failure.detail == "zstd: a block header is corrupt"


def test_a_zstd_block_that_cannot_be_decoded_is_told():
    """What zstd says of it."""
    header = b"\x28\xb5\x2f\xfd\x00\x58"  # no checksum, a window of 2 MiB
    good = struct.pack("<I", 5 << 3)[:3] + b"plain"
    bad = struct.pack("<I", 20 << 3 | 2 << 1 | 1)[:3] + b"\xff" * 20
    out, failure = read(header + good + bad)
    assert out == b"plain"
    assert failure.code == "capture-damaged"
    assert failure.detail.startswith("zstd: ")


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_empty_members_without_end_are_given_up(pack):
    """They would cost time and never give a byte."""
    packed = pack(TEXT) + pack(b"") * 3000 + pack(TEXT)
    out, failure = read(packed)
    assert out == TEXT
    assert failure.code == "limit-count"


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_bomb_is_given_up(monkeypatch, pack):
    """Beyond some size, more bytes out than any capture gives are no capture."""
    monkeypatch.setattr(compressed, "RATIO_FREE_BYTES", 1 << 20)
    monkeypatch.setattr(compressed, "RATIO_LIMIT", 100)
    monkeypatch.setattr(compressed, "INPUT_BYTES", 1 << 12)
    out, failure = read(pack(bytes(20 << 20)))
    assert 1 << 20 <= len(out) < 4 << 20
    assert failure.code == "limit-count"
    assert read(pack(bytes(1 << 19))) == (bytes(1 << 19), None)
