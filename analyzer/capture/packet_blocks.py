"""The pcapng blocks that Wireshark numbers as frames, as columns: where each keeps its packet.

Spec: draft-ietf-opsawg-pcapng sections 4.3 (Enhanced Packet Block), 4.4 (Simple Packet Block) and
the appendix on the obsolete Packet Block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 2, 3, 6
# Frames without a packet: systemd journal, custom blocks, sysdig events
OTHER_FRAMES = (9, 0xBAD, 0x40000BAD, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222)
FRAMES = (ENHANCED_PACKET, SIMPLE_PACKET, PACKET, *OTHER_FRAMES)
HEAD_BYTES = 28


def among(kinds: NDArray[np.uint32], numbers: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell which block types are in `numbers`; `np.isin` costs 40 us even on a short column."""
    found: NDArray[np.bool_] = kinds == numbers[0]
    for number in numbers[1:]:
        found |= kinds == number
    return found


class PacketBlocks:
    """Columns of the frames among whole blocks.

    `head` holds the first seven words of each block; those of an Enhanced Packet Block are type,
    length, interface, time (high, low), captured length, length on the wire.
    """

    def __init__(
        self, blocks: NDArray[np.int64], head: NDArray[np.uint32], length: NDArray[np.int64]
    ) -> None:
        self.block = blocks
        self.interface = head[:, 2].astype(np.int64)
        self.ticks = head[:, 3].astype(np.uint64) << np.uint64(32) | head[:, 4]
        self.cap_len = head[:, 5].astype(np.int64)
        self.wire_len = head[:, 6].astype(np.int64)
        self.offset = blocks + HEAD_BYTES
        self.room = length - 32  # for the packet and its padding
        self.timeless: NDArray[np.bool_] | None = None
        self.packetless: NDArray[np.bool_] | None = None

    def place_others(self, kinds: NDArray[np.uint32], order: str, snap_len: int) -> None:
        """Correct the rows that are no Enhanced Packet Blocks."""
        old = kinds == PACKET
        if old.any():  # its interface has 16 bits; a count of dropped packets follows
            self.interface[old] = self.interface[old] >> (0 if order == "<" else 16) & 0xFFFF
        simple = kinds == SIMPLE_PACKET
        if (
            simple.any()
        ):  # its only field is the length on the wire, where others have the interface
            wire_len = self.interface[simple]
            self.room[simple] += 16
            self.offset[simple] -= 16
            self.wire_len[simple] = wire_len
            captured = np.minimum(wire_len, snap_len) if snap_len else wire_len
            self.cap_len[simple] = np.minimum(captured, self.room[simple])
            self.interface[simple] = 0
        packetless = ~(old | simple | (kinds == ENHANCED_PACKET))
        for column in (self.cap_len, self.wire_len, self.room):
            column[packetless] = 0
        self.timeless = simple | packetless
        self.packetless = packetless
