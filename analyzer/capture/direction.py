"""What one side of a TCP stream sent: where it stands, what waits, how it ended."""

from __future__ import annotations

from analyzer.capture.hold import Hold, Mark
from analyzer.capture.pool import Piece
from dissectors.records import NamedTuple

MODULUS = 0xFFFF_FFFF
"""Sequence numbers are compared modulo 2^32."""
FARTHEST_AHEAD = 1 << 30
"""The largest window (RFC 7323); a number beyond it belongs to another connection."""


class Doom(NamedTuple):
    """The other side has acknowledged a hole; it may be filled late, but not for long."""

    acked: int  # offset
    packet: int  # number of the packet that acknowledged, as `TcpStream.packets` counts
    now: int


class Proof(NamedTuple):
    """A packet of the other side that acknowledges bytes of which none was captured so far."""

    first: int  # sequence number at which this direction begins if nothing of it is captured
    ack: int
    frame: int
    ts_ns: int


class Direction:
    """What one side sent.

    What waits for earlier bytes of its own, or for those of the other side that it acknowledges, is told
    as a `Mark`.
    """

    __slots__ = (
        "cuts", "doom", "fin", "fin_told", "floor", "given_up", "heard_ns", "hold", "memory",
        "memory_cost", "next_seq", "offset", "origin", "passed", "proof", "reset", "rst", "since",
        "skip", "stood",
    )  # fmt: skip

    def __init__(self) -> None:
        self.next_seq: int | None = None  # of the next byte; None before the first packet
        self.offset = 0  # of the next byte
        self.origin = 0  # offset at which this direction began
        self.floor = 0  # lowest offset of bytes from before it that were counted
        self.since = 0  # frame before which it is not known where this direction stands
        self.skip = 0  # bytes that the consumer does not want
        self.heard_ns = 0  # time of the latest bytes that were delivered
        self.hold: Hold | None = None
        self.memory: list[Piece] = []  # the latest bytes that were delivered
        self.memory_cost = 0  # see `Pool.remember`
        self.cuts: dict[int, Mark] = {}  # offset -> end and the rest of a mark, of bytes cut off
        self.fin: Mark | None = None
        self.fin_told = False
        self.rst: Mark | None = None  # a RST that waits
        self.stood = 0  # offset of the next byte when it came
        self.reset = False
        self.passed = 0  # offset up to which nothing is waited for
        self.given_up = (-1, 0, 0)  # offset behind bytes with nothing behind them, length, skipped
        self.doom: Doom | None = None
        self.proof: Proof | None = None

    def begin(self, seq: int, offset: int) -> None:
        """Make `seq` the next sequence number, which has stream `offset`."""
        self.next_seq = seq
        self.offset = self.origin = self.floor = offset

    def ahead(self, seq: int) -> int:
        """Distance of a sequence number from the next byte; negative if it lies behind."""
        assert self.next_seq is not None
        return ((seq - self.next_seq + 0x8000_0000) & MODULUS) - 0x8000_0000

    def acknowledged(self, ack: int) -> int:
        """Offset up to which a packet acknowledges; 0 if the number is none that can be meant."""
        if self.next_seq is None:
            return 0
        ahead = self.ahead(ack)
        if not 0 < ahead <= FARTHEST_AHEAD:
            return 0
        acked = self.offset + ahead
        return acked if self.fin is None else min(acked, self.fin[0] + 1)

    @property
    def reached(self) -> int:
        """Offset up to which acknowledgements are covered; a FIN counts as a byte."""
        return max(self.offset + self.fin_told, self.passed)

    @property
    def first(self) -> Mark | None:
        """What waits first, behind a hole or not: bytes, FIN or RST."""
        hold, offset, mark = self.hold, self.offset, None
        if hold is not None and hold.starts:
            mark = hold.islands[0].marks[0]
            if mark[0] <= offset:
                return mark
        if offset in self.cuts:
            return offset, *self.cuts[offset][1:]
        fin = self.fin
        if fin is not None and not self.fin_told and (mark is None or fin[0] <= offset):
            return fin
        rst = self.rst
        return rst if mark is None or (rst is not None and rst[0] <= offset) else mark

    def advance(self, length: int) -> None:
        """Move on over delivered or lost bytes."""
        assert self.next_seq is not None
        self.offset += length
        self.next_seq = (self.next_seq + length) & MODULUS
