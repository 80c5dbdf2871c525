"""What one side of a TCP stream sent: where it stands, what waits, how it ended."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.capture.hold import Hold
from analyzer.capture.pool import Piece

MODULUS = 0xFFFF_FFFF
"""Sequence numbers are compared modulo 2^32."""


class Doom(NamedTuple):
    """The other side has acknowledged a hole; it may be filled late, but not for long."""

    acked: int  # offset
    packet: int  # number of the packet that acknowledged, as `TcpStream.packets` counts
    now: int


class Direction:
    """What one side sent."""

    __slots__ = (
        "cuts", "doom", "fin", "fin_told", "floor", "hold", "memory", "next_seq", "offset",
        "origin", "reset", "skip",
    )  # fmt: skip

    def __init__(self) -> None:
        self.next_seq: int | None = None  # of the next byte; None before the first packet
        self.offset = 0  # of the next byte
        self.origin = 0  # offset at which this direction began
        self.floor = 0  # lowest offset of bytes from before it that were counted
        self.skip = 0  # bytes that the consumer does not want
        self.hold: Hold | None = None
        self.memory: list[Piece] = []
        self.cuts: dict[
            int, tuple[int, int, int]
        ] = {}  # offset -> end, frame, time of bytes cut off
        self.fin: tuple[int, int, int] | None = None  # offset, frame, time
        self.fin_told = False
        self.reset = False
        self.doom: Doom | None = None

    def begin(self, seq: int, offset: int) -> None:
        """Make `seq` the next sequence number, which has stream `offset`."""
        self.next_seq = seq
        self.offset = self.origin = self.floor = offset

    def ahead(self, seq: int) -> int:
        """Distance of a sequence number from the next byte; negative if it lies behind."""
        assert self.next_seq is not None
        return ((seq - self.next_seq + 0x8000_0000) & MODULUS) - 0x8000_0000

    @property
    def behind_hole(self) -> tuple[int, int, int] | None:
        """Offset, frame and time of what waits: held bytes or a FIN; None if there is no hole."""
        if self.hold is not None and self.hold.starts:
            return self.hold.islands[0].marks[0]
        if self.fin is not None and not self.fin_told:
            return self.fin
        return None

    def advance(self, length: int) -> None:
        """Move on over delivered or lost bytes."""
        assert self.next_seq is not None
        self.offset += length
        self.next_seq = (self.next_seq + length) & MODULUS
