"""The classic capture format: one header, one link type, then a record per packet.

Spec: draft-ietf-opsawg-pcap (both byte orders, microseconds and nanoseconds); the "modified" format
with longer record headers (Kuznetzov's libpcap patch, magic a1b2cd34).
Not handled: versions before 2.3, which stored the two lengths the other way round.
"""

from __future__ import annotations

import struct
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from analyzer.capture.damage import CHAIN
from analyzer.capture.leaps import SMALL, leap
from analyzer.capture.records import MAX_CAP_LEN, RecordReader, Stop, rows_at
from analyzer.errors import CaptureError
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from analyzer.capture.model import CaptureAccount, RecordBlock
    from analyzer.capture.source import Window

FILE_HEADER_BYTES = 24
SMALLEST_PACKET = 14
"""Captured bytes below which a record is not believed after damage: an Ethernet header."""
LARGEST_HEADER = 24
FEW = 1024
"""Records for which it does not pay to look for many at once."""


class Layout(NamedTuple):
    """What the magic says."""

    order: str  # of bytes, as `struct` writes it
    header_bytes: int  # of a record
    unit_ns: int  # of the second field of a record


MAGICS = {
    struct.pack(f"{order}I", magic): Layout(order, header_bytes, unit_ns)
    for magic, header_bytes, unit_ns in (
        (0xA1B2C3D4, 16, 1000),
        (0xA1B23C4D, 16, 1),
        (0xA1B2CD34, 24, 1000),
    )
    for order in "<>"
}


def matches(magic: bytes) -> bool:
    """Whether a file that begins with these four bytes is such a capture."""
    return magic in MAGICS


def read(name: str, window: Window, account: CaptureAccount) -> Iterator[RecordBlock]:
    """All packets of the capture in `window`."""
    if window.end < FILE_HEADER_BYTES:
        raise CaptureError(f"{name}: pcap file cut short inside its header, no packet to read")
    layout = MAGICS[window.data[:4]]
    major, minor, network = struct.unpack_from(f"{layout.order}4xHH12xI", window.data)
    if (major, minor) < (2, 3) or major > 2:
        raise CaptureError(f"{name}: pcap version {major}.{minor} is not supported")
    link_type = network & 0xFFFF  # above: how many bytes of frame check sequence there are
    account.link_types.add(link_type)
    return PcapReader(window, account, layout, link_type).blocks(FILE_HEADER_BYTES)


