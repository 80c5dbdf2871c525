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
from analyzer.capture.interfaces import Interfaces
from analyzer.capture.model import NO_TIME, CaptureAccount, CaptureLoss, RecordBlock
from analyzer.capture.records import MAX_CAP_LEN, RecordReader, Stop, rows_at
from analyzer.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analyzer.capture.source import Window

MAGIC = b"\x0a\x0d\x0d\x0a"  # the same in both byte orders
BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
MAX_BLOCK_BYTES = 1 << 24
MAX_SECRETS_BYTES = 1 << 24
SMALLEST_SECTION = 28
LARGEST_PLAUSIBLE = MAX_CAP_LEN + (1 << 12)
"""Longest block that is believed after damage: the largest packet and options."""

INTERFACE, PACKET, SIMPLE_PACKET, ENHANCED_PACKET, DECRYPTION_SECRETS = 1, 2, 3, 6, 10
SECTION = 0x0A0D0D0A
PACKET_BLOCKS = (ENHANCED_PACKET, SIMPLE_PACKET, PACKET)
# Wireshark numbers these as frames too: systemd journal, custom blocks, sysdig events
OTHER_FRAMES = (9, 0xBAD, 0x40000BAD, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222)
FRAMES = np.array((*PACKET_BLOCKS, *OTHER_FRAMES), np.uint32)
WELL_KNOWN = np.array((1, 2, 3, 4, 5, 6, 9, 10, 0xBAD, 0x40000BAD, SECTION), np.uint32)


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
        if self.window.data.startswith(MAGIC, position):
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
        if window.data.startswith(MAGIC, position) and position + 4 <= window.end:
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
        """Rows of a stretch of whole blocks: its packets, and what else Wireshark numbers."""
        kind = head[:, 0]
        described = np.full(len(blocks), len(self._interfaces), np.int64)
        if not (kind == ENHANCED_PACKET).all():
            described = self._take_others(blocks, kind, length)
            rows = np.isin(kind, FRAMES)
            if not rows.all():
                blocks, head, length, described = (
                    column[rows] for column in (blocks, head, length, described)
                )
            if not len(blocks):
                self.idle += len(rows)
                return
        self._add_frames(blocks, head, length, described)

    def _take_others(
        self, blocks: NDArray[np.int64], kind: NDArray[np.uint32], length: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Read the blocks that packets depend on; how many interfaces there are at each block."""
        data = self.window.data
        described = np.zeros(len(blocks), np.int64)
        described[0] = len(self._interfaces)
        for row in np.flatnonzero((kind == INTERFACE) | (kind == DECRYPTION_SECRETS)):
            body = data[blocks[row] + 8 : blocks[row] + length[row] - 4]
            if kind[row] == DECRYPTION_SECRETS:
                self._keep_secrets(body)
                continue
            link_type = self._interfaces.describe(body)
            if link_type is None:
                self._lose_block(
                    "interface description too short or beyond the limit", int(blocks[row])
                )
                continue
            self.account.link_types.add(link_type)
            described[row] += 1
        return np.cumsum(described)

    def _keep_secrets(self, body: bytes) -> None:
        if len(body) < 8:
            return
        kind, size = self._block_at(body)
        self._secrets_bytes += size
        if self._secrets_bytes <= MAX_SECRETS_BYTES:
            self.account.secrets.append((kind, body[8 : 8 + size]))

    def _add_frames(
        self,
        blocks: NDArray[np.int64],
        head: NDArray[np.uint32],
        length: NDArray[np.int64],
        described: NDArray[np.int64],
    ) -> None:
        kind = head[:, 0]
        interface = head[:, 2].astype(np.int64)
        ticks = head[:, 3].astype(np.uint64) << np.uint64(32) | head[:, 4]
        cap_len = head[:, 5].astype(np.int64)
        wire_len = head[:, 6].astype(np.int64)
        offset = blocks + 28
        room = length - 32
        timeless = packetless = None
        if not (kind == ENHANCED_PACKET).all():
            old = kind == PACKET
            simple = timeless = kind == SIMPLE_PACKET
            packetless = ~(old | simple | (kind == ENHANCED_PACKET))
            shift = (
                0 if self._order == "<" else 16
            )  # its interface is 16 bits, then dropped packets
            interface = np.where(old, interface >> shift & 0xFFFF, interface)
            # a Simple Packet Block holds the length on the wire where others hold the interface
            wire_len = np.where(simple, interface, wire_len)
            room = np.where(simple, length - 16, room)
            snapped = np.minimum(interface, self._interfaces.first_snap_len or MAX_CAP_LEN)
            cap_len = np.where(simple, np.minimum(snapped, room), cap_len)
            offset = np.where(simple, blocks + 12, offset)
            interface = np.where(simple, 0, interface)
            cap_len[packetless] = wire_len[packetless] = room[packetless] = 0
        broken = (cap_len > room) | (cap_len > MAX_CAP_LEN)
        unknown = (interface >= described) & ~broken
        if packetless is not None:
            unknown &= ~packetless
            self.account.not_ip += int(np.count_nonzero(packetless))
            interface[packetless] = -1
        self._lose_packets("damaged-block", "packet longer than its block", broken, blocks)
        self._lose_packets("unknown-interface", "packet of an unknown interface", unknown, blocks)
        cap_len[broken] = wire_len[broken] = 0
        interface[unknown | broken] = -1
        ts_ns, link_type = self._interfaces.columns(interface, ticks)
        if timeless is not None:
            ts_ns[timeless | packetless] = NO_TIME
        self.count_idle(cap_len > 0)
        self.add(offset, cap_len, wire_len, ts_ns, link_type)

    def _lose_packets(
        self, reason: str, detail: str, lost: NDArray[np.bool_], blocks: NDArray[np.int64]
    ) -> None:
        """Account for frames whose packet can't be told; they stay rows, with NO_LINK."""
        count = int(np.count_nonzero(lost))
        if count:
            undecoded = self.account.undecoded
            undecoded[reason] = undecoded.get(reason, 0) + count
            row = int(np.argmax(lost))
            self._lose_block(detail, int(blocks[row]), row, count)

    def _lose_block(self, detail: str, position: int, row: int = 0, count: int = 1) -> None:
        frame = self.frames + row or None
        offset = self.window.start + position
        loss = CaptureLoss("capture-damaged", detail, offset, None, frame, count)
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
        plausible &= np.isin(head[:, 0], WELL_KNOWN)
        inside = after <= self.window.end
        trailer = self._words(np.where(inside, after - 4, 0))
        plausible &= ~inside | (trailer == head[:, 1])
        place: NDArray[np.int64] = np.where(plausible, after, -1)
        return place

    def _heads(self, blocks: NDArray[np.int64]) -> NDArray[np.uint32]:
        return rows_at(self.window.data, blocks, 28).view(self._word).reshape(-1, 7)

    def _words(self, offsets: NDArray[np.int64]) -> NDArray[np.uint32]:
        return rows_at(self.window.data, offsets, 4).view(self._word)
