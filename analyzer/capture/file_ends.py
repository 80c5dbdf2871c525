"""When the first and the last packet of a capture file were seen, told without reading what lies between."""

from __future__ import annotations

import io
import os
import struct
from typing import TYPE_CHECKING

from analyzer.capture import pcap, pcapng
from analyzer.capture.damage import find_chain
from analyzer.capture.inputs import Input, opened
from analyzer.capture.model import NO_TIME, CaptureAccount
from analyzer.capture.source import GZIP_MAGIC, Window, from_stream
from analyzer.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.capture.model import RecordBlock

TAIL = 1 << 20
"""Bytes of a file's end in which the last packet is looked for."""
LAST_BLOCKS = 32
"""pcapng blocks looked at from the end: statistics and names may follow the last packet."""

_LENGTH = struct.Struct("<I"), struct.Struct(">I")
_SECTION = 0x0A0D0D0A
_INTERFACE = 1


def ends(item: Input) -> tuple[int | None, int | None]:
    """Times of the first and the last packet, ns since 1970 UTC; None for what can't be told cheaply.

    The end of a compressed file takes reading it all; so it is not told.
    """
    try:
        with opened(item) as stream:
            first = _first(item.name, stream)
            return first, None if first is None else _last(item.name, stream)
    except (OSError, CaptureError):
        return None, None


def _first(name: str, stream: io.BufferedIOBase) -> int | None:
    head = stream.read(4)
    stream.seek(0)
    if head.startswith(GZIP_MAGIC) or not (pcap.matches(head) or pcapng.matches(head)):
        return _edge(_records(name, stream), first=True)  # the reader knows what it is, if anything
    return _edge(_records(name, io.BytesIO(stream.read(TAIL))), first=True)


def _records(name: str, stream: io.BufferedIOBase) -> Iterable[RecordBlock]:
    window = Window(from_stream(stream))
    magic = window.data[:4]
    if pcap.matches(magic):
        yield from pcap.read(name, window, CaptureAccount())
    elif pcapng.matches(magic):
        yield from pcapng.read(name, window, CaptureAccount())


def _edge(blocks: Iterable[RecordBlock], *, first: bool) -> int | None:
    found: int | None = None
    for block in blocks:
        times = block.ts_ns[block.ts_ns != NO_TIME]
        if len(times):
            if first:
                return int(times[0])
            found = int(times[-1])
    return found


def _last(name: str, stream: io.BufferedIOBase) -> int | None:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    magic = stream.read(4)
    if size <= TAIL:
        stream.seek(0)
        return _edge(_records(name, io.BytesIO(stream.read())), first=False)
    if pcap.matches(magic):
        return _last_of_pcap(stream, size, magic)
    if pcapng.matches(magic):
        begin = _section_head(stream)
        return _edge(_records(name, io.BytesIO(begin + _last_blocks(stream, size))), first=False)
    return None


def _last_of_pcap(stream: io.BufferedIOBase, size: int, magic: bytes) -> int | None:
    stream.seek(size - TAIL)
    window = Window(from_stream(io.BytesIO(stream.read(TAIL))))
    reader = pcap.PcapReader(window, CaptureAccount(), pcap.MAGICS[magic], 1)
    start = find_chain(reader, 0, window.end, window.end, at_end=True, cut_allowed=True)
    return None if start is None else _edge(reader.blocks(start), first=False)


def _order(stream: io.BufferedIOBase) -> struct.Struct:
    stream.seek(8)
    little, big = _LENGTH
    return little if stream.read(4) == b"\x4d\x3c\x2b\x1a" else big


def _section_head(stream: io.BufferedIOBase) -> bytes:
    """The blocks before the first packet that say how to read it: section and interfaces."""
    word = _order(stream)
    kept, position = bytearray(), 0
    for _ in range(LAST_BLOCKS):
        stream.seek(position)
        head = stream.read(8)
        if len(head) < 8:
            break
        (kind,), (length,) = word.unpack_from(head), word.unpack_from(head, 4)
        if kind not in {_SECTION, _INTERFACE} or not 12 <= length <= TAIL:
            break
        kept += head + stream.read(length - 8)
        position += length
    return bytes(kept)


def _last_blocks(stream: io.BufferedIOBase, size: int) -> bytes:
    """The file's last blocks, found backwards by the length that closes each."""
    word = _order(stream)
    position = size
    for _ in range(LAST_BLOCKS):
        if position < 12:
            break
        stream.seek(position - 4)
        (length,) = word.unpack(stream.read(4))
        if not 12 <= length <= min(position, TAIL) or length % 4:
            break
        position -= length
    stream.seek(position)
    return stream.read(size - position)
