"""Compressed captures as byte sources: every byte before the damage is used, the damage is stated.

Spec: RFC 1952 (gzip), RFC 8878 (Zstandard) sections 3.1.1 and 3.1.2.
Not handled: dictionaries, legacy zstd frames.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

from analyzer.capture.model import CaptureLoss
from analyzer.capture.source import GZIP_MAGIC, ZSTD_MAGIC, ZSTD_SKIPPABLE, Plain

if TYPE_CHECKING:
    from zstandard import ZstdDecompressionObj

INPUT_BYTES = 1 << 18
EMPTY_LIMIT = 1024
"""Members, frames or blocks in a row that hold nothing, before they count as an attack."""
ZSTD_BLOCK_BYTES = 1 << 17
ZSTD_WINDOW_BYTES = 1 << 27
"""Memory that a frame may demand; what `zstd --ultra -22` uses and `zstd -d` allows."""
RATIO_LIMIT = 2048
"""Bytes out per byte in; deflate ends at 1,032, captures stay far below either."""
RATIO_FREE_BYTES = 1 << 28


class _Compressed:
    """Hands out what `_piece` decompresses; an empty piece is the end."""

    compression = ""

    def __init__(self, plain: Plain) -> None:
        self.failure: CaptureLoss | None = None
        self._plain = plain
        self._pending = b""
        self._given = 0

    def readinto(self, view: memoryview) -> int:
        """Fill `view` as far as the input goes."""
        done = 0
        while done < len(view):
            piece = self._pending or self._piece(len(view) - done)
            if not piece:
                break
            taken = min(len(piece), len(view) - done)
            view[done : done + taken] = piece[:taken]
            self._pending = piece[taken:]
            done += taken
        self._given += done
        return done

    def _piece(self, room: int) -> bytes:
        raise NotImplementedError

    def _fail(self, code: str, detail: str) -> None:
        if self.failure is None:
            self.failure = self._plain.failure or CaptureLoss(code, f"{self.compression}: {detail}")

    def _is_bomb(self) -> bool:
        if self._given < RATIO_FREE_BYTES or self._given < RATIO_LIMIT * self._plain.consumed:
            return False
        self._fail("limit-count", f"more than {RATIO_LIMIT} bytes out for each byte in")
        return True


class Gzip(_Compressed):
    """One or more gzip members."""

    compression = "gzip"

    def __init__(self, plain: Plain) -> None:
        super().__init__(plain)
        self._member = zlib.decompressobj(wbits=31)
        self._input = b""
        self._empty = 0
        self._ended = False

    def _piece(self, room: int) -> bytes:
        while not self._ended:
            if self._member.eof and not self._next_member():
                break
            if not self._input:
                self._input = self._plain.read(INPUT_BYTES)
            if not self._input:
                self._ended = True
                self._fail("capture-cut", "the compressed data ends early")
                return self._member.flush()  # output that did not fit last time
            if self._is_bomb():
                break
            before = self._member.copy()
            try:
                piece = self._member.decompress(self._input, room)
                self._input = self._member.unconsumed_tail or self._member.unused_data
            except zlib.error as error:
                self._ended = True
                self._fail("capture-damaged", _zlib_reason(error))
                return _all_before_error(before, self._input)
            if piece:
                self._empty = 0
                return piece
        self._ended = True
        return b""

    def _next_member(self) -> bool:
        """Whether another member follows; zero bytes behind the last one are padding."""
        self._input = self._input.lstrip(b"\0")
        while len(self._input) < len(GZIP_MAGIC):
            more = self._plain.read(INPUT_BYTES)
            if not more:
                break
            self._input = (self._input + more).lstrip(b"\0")
        if not self._input:
            return False
        self._empty += 1
        if not self._input.startswith(GZIP_MAGIC):
            self._fail("capture-damaged", "other bytes follow the compressed data")
            return False
        if self._empty > EMPTY_LIMIT:
            self._fail("limit-count", f"more than {EMPTY_LIMIT} empty members in a row")
            return False
        self._member = zlib.decompressobj(wbits=31)
        return True


def _zlib_reason(error: zlib.error) -> str:
    """`incorrect data check` out of `Error -3 while decompressing data: incorrect data check`."""
    return str(error).rpartition(": ")[2]


def _all_before_error(member: zlib._Decompress, data: bytes) -> bytes:
    """Output up to the byte that breaks it: zlib gives none for a call that fails."""
    output = bytearray()
    with suppress(zlib.error):
        for place in range(len(data)):
            output += member.decompress(data[place : place + 1])
    return bytes(output)


class Zstd(_Compressed):
    """Zstandard frames, fed block by block: so output is bounded and a cut is seen."""

    compression = "zstd"

    def __init__(self, plain: Plain) -> None:
        import zstandard  # noqa: PLC0415  # most captures are not compressed

        super().__init__(plain)
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES)
        self._error = zstandard.ZstdError
        self._frame: ZstdDecompressionObj | None = None
        self._checksum = False
        self._ended = False

    def _piece(self, room: int) -> bytes:  # noqa: ARG002  # a block never exceeds 128 KiB
        for _ in range(EMPTY_LIMIT):
            if self._ended or self._is_bomb():
                break
            try:
                piece = self._next_block() if self._frame else self._next_frame()
            except self._error as error:
                self._fail("capture-damaged", str(error))
                break
            if piece:
                return piece
        else:
            self._fail("limit-count", f"more than {EMPTY_LIMIT} empty blocks in a row")
        self._ended = True
        return b""

    def _next_frame(self) -> bytes:
        magic = self._plain.read(4)
        tail, first = ZSTD_SKIPPABLE
        if not magic:
            self._ended = True
        elif magic == ZSTD_MAGIC:
            self._frame_header()
        elif magic[1:] == tail and magic[0] in first:
            size = int.from_bytes(self._exactly(4), "little")
            while size and not self._ended:
                size -= len(self._exactly(min(size, INPUT_BYTES)))
        else:
            self._ended = True
            self._fail("capture-damaged", "other bytes follow the compressed data")
        return b""

    def _frame_header(self) -> None:
        descriptor = self._exactly(1)
        if not descriptor:
            return
        flags = descriptor[0]
        single_segment = flags >> 5 & 1
        content_size = (single_segment, 2, 4, 8)[flags >> 6]
        rest = self._exactly((0, 1, 2, 4)[flags & 3] + content_size + (1 - single_segment))
        self._checksum = bool(flags & 4)
        self._frame = self._decompressor.decompressobj()
        self._frame.decompress(ZSTD_MAGIC + descriptor + rest)

    def _next_block(self) -> bytes:
        assert self._frame is not None
        header = self._exactly(3)
        fields = int.from_bytes(header, "little")
        last, kind, size = fields & 1, fields >> 1 & 3, fields >> 3
        if kind == 3 or size > ZSTD_BLOCK_BYTES:
            self._ended = True
            self._fail("capture-damaged", "a block header is corrupt")
            return b""
        body = self._exactly(1 if kind == 1 else size)
        if self._ended:
            return b""
        piece = self._frame.decompress(header + body)
        if last:
            self._end_frame()
        return piece

    def _end_frame(self) -> None:
        """Feed the checksum apart from the block, whose bytes are good even if it is not."""
        frame, self._frame = self._frame, None
        if self._checksum and frame is not None:
            checksum = self._exactly(4)
            try:
                frame.decompress(checksum)
            except self._error as error:
                self._ended = True
                self._fail("capture-damaged", str(error))

    def _exactly(self, size: int) -> bytes:
        data = self._plain.read(size)
        if len(data) < size:
            self._ended = True
            self._fail("capture-cut", "the compressed data ends early")
            return b""
        return data
