"""Packet objects of another library as a capture: their bytes, times and link types become records.

Whatever has `time`, `wirelen` and a build by `bytes()`, as Scapy's packets do, will serve; the numbers of
link types come from the caller, so that nothing of that library is imported here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from typing import Any

import numpy as np

from analyzer.capture.inputs import Input
from analyzer.capture.model import NO_LINK, NO_TIME, CaptureAccount, RecordBlock
from analyzer.capture.source import PADDING
from dissectors.records import dataclass

BLOCK_PACKETS = 1 << 12
BLOCK_BYTES = 1 << 22
UNKNOWN_LINK = "link-type-unknown"

_LAST_NS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class PacketInput(Input):
    """An input made of packet objects, in the order in which they are given."""

    packets: Iterable[Any] = field(default=(), repr=False)
    link_type_of: Callable[[Any], int | None] = field(default=lambda _packet: None, repr=False)

    @property
    def is_gone(self) -> bool:
        """Whether the packets were read from an iterator, which gives them once."""
        return iter(self.packets) is self.packets

    def blocks(
        self, account: CaptureAccount, progress: Callable[[int], None] | None = None
    ) -> Iterator[RecordBlock]:
        """All packets as records; frames count from 1. `account` is filled on the way."""
        account.format = "packets"
        frames = 0
        gathered = _Gathered()
        for packet in self.packets:
            link_type = self.link_type_of(packet)
            if link_type is None:
                account.undecoded[UNKNOWN_LINK] = account.undecoded.get(UNKNOWN_LINK, 0) + 1
            else:
                account.link_types.add(link_type)
            gathered.add(packet, NO_LINK if link_type is None else link_type)
            if len(gathered.rows) == BLOCK_PACKETS or gathered.size >= BLOCK_BYTES:
                yield gathered.block(frames + 1)
                frames += len(gathered.rows)
                account.file_bytes += gathered.size
                if progress is not None:
                    progress(account.file_bytes)
                gathered = _Gathered()
        if gathered.rows:
            yield gathered.block(frames + 1)
            account.file_bytes += gathered.size
            if progress is not None:
                progress(account.file_bytes)


class _Gathered:
    """Packets on their way into one block."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, int, int, int, int]] = []
        self.size = 0
        self._pieces: list[bytes] = []

    def add(self, packet: Any, link_type: int) -> None:
        """Take one more packet."""
        data = packet_bytes(packet)
        wire_len = max(packet.wirelen or 0, len(data))
        self.rows.append((self.size, len(data), wire_len, nanoseconds(packet.time), link_type))
        self._pieces.append(data)
        self.size += len(data)

    def block(self, first_frame: int) -> RecordBlock:
        """Make the block."""
        self._pieces.append(bytes(PADDING))
        offset, cap_len, wire_len, ts_ns, link_type = zip(*self.rows, strict=True)
        return RecordBlock(
            buffer=b"".join(self._pieces),
            first_frame=first_frame,
            offset=np.array(offset, np.int64),
            cap_len=np.array(cap_len, np.int64),
            wire_len=np.array(wire_len, np.int64),
            ts_ns=np.array(ts_ns, np.int64),
            link_type=np.array(link_type, np.uint16),
        )


def packet_bytes(packet: Any) -> bytes:
    """Bytes of a packet: those it was read from, unless it has been changed since.

    Some of Scapy's layers (LDAP, Kerberos) build to other bytes than they came from although nobody
    touched them: a second reading of the same bytes then builds to the same.
    """
    original = bytes(packet.original)
    try:
        built = bytes(packet)
        if built == original or (original and bytes(type(packet)(original)) == built):
            return original
    except Exception:  # noqa: BLE001 - a layer of that library may raise anything while it builds
        return original
    return built


def nanoseconds(time: Any) -> int:
    """Time in ns since 1970 of a number of seconds, exact for decimals; NO_TIME for what is none."""
    from decimal import Context, Decimal, InvalidOperation  # noqa: PLC0415 - files need none of it

    exact = Context(prec=64)
    try:
        seconds = Decimal(time)
        if not seconds.is_finite():
            return NO_TIME
        moment = int(exact.scaleb(seconds, 9).to_integral_value(context=exact))
    except (InvalidOperation, TypeError, ValueError):
        return NO_TIME
    return moment if -_LAST_NS <= moment <= _LAST_NS else NO_TIME
