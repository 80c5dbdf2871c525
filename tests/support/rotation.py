"""Cuts capture files between packets, as a capture process does that begins a new file now and then.

Spec: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from analyzer.capture import pcap, pcapng
from analyzer.capture.inputs import Input, RotatedInput
from analyzer.capture.packet_blocks import FRAMES

DESCRIBING = (pcapng.SECTION, pcapng.INTERFACE)
"""Blocks that each file of a set repeats."""


def rotated(path: Path, folder: Path, count: int = 3) -> RotatedInput | None:
    """A capture in up to `count` files of like many packets, under its name; None if it can't be cut."""
    data = path.read_bytes()
    parts = _cut_pcap(data, count) if pcap.matches(data[:4]) else _cut_pcapng(data, count)
    if len(parts) < 2:
        return None
    folder.mkdir(parents=True)
    files = []
    for number, part in enumerate(parts, 1):
        file = folder / f"set_{number:05d}_20261127120000.pcap"
        file.write_bytes(part)
        files.append(Input(str(file)))
    return RotatedInput(files[0].path, label=path.name, parts=tuple(files))


def _cut_pcap(data: bytes, count: int) -> list[bytes]:
    layout = pcap.MAGICS[data[:4]]
    order = "little" if layout.order == "<" else "big"
    starts, position = [], pcap.FILE_HEADER_BYTES
    while position + layout.header_bytes <= len(data):
        starts.append(position)
        size = int.from_bytes(data[position + 8 : position + 12], order)
        position += layout.header_bytes + size
    head = data[: pcap.FILE_HEADER_BYTES]
    return [head + data[begin:end] for begin, end in _bounds(starts, len(data), count)]


def _cut_pcapng(data: bytes, count: int) -> list[bytes]:
    """Cut before packets; what describes them so far stands again at the head of each later file."""
    starts, heads, head = [], {}, b""
    position, order = 0, "little"
    while position + 12 <= len(data):
        if data[position : position + 4] == pcapng.MAGIC:
            order = "big" if data[position + 8 : position + 12] == b"\x1a\x2b\x3c\x4d" else "little"
            head = b""
        kind = int.from_bytes(data[position : position + 4], order)
        size = int.from_bytes(data[position + 4 : position + 8], order)
        if size < 12:
            break
        if kind in DESCRIBING:
            head += data[position : position + size]
        elif kind in FRAMES:
            heads[position] = head
            starts.append(position)
        position += size
    if not data.startswith(pcapng.MAGIC) or not starts:
        return []
    before = data[: starts[0]]
    return [
        (heads[begin] if number else before) + data[begin:end]
        for number, (begin, end) in enumerate(_bounds(starts, len(data), count))
    ]


def _bounds(starts: list[int], end: int, count: int) -> list[tuple[int, int]]:
    """Begin and end of stretches of like many packets."""
    count = min(count, len(starts))
    return list(pairwise([*(starts[len(starts) * n // count] for n in range(count)), end]))
