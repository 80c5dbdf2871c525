"""The bytes of one input: from a path or standard input, decompressed, in padded blocks.

Files are read, never mapped: one that shrinks while it is mapped would kill the process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from mmap import ACCESS_COPY, mmap
from typing import Protocol, cast

from analyzer.capture.inputs import Input, opened
from analyzer.capture.model import CaptureLoss
from analyzer.errors import CaptureError

Progress = Callable[[int], None]
"""Called with the bytes of the input read so far, as they lie in the file."""

READ_BYTES = 8 << 20  # measured: larger blocks leave the processor cache
PADDING = 128
MAGIC_BYTES = 4
GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZSTD_SKIPPABLE = (b"\x2a\x4d\x18", range(0x50, 0x60))  # magic 0x184D2A50 to 0x184D2A5F


class Memory(Protocol):
    """Where the bytes of a capture are put, if not where each block has memory of its own."""

    stretch: int  # bytes to read at a time

    def take(self, size: int) -> mmap:
        """At least `size` bytes to write to, which stay until the next call."""


class Source(Protocol):
    """Bytes of a capture, decompressed, in order."""

    compression: str  # empty, `gzip` or `zstd`
    failure: CaptureLoss | None  # why the bytes ended early, once they have

    def readinto(self, view: memoryview) -> int:
        """Fill `view` as far as the input goes; less than its length only at the end."""


class Plain:
    """The input as it lies on disk or comes through a pipe, counted as it is consumed."""

    compression = ""

    def __init__(self, stream: BufferedIOBase, progress: Progress | None = None) -> None:
        self.consumed = 0
        self.failure: CaptureLoss | None = None
        self._stream = stream
        self._progress = progress
        self._head = self._take(MAGIC_BYTES)

    @property
    def magic(self) -> bytes:
        """The first bytes, which stay to be read."""
        return self._head

    def readinto(self, view: memoryview) -> int:
        """Fill `view` as far as the input goes."""
        done = len(self._head)  # views are always larger than the magic
        view[:done] = self._head
        self._head = b""
        try:
            # one system read each: what came before an error is not lost with it
            while done < len(view) and (count := self._stream.readinto1(view[done:])):
                done += count
                self._count(count)
        except OSError as error:
            self._broken(error)
        return done

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        head, self._head = self._head[:size], self._head[size:]
        return head + self._take(size - len(head)) if size > len(head) else head

    def _take(self, size: int) -> bytes:
        try:
            data = self._stream.read(size)
        except OSError as error:
            self._broken(error)
            return b""
        self._count(len(data))
        return data

    def _count(self, size: int) -> None:
        self.consumed += size
        if self._progress is not None:
            self._progress(self.consumed)

    def _broken(self, error: OSError) -> None:
        self.failure = CaptureLoss("capture-cut", f"reading failed: {error.strerror or error}")


@contextmanager
def open_source(item: Input, progress: Progress | None = None) -> Iterator[Source]:
    """Open `item`; what is compressed is known by its magic, not by its name."""
    if item.is_standard_input:
        yield from_stream(cast("BufferedIOBase", sys.stdin.buffer), progress)
        return
    try:
        stream = opened(item)
    except OSError as error:
        raise CaptureError(f"{item.name}: {error.strerror or error}") from None
    with stream:
        yield from_stream(stream, progress)


def from_stream(stream: BufferedIOBase, progress: Progress | None = None) -> Source:
    """Wrap an open binary stream, which need not be seekable."""
    plain = Plain(stream, progress)
    magic = plain.magic
    if magic.startswith(GZIP_MAGIC):
        from analyzer.capture.compressed import Gzip  # noqa: PLC0415  # most captures are plain

        return Gzip(plain)
    tail, first = ZSTD_SKIPPABLE
    if magic == ZSTD_MAGIC or (magic[1:] == tail and magic[0] in first):
        from analyzer.capture.compressed import Zstd  # noqa: PLC0415

        return Zstd(plain)
    return plain


class Room:
    """Memory of this process for one stretch of a capture; the next one takes its place.

    It lies outside the heap, which blocks that come and go would riddle with holes of their size.
    """

    def __init__(self) -> None:
        self.stretch = READ_BYTES
        self._place: mmap | None = None

    def take(self, size: int) -> mmap:
        """See `Memory`."""
        place = self._place
        if place is None or len(place) < size:
            # what is kept of the stretch before goes first; room that is not used costs nothing
            place = self._place = mmap(-1, size + size // 4, access=ACCESS_COPY)
        return place


class Window:
    """The stretch of the capture that is being walked.

    `data[:end]` are the bytes of the capture from offset `start` on; at least `PADDING` bytes follow, at the
    end of the capture zeros. They stay until the next `advance`.
    """

    def __init__(self, source: Source, memory: Memory | None = None) -> None:
        self.data = b""
        self.start = 0
        self.end = 0
        self.at_end = False
        self._source = source
        self._memory = Room() if memory is None else memory
        self.advance(0)

    @property
    def total(self) -> int:
        """Bytes of the capture read so far."""
        return self.start + self.end

    @property
    def failure(self) -> CaptureLoss | None:
        """Why the source ended before its end."""
        return self._source.failure

    def advance(self, keep_from: int) -> None:
        """Drop what lies before `keep_from` and read on behind what is kept."""
        kept = self.end - keep_from
        wanted = kept + self._memory.stretch
        place = self._memory.take(wanted + PADDING)
        with memoryview(place) as view, memoryview(self.data) as before:
            view[:kept] = before[keep_from : self.end]  # both may be the same memory
            count = self._source.readinto(view[kept:wanted])
            view[kept + count : kept + count + PADDING] = bytes(PADDING)
        self.data = cast("bytes", place)  # sliced and looked at as an array it is the same
        self.at_end = count < wanted - kept
        self.start += keep_from
        self.end = kept + count
