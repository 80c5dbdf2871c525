"""The interfaces of a pcapng section: link type, snap length and clock of each.

Spec: draft-ietf-opsawg-pcapng section 4.2 (Interface Description Block) and its options if_tsresol
and if_tsoffset.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.model import NO_LINK, NO_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

MAX_INTERFACES = 1 << 16
"""Of one section."""
IF_TSRESOL = 9
IF_TSOFFSET = 14
MICROSECONDS = 6
POWER_OF_TWO = 0x80
LAST_SECOND = int(np.iinfo(np.int64).max) // 1_000_000_000 - 1
FAR_AWAY = 1 << 62


def options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Code and value of each option, as far as they are whole."""
    place = 0
    while place + 4 <= len(data):
        code, length = struct.unpack_from(f"{order}HH", data, place)
        value = data[place + 4 : place + 4 + length]
        if code == 0 or len(value) < length:
            return
        yield code, value
        place += 4 + length + -length % 4


class Interfaces:
    """Grows as Interface Description Blocks come; turns interface numbers into columns."""

    def __init__(self, order: str) -> None:
        self._order = order
        self._link_type: list[int] = []
        self._snap_len: list[int] = []
        self._resolution: list[int] = []
        self._offset_s: list[int] = []
        self._table: tuple[NDArray[np.uint16], NDArray[np.uint8], NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return len(self._link_type)

    @property
    def first_snap_len(self) -> int:
        """Snap length of interface 0, which Simple Packet Blocks belong to; 0 is no limit."""
        return self._snap_len[0] if self._snap_len else 0

    def describe(self, body: bytes) -> int | None:
        """Take the body of one Interface Description Block; its link type, None if too short."""
        if len(body) < 8:
            return None
        link_type, snap_len = struct.unpack_from(f"{self._order}H2xI", body)
        resolution, offset_s = MICROSECONDS, 0
        for code, value in options(body[8:], self._order):
            if code == IF_TSRESOL and len(value) == 1:
                resolution = value[0]
            elif code == IF_TSOFFSET and len(value) == 8:
                (offset_s,) = struct.unpack(f"{self._order}q", value)
        self._link_type.append(link_type)
        self._snap_len.append(snap_len)
        self._resolution.append(resolution)
        self._offset_s.append(max(-FAR_AWAY, min(offset_s, FAR_AWAY)))
        self._table = None
        return int(link_type)

    def columns(
        self, interface: NDArray[np.int64], ticks: NDArray[np.uint64]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
        """Tell ts_ns and link_type of packets; interface -1 is one that nobody described."""
        if self._table is None:
            self._table = (
                np.array([*self._link_type, NO_LINK], np.uint16),
                np.array([*self._resolution, MICROSECONDS], np.uint8),
                np.array([*self._offset_s, 0], np.int64),
            )
        link_types, resolutions, offsets_s = self._table
        link_type, resolution = link_types[interface], resolutions[interface]
        offset_s = offsets_s[interface]
        first = int(resolution[0])
        if (resolution == first).all():
            ts_ns = _nanoseconds(ticks, first, offset_s)
        else:
            ts_ns = np.empty(len(ticks), np.int64)
            for one in np.unique(resolution):
                rows = resolution == one
                ts_ns[rows] = _nanoseconds(ticks[rows], int(one), offset_s[rows])
        return ts_ns, link_type


def _nanoseconds(
    ticks: NDArray[np.uint64], resolution: int, offset_s: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Ns since 1970; NO_TIME where they do not fit into 64 bits."""
    seconds, fraction_ns = (_binary if resolution & POWER_OF_TWO else _decimal)(
        ticks, resolution & ~POWER_OF_TWO
    )
    fits = seconds < FAR_AWAY
    total_s = np.where(fits, seconds, 0).astype(np.int64) + offset_s
    fits &= np.abs(total_s) <= LAST_SECOND
    ts_ns = np.where(fits, total_s, 0) * 1_000_000_000 + fraction_ns.astype(np.int64)
    return np.where(fits, ts_ns, NO_TIME)


def _decimal(ticks: NDArray[np.uint64], digits: int) -> tuple[NDArray[np.uint64], ...]:
    """Whole seconds and ns of ticks of 10**-digits s."""
    if digits > 19:  # a second has more ticks than 64 bits count
        below_ns = 10 ** (digits - 9)
        return np.zeros_like(ticks), (
            ticks // np.uint64(below_ns) if below_ns < 1 << 64 else np.zeros_like(ticks)
        )
    seconds, fraction = np.divmod(ticks, np.uint64(10**digits))
    if digits <= 9:
        return seconds, fraction * np.uint64(10 ** (9 - digits))
    return seconds, fraction // np.uint64(10 ** (digits - 9))


def _binary(ticks: NDArray[np.uint64], bits: int) -> tuple[NDArray[np.uint64], ...]:
    """Whole seconds and ns of ticks of 2**-bits s."""
    if bits > 63:
        seconds, fraction = np.zeros_like(ticks), ticks
    else:
        seconds = ticks >> np.uint64(bits)
        fraction = ticks & np.uint64((1 << bits) - 1)
    if bits > 34:  # 34 bits times 10**9 still fit into 64; they resolve 0.06 ns
        fraction = fraction >> np.uint64(min(bits - 34, 63))
        bits = 34
    return seconds, fraction * np.uint64(1_000_000_000) >> np.uint64(bits)
