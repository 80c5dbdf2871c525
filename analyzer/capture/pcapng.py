"""The newer capture format: sections of blocks, several interfaces, each with its own clock.

Spec: draft-ietf-opsawg-pcapng; the obsolete Packet Block from its appendix.
Not handled: comments, name resolution and statistics, which say nothing about packets.
"""

from __future__ import annotations

import struct
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.damage import CHAIN, record_loss
from analyzer.capture.interfaces import MAX_INTERFACES, Interfaces
from analyzer.capture.model import NO_TIME, CaptureAccount, CaptureLoss, RecordBlock
from analyzer.capture.packet_blocks import (
    ENHANCED_PACKET,
    FRAMES,
    HEAD_BYTES,
    PacketBlocks,
    among,
)
from analyzer.capture.records import MAX_CAP_LEN, RecordReader, Stop, rows_at
from analyzer.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analyzer.capture.source import Window

MAGIC = b"\x0a\x0d\x0d\x0a"  # the same in both byte orders
BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
MAX_BLOCK_BYTES = 1 << 24
MAX_SECRETS = 1 << 12
MAX_SECRETS_BYTES = 1 << 24
SMALLEST_SECTION = 28
LARGEST_PLAUSIBLE = MAX_CAP_LEN + (1 << 12)
"""Longest block that is believed after damage: the largest packet and options."""

INTERFACE, DECRYPTION_SECRETS = 1, 10
SECTION = 0x0A0D0D0A
WELL_KNOWN = (1, 2, 3, 4, 5, 6, 9, 10, 0xBAD, 0x40000BAD, SECTION)


def matches(magic: bytes) -> bool:
    """Whether a file that begins with these four bytes is such a capture."""
    return magic == MAGIC


def read(name: str, window: Window, account: CaptureAccount) -> Iterator[RecordBlock]:
    """All packets of the capture in `window`."""
    order = BYTE_ORDERS.get(window.data[8:12])
    if window.end < 12 or order is None:
        raise CaptureError(f"{name}: not a capture: pcapng section header without its byte order")
    (length,) = struct.unpack_from(f"{order}I", window.data, 4)
    if window.end < SMALLEST_SECTION or window.end < length <= MAX_BLOCK_BYTES:
        raise CaptureError(f"{name}: pcapng file cut short inside its header, no packet to read")
    major, minor = struct.unpack_from(f"{order}HH", window.data, 12)
    if major != 1:
        raise CaptureError(f"{name}: pcapng version {major}.{minor} is not supported")
    return PcapngReader(window, account, order).blocks(0)