class PcapReader(RecordReader):
    """Record header: seconds, fraction, captured length, length on the wire, 32 bits each."""

    reach = CHAIN * (LARGEST_HEADER + MAX_CAP_LEN) + LARGEST_HEADER

    def __init__(
        self, window: Window, account: CaptureAccount, layout: Layout, link_type: int
    ) -> None:
        super().__init__(window, account)
        self._order, self._header_bytes, self._unit_ns = layout
        order = self._order
        self._link_type = link_type
        self._mean = 0  # bytes of a record, of late; 0: not known yet
        self._word = np.dtype(f"{order}u4")
        self._cap_len_at = struct.Struct(f"{order}8xI").unpack_from
        self._high_byte = 3 if order == "<" else 0

    def _walk(self, position: int) -> Iterator[int]:
        """Offsets of the records from `position` on that lie whole in the window."""
        data, end = self.window.data, self.window.end
        header_bytes, cap_len_at = self._header_bytes, self._cap_len_at
        while True:  # a header may reach into the padding; its packet then ends behind the end
            (cap_len,) = cap_len_at(data, position)
            after = position + header_bytes + cap_len
            if after > end:
                return
            yield position
            position = after

    def _stretch(self, position: int) -> tuple[int, Stop]:
        room = self.room
        records = self._find(position, room)
        if len(records):
            head = self._headers(records)
            cap_len = head[:, 2].astype(np.int64)
            if int(cap_len.max()) > MAX_CAP_LEN:
                sound = int(np.argmax(cap_len > MAX_CAP_LEN))
                records, head, cap_len = records[:sound], head[:sound], cap_len[:sound]
        if len(records):
            ts_ns = head[:, 0].astype(np.int64) * 1_000_000_000
            ts_ns += head[:, 1].astype(np.int64) * self._unit_ns
            link_type = np.full(len(records), self._link_type, np.uint16)
            offset = records + self._header_bytes
            self.add(offset, cap_len, head[:, 3].astype(np.int64), ts_ns, link_type)
            position = int(offset[-1] + cap_len[-1])
            self.count_idle(cap_len > 0)
            if self.exhausted:
                return position, Stop.IDLE
            if len(records) == room:
                return position, Stop.FULL
        return position, self._why(position)

    def _find(self, position: int, room: int) -> NDArray[np.int64]:
        """Offsets of up to `room` records from `position` on."""
        found = np.zeros(0, np.int64)
        if not self._mean:
            found = self._walked(position, min(room, FEW))
            self._mean = _mean(found) if len(found) == FEW else SMALL
            position = self._behind(found, position)
        end, left = self.window.end, room - len(found)
        if self._mean < SMALL and left >= FEW and end - position > FEW * SMALL:
            stop = min(end, position + int(left * self._mean * 1.1))
            leapt = leap(self.window.data, position, stop, self._order, self._header_bytes)[:left]
            found = np.concatenate((found, leapt))
            position = self._behind(leapt, position)
        walked = self._walked(position, room - len(found))
        found = np.concatenate((found, walked)) if len(found) else walked
        if len(found) > FEW:
            self._mean = _mean(found)
        return found

    def _walked(self, position: int, count: int) -> NDArray[np.int64]:
        return np.fromiter(islice(self._walk(position), count), np.int64)

    def _behind(self, records: NDArray[np.int64], position: int) -> int:
        """Where the last of the records ends; `position` if there are none."""
        if not len(records):
            return position
        last = int(records[-1])
        (cap_len,) = self._cap_len_at(self.window.data, last)
        return last + self._header_bytes + int(cap_len)

    def _why(self, position: int) -> Stop:
        if position + self._header_bytes > self.window.end:
            return Stop.SHORT
        (cap_len,) = self._cap_len_at(self.window.data, position)
        return Stop.BAD if cap_len > MAX_CAP_LEN else Stop.SHORT

    def _headers(self, records: NDArray[np.int64]) -> NDArray[np.uint32]:
        return rows_at(self.window.data, records, 16).view(self._word).reshape(-1, 4)

    def candidates(self, start: int, stop: int) -> NDArray[np.int64]:
        """Offsets whose two lengths are below 2**24 and whose captured length is not 0."""
        data = np.frombuffer(self.window.data, np.uint8)
        cap_len, wire_len = start + 8, start + 12
        size = stop - start
        high = self._high_byte
        low = 0 if high else 1
        some = data[cap_len + low :][:size] | data[cap_len + low + 1 :][:size]
        some |= data[cap_len + low + 2 :][:size]
        too_long = data[cap_len + high :][:size] | data[wire_len + high :][:size]
        return np.flatnonzero((some != 0) & (too_long == 0)) + start

    def follow(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the record at each offset ends; -1 where none can start."""
        head = self._headers(offsets)
        cap_len = head[:, 2].astype(np.int64)
        plausible = (
            (head[:, 1] < 1_000_000_000 // self._unit_ns)
            & (cap_len >= SMALLEST_PACKET)
            & (cap_len <= head[:, 3])
            & (head[:, 3] <= MAX_CAP_LEN)
            & (offsets + self._header_bytes <= self.window.end)
        )
        after: NDArray[np.int64] = np.where(plausible, offsets + self._header_bytes + cap_len, -1)
        return after


def _mean(records: NDArray[np.int64]) -> int:
    return int(records[-1] - records[0]) // (len(records) - 1)
