"""From records to TCP and UDP: plain packets as columns, the rest one at a time, all counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from analyzer.capture.defrag import DEFAULT_LIMITS, Defragmenter, FragmentLimits
from analyzer.capture.icmp import read_unreachable
from analyzer.capture.model import NO_LINK, CaptureAccount, CaptureLoss, PacketIndex, RecordBlock
from analyzer.capture.packet import (
    DECODED,
    ERROR,
    FRAGMENT,
    LINK_TYPES,
    NO_TRANSPORT,
    NOT_IP,
    TOO_DEEP,
    Packet,
)
from analyzer.capture.plain import decode_plain
from analyzer.capture.scapy_source import SCAPY_LINK_TYPES
from analyzer.capture.walk import walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

FILLED = (
    ("proto", np.uint8),
    ("src_hi", np.uint64),
    ("src_lo", np.uint64),
    ("dst_hi", np.uint64),
    ("dst_lo", np.uint64),
    ("src_port", np.uint16),
    ("dst_port", np.uint16),
    ("payload_offset", np.int64),
    ("payload_len", np.int64),
    ("payload_wire_len", np.int64),
    ("tcp_seq", np.uint32),
    ("tcp_ack", np.uint32),
    ("tcp_flags", np.uint8),
)
"""The columns of PacketIndex that decoding fills, in the order of `_row`."""


class PacketDecoder:
    """Decodes block after block; the fragments of a datagram may lie in different ones."""

    def __init__(
        self,
        account: CaptureAccount,
        limits: FragmentLimits = DEFAULT_LIMITS,
        *,
        by_scapy: bool = False,
    ) -> None:
        self._account = account
        self._by_scapy = by_scapy  # Scapy reads the headers of every packet
        self._defragmenter = Defragmenter(account, limits)
        self._first_too_deep: int | None = None

    def decode(self, block: RecordBlock) -> PacketIndex:
        """Return the block's TCP and UDP packets; account for the others."""
        frame = np.arange(block.first_frame, block.first_frame + len(block), dtype=np.int64)
        # what is not decoded keeps whatever is there, and is left out in the end
        filled: dict[str, Any] = {name: np.empty(len(block), dtype) for name, dtype in FILLED}
        index = PacketIndex(buffer=block.buffer, frame=frame, ts_ns=block.ts_ns, **filled)
        if not len(block):
            return index
        decoded = np.zeros(len(block), np.bool_)
        if self._by_scapy:
            slow = np.ones(len(block), np.bool_)
        else:
            slow, not_ip = decode_plain(block, index, decoded)
            self._account.not_ip += not_ip
        if slow.any():
            self.walk(block, np.flatnonzero(slow), index, decoded)
        return index if decoded.all() else select(index, decoded)

    def finish(self) -> None:
        """Close the account: what still waits for fragments is lost, as are undecodable packets."""
        self._defragmenter.finish()
        for reason, count in sorted(self._account.undecoded.items()):
            if reason == TOO_DEEP:
                detail = "packets with more headers around TCP or UDP than are followed"
                loss = CaptureLoss(reason, detail, frame=self._first_too_deep, count=count)
            elif reason.startswith("link-type-"):
                loss = CaptureLoss("unsupported-link-type", reason.replace("-", " "), count=count)
            else:
                continue
            self._account.losses.append(loss)

    def walk(
        self,
        block: RecordBlock,
        rows: NDArray[np.int64],
        index: PacketIndex,
        decoded: NDArray[np.bool_],
    ) -> None:
        """Decode the packets `rows` one at a time into `index`; account for those that have no payload."""
        found: list[tuple[int, ...]] = []
        for row, at, cap_len, wire_len, ts_ns, link_type in zip(
            rows.tolist(),
            block.offset[rows].tolist(),
            block.cap_len[rows].tolist(),
            block.wire_len[rows].tolist(),
            block.ts_ns[rows].tolist(),
            block.link_type[rows].tolist(),
            strict=True,
        ):
            if link_type == NO_LINK:
                continue  # the reader has accounted for it
            if link_type not in LINK_TYPES and link_type not in SCAPY_LINK_TYPES:
                self._refuse(f"link-type-{link_type}")
                continue
            frame = block.first_frame + row
            end = at + max(cap_len, wire_len)
            packet = Packet(block.buffer, at, at + cap_len, end, frame, ts_ns, self._defragmenter)
            outcome = walk(packet, link_type, by_scapy=self._by_scapy)
            for part in packet.by_scapy:
                self._account.by_scapy[part] = self._account.by_scapy.get(part, 0) + 1
            if outcome == DECODED:
                found.append(_row(packet, row, index.extra))
            elif outcome == NOT_IP:
                self._account.not_ip += 1
            elif outcome == ERROR:
                data = packet.data[packet.at : packet.captured]
                told = read_unreachable(data, frame, ts_ns, packet.version)
                if told is not None:
                    index.unreachable.append(told)
            elif outcome not in {NO_TRANSPORT, FRAGMENT}:
                self._refuse(outcome)
                if outcome == TOO_DEEP and self._first_too_deep is None:
                    self._first_too_deep = frame
        if found:
            columns = list(zip(*found, strict=True))
            where = np.array(columns[0])
            decoded[where] = True
            for (name, dtype), column in zip(FILLED, columns[1:], strict=True):
                getattr(index, name)[where] = np.array(column, dtype)

    def _refuse(self, reason: str) -> None:
        self._account.undecoded[reason] = self._account.undecoded.get(reason, 0) + 1


def _row(packet: Packet, row: int, extra: dict[int, bytes]) -> tuple[int, ...]:
    """Return row number and columns of a decoded packet; a reassembled payload goes to `extra`."""
    payload_len = max(packet.captured - packet.at, 0)
    offset = packet.at
    if packet.reassembled:
        extra[row] = packet.data[packet.at : packet.captured]
        offset = -1
    return (
        row,
        packet.protocol,
        *packet.source,
        *packet.destination,
        packet.source_port,
        packet.destination_port,
        offset,
        payload_len,
        packet.end - packet.at,
        packet.seq,
        packet.ack,
        packet.flags,
    )


def select(index: PacketIndex, wanted: NDArray[np.bool_]) -> PacketIndex:
    """The packets that are marked, as columns of their own."""
    return pick(index, np.flatnonzero(wanted))


def pick(index: PacketIndex, rows: NDArray[np.intp]) -> PacketIndex:
    """The packets of some rows, which rise, as columns of their own."""
    filled: dict[str, Any] = {name: getattr(index, name)[rows] for name, _ in FILLED}
    places = {int(row): place for place, row in enumerate(rows)} if index.extra else {}
    extra = {places[row]: data for row, data in index.extra.items() if row in places}
    return PacketIndex(
        buffer=index.buffer,
        frame=index.frame[rows],
        ts_ns=index.ts_ns[rows],
        extra=extra,
        unreachable=index.unreachable,
        **filled,
    )