class PcapngReader(RecordReader):
    """Every block: type, total length, body, total length again."""

    reach = CHAIN * LARGEST_PLAUSIBLE + 12

    def __init__(self, window: Window, account: CaptureAccount, order: str) -> None:
        super().__init__(window, account)
        self._secrets_bytes = 0
        self._begin_section(order)

    def _begin_section(self, order: str) -> None:
        self._order = order
        self._word = np.dtype(f"{order}u4")
        self._block_at = struct.Struct(f"{order}II").unpack_from
        self._interfaces = Interfaces(order)

    def _walk(self, position: int) -> Iterator[int]:
        """Offsets of the blocks from `position` on, all in the window, up to a new section."""
        data, end, block_at = self.window.data, self.window.end, self._block_at
        while position + 12 <= end:
            kind, length = block_at(data, position)
            after = position + length
            if length & 3 or length < 12 or after > end or kind == SECTION:
                return
            yield position
            position = after

    def _stretch(self, position: int) -> tuple[int, Stop]:
        if self.window.data[position : position + 4] == MAGIC:
            return self._section(position)
        room = self.room
        blocks = np.fromiter(islice(self._walk(position), room), np.int64)
        count = len(blocks)
        if count:
            head = self._heads(blocks)
            length = head[:, 1].astype(np.int64)
            sound = self._words(blocks + length - 4) == length
            if not sound.all():
                count = int(np.argmin(sound))
                if not count:
                    return position, Stop.BAD
                blocks, head, length = blocks[:count], head[:count], length[:count]
            position = int(blocks[-1] + length[-1])
            self._take(blocks, head, length)
            if self.exhausted:
                return position, Stop.IDLE
            if not sound.all():
                return position, Stop.BAD
        return position, Stop.FULL if count == room else self._why(position)

    def _why(self, position: int) -> Stop:
        window = self.window
        if window.data[position : position + 4] == MAGIC and position + 4 <= window.end:
            return Stop.FULL
        if position + 12 > window.end:
            return Stop.SHORT
        _, length = self._block_at(window.data, position)
        sound = length % 4 == 0 and 12 <= length <= MAX_BLOCK_BYTES
        return Stop.SHORT if sound else Stop.BAD

    def _section(self, position: int) -> tuple[int, Stop]:
        """Enter a section: forget the interfaces, perhaps turn the byte order."""
        data = self.window.data
        if position + SMALLEST_SECTION > self.window.end:
            return position, Stop.SHORT
        order = BYTE_ORDERS.get(data[position + 8 : position + 12])
        if order is None:
            return position, Stop.BAD
        length, major = struct.unpack_from(f"{order}4xI4xH", data, position)
        if length & 3 or not SMALLEST_SECTION <= length <= MAX_BLOCK_BYTES or major != 1:
            return position, Stop.BAD
        after = position + length
        if after > self.window.end:
            return position, Stop.SHORT
        if struct.unpack_from(f"{order}I", data, after - 4) != (length,):
            return position, Stop.BAD
        self._begin_section(order)
        self.idle += 1
        return after, Stop.IDLE if self.exhausted else Stop.FULL

    def _take(
        self, blocks: NDArray[np.int64], head: NDArray[np.uint32], length: NDArray[np.int64]
    ) -> None:
        """Add the frames of a stretch of whole blocks."""
        kinds = head[:, 0]
        if (kinds == ENHANCED_PACKET).all():
            frames = PacketBlocks(blocks, head, length)
            self._add_frames(frames, len(self._interfaces))
            self.count_idle(frames.cap_len > 0)
            return
        described = self._take_others(blocks, kinds, length)
        rows = among(kinds, FRAMES)
        busy = np.zeros(len(blocks), np.bool_)
        if rows.any():
            frames = PacketBlocks(blocks[rows], head[rows], length[rows])
            frames.place_others(kinds[rows], self._order, self._interfaces.first_snap_len)
            self._add_frames(frames, described[rows])
            busy[rows] = frames.cap_len > 0
        self.count_idle(busy)

    def _take_others(
        self, blocks: NDArray[np.int64], kinds: NDArray[np.uint32], length: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Read the blocks that are no frames; how many interfaces are described at each block."""
        described = np.zeros(len(blocks), np.int64)
        described[0] = len(self._interfaces)
        for row in np.flatnonzero(among(kinds, (INTERFACE, DECRYPTION_SECRETS))):
            start = int(blocks[row])
            body = self.window.data[start + 8 : start + int(length[row]) - 4]
            if kinds[row] == INTERFACE:
                described[row] += self._describe(body, start)
            else:
                self._keep_secrets(body, start)
        return np.cumsum(described)

    def _describe(self, body: bytes, position: int) -> bool:
        if len(self._interfaces) >= MAX_INTERFACES:
            self._lose_block("limit-count", f"more than {MAX_INTERFACES} interfaces", position)
            return False
        link_type = self._interfaces.describe(body)
        if link_type is None:
            self._lose_block("capture-damaged", "interface description too short", position)
            return False
        self.account.link_types.add(link_type)
        return True

    def _keep_secrets(self, body: bytes, position: int) -> None:
        secrets = self.account.secrets
        self._secrets_bytes += len(body)
        if len(body) < 8:
            self._lose_block("capture-damaged", "secrets block too short", position)
        elif len(secrets) >= MAX_SECRETS or self._secrets_bytes > MAX_SECRETS_BYTES:
            self._lose_block("limit-count", "more decryption secrets than the limit", position)
        else:
            kind, size = self._block_at(body)
            secrets.append((kind, body[8 : 8 + size]))

    def _add_frames(self, frames: PacketBlocks, described: NDArray[np.int64] | int) -> None:
        broken = (frames.cap_len > np.minimum(frames.room, MAX_CAP_LEN)) | (frames.room < 0)
        unknown = (frames.interface >= described) & ~broken
        hidden = broken | unknown
        if frames.packetless is not None:
            unknown &= ~frames.packetless
            hidden |= frames.packetless
            self.account.not_ip += int(np.count_nonzero(frames.packetless))
        self._lose_packets("damaged-block", "packet longer than its block", broken, frames)
        self._lose_packets("unknown-interface", "packet of an unknown interface", unknown, frames)
        frames.cap_len[broken] = frames.wire_len[broken] = 0
        frames.interface[hidden] = -1
        ts_ns, link_type = self._interfaces.columns(frames.interface, frames.ticks)
        if frames.timeless is not None:
            ts_ns[frames.timeless] = NO_TIME
        self.add(frames.offset, frames.cap_len, frames.wire_len, ts_ns, link_type)

    def _lose_packets(
        self, reason: str, detail: str, lost: NDArray[np.bool_], frames: PacketBlocks
    ) -> None:
        """Account for packets that can't be told; they stay frames, with NO_LINK."""
        count = int(np.count_nonzero(lost))
        if count:
            undecoded = self.account.undecoded
            undecoded[reason] = undecoded.get(reason, 0) + count
            row = int(np.argmax(lost))
            self._lose_block("capture-damaged", detail, int(frames.block[row]), row, count)

    def _lose_block(
        self, code: str, detail: str, position: int, row: int = 0, count: int = 1
    ) -> None:
        offset = self.window.start + position
        loss = CaptureLoss(code, detail, offset, None, self.frames + row or None, count)
        record_loss(self.account, loss)

    def candidates(self, start: int, stop: int) -> NDArray[np.int64]:
        """Offsets whose length is below 2**24, a multiple of 4 and not 0."""
        data = np.frombuffer(self.window.data, np.uint8)
        high, *rest = (7, 6, 5, 4) if self._order == "<" else (4, 5, 6, 7)
        size = stop - start
        first, second, low = (data[start + place :][:size] for place in rest)
        likely = (data[start + high :][:size] == 0) & (low & 3 == 0) & ((first | second | low) != 0)
        return np.flatnonzero(likely) + start

    def follow(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the block at each offset ends; -1 where none can start."""
        head = rows_at(self.window.data, offsets, 8).view(self._word).reshape(-1, 2)
        length = head[:, 1].astype(np.int64)
        after = offsets + length
        plausible = (length % 4 == 0) & (length >= 12) & (length <= LARGEST_PLAUSIBLE)
        plausible &= among(head[:, 0], WELL_KNOWN)
        inside = after <= self.window.end
        trailer = self._words(np.where(inside, after - 4, 0))
        plausible &= ~inside | (trailer == head[:, 1])
        place: NDArray[np.int64] = np.where(plausible, after, -1)
        return place

    def _heads(self, blocks: NDArray[np.int64]) -> NDArray[np.uint32]:
        return rows_at(self.window.data, blocks, HEAD_BYTES).view(self._word).reshape(-1, 7)

    def _words(self, offsets: NDArray[np.int64]) -> NDArray[np.uint32]:
        return rows_at(self.window.data, offsets, 4).view(self._word)
