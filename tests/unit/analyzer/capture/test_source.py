"""Byte sources and the window that walks over them."""

import gzip
import io

import pytest

from analyzer.capture import source
from analyzer.capture.inputs import Input
from analyzer.capture.source import PADDING, Window, from_stream, open_source
from analyzer.errors import CaptureError


class Trickle(io.BytesIO):
    """Gives few bytes at a time, as a pipe does, and cannot seek."""

    def readinto1(self, view):
        return super().readinto1(memoryview(view)[:7])

    def seek(self, *_):
        raise OSError("not seekable")


class Failing(io.BytesIO):
    """A disk that breaks after some bytes."""

    def readinto1(self, view):
        count = super().readinto1(memoryview(view)[:10])
        if not count:
            raise OSError(5, "Input/output error")
        return count

    def read(self, size=-1):
        self._broken_when_spent()
        return super().read(min(size, 10))

    def _broken_when_spent(self):
        if self.tell() == len(self.getvalue()):
            raise OSError(5, "Input/output error")


@pytest.fixture
def small_reads(monkeypatch):
    monkeypatch.setattr(source, "READ_BYTES", 64)


def whole(window):
    data = b""
    while True:
        data += window.data[: window.end]
        if window.at_end:
            return data
        window.advance(window.end)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 63, 64, 65, 128, 200])
@pytest.mark.parametrize("stream", [io.BytesIO, Trickle])
def test_a_window_shows_every_byte_once(small_reads, stream, size):
    """Whatever the size of reads and file."""
    data = bytes(range(200))[:size]
    assert whole(Window(from_stream(stream(data)))) == data


def test_a_window_keeps_what_is_asked_and_pads_with_zeros(small_reads):
    """A record cut by the window's end is carried over; behind the bytes there are only zeros."""
    data = bytes(range(1, 101))
    window = Window(from_stream(io.BytesIO(data)))
    assert (window.start, window.end, window.at_end) == (0, 64, False)
    assert window.data[: 64 + PADDING] == data[:64] + bytes(PADDING)
    window.advance(60)
    assert (window.start, window.end, window.at_end) == (60, 40, True)
    assert window.data[: 40 + PADDING] == data[60:] + bytes(PADDING)
    assert window.total == 100


def test_a_window_stays_in_one_room(small_reads):
    """Many stretches take no more memory than one, also where a part of each is kept."""
    data = bytes(range(256)) * 4
    window, seen = Window(from_stream(io.BytesIO(data))), b""
    room = window.data
    while not window.at_end:
        seen += window.data[: window.end - 5]
        window.advance(window.end - 5)
        assert window.data is room
    assert seen + window.data[: window.end] == data


def test_a_room_grows_and_keeps_what_was_there(small_reads):
    """A record longer than a stretch is carried over into a larger one."""
    data = bytes(range(256))
    window = Window(from_stream(io.BytesIO(data)))
    while not window.at_end:
        window.advance(0)
    assert (window.start, window.data[: window.end]) == (0, data)
    assert type(window.data[:3]) is bytes


def test_progress_counts_the_bytes_of_the_file(small_reads):
    """It only grows and ends at the file's size."""
    seen = []
    whole(Window(from_stream(io.BytesIO(bytes(200)), seen.append)))
    assert seen == sorted(seen)
    assert seen[-1] == 200


def test_a_read_error_ends_the_input_and_is_told(small_reads):
    """What came before it is used."""
    window = Window(from_stream(Failing(b"abcdefghijklmnopqrstuvwxyz")))
    assert whole(window) == b"abcdefghijklmnopqrstuvwxyz"
    assert window.failure.code == "capture-cut"
    assert "Input/output error" in window.failure.detail


def test_a_read_error_of_a_compressed_file_is_told():
    """As the reason why the compressed data ends."""
    opened = from_stream(Failing(gzip.compress(b"x" * 100)[:20]))
    opened.readinto(memoryview(bytearray(200)))
    assert opened.failure.code == "capture-cut"
    assert "Input/output error" in opened.failure.detail


def test_standard_input_is_read_and_left_open(monkeypatch):
    """It belongs to the process."""
    stdin = io.TextIOWrapper(io.BytesIO(b"captured"))
    monkeypatch.setattr("sys.stdin", stdin)
    with open_source(Input("-")) as opened:
        assert whole(Window(opened)) == b"captured"
    assert not stdin.buffer.closed


def test_a_file_that_cannot_be_opened_is_told_by_name(tmp_path):
    """One line: name and reason."""
    with (
        pytest.raises(CaptureError, match=r"^gone\.pcap: No such file or directory$"),
        open_source(Input(str(tmp_path / "gone.pcap"))),
    ):
        pass
    with pytest.raises(CaptureError, match="Is a directory"), open_source(Input(str(tmp_path))):
        pass


def test_compression_is_known_by_its_magic():
    """Never by a name."""
    assert from_stream(io.BytesIO(b"\x1f\x8b\x08\0")).compression == "gzip"
    assert from_stream(io.BytesIO(b"\x28\xb5\x2f\xfd")).compression == "zstd"
    assert from_stream(io.BytesIO(b"\x5f\x2a\x4d\x18")).compression == "zstd"
    assert from_stream(io.BytesIO(b"\x28\xb5")).compression == ""
