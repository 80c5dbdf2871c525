"""The records of a rotated capture as one pcapng stream, for a program that reads a single input.

The files are read natively, one after the other and block by block, whatever format and compression each
has. Every frame becomes one block, so that who reads the stream counts frames as the native reader does. A
frame whose link type was not told (`NO_LINK`) stays, empty; one without a time has none here either.

Spec: draft-ietf-opsawg-pcapng sections 4.1 to 4.4 and 4.7, options if_tsresol and if_tsoffset.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from analyzer.capture.interfaces import IF_TSOFFSET, IF_TSRESOL
from analyzer.capture.model import NO_LINK, NO_TIME, CaptureAccount, CaptureLoss, RecordBlock
from analyzer.capture.packet_blocks import ENHANCED_PACKET, SIMPLE_PACKET
from analyzer.capture.pcapng import DECRYPTION_SECRETS, INTERFACE, SECTION
from analyzer.capture.reader import open_capture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.capture.inputs import RotatedInput

NANOSECONDS = 9
LONG_AGO_S = -(10**10)
"""Second from which times before 1970 are counted: further back than nanoseconds in 64 bits reach (1677)."""
USER_0 = 147
"""LINKTYPE_USER0, which says nothing of what is inside: for frames of unknown link type."""
PIECE_BYTES = 1 << 20

_Interface = tuple[int, bool, int]
"""Link type, whether its times lie before 1970, snap length (0: none)."""


class JoinedRecords:
    """All frames of a set as the bytes of one capture; raises `CaptureError` if no file of it is one."""

    compression = ""
    failure: CaptureLoss | None = None  # losses are those of single files, in `account`

    def __init__(self, item: RotatedInput) -> None:
        self._account = (
            CaptureAccount()
        )  # its own: a thread may be reading while others count frames
        self._pieces = self._stream(item)
        self._rest = memoryview(b"")

    def readinto(self, view: memoryview) -> int:
        """Fill `view` as far as the set goes."""
        done = 0
        while done < len(view):
            if not self._rest:
                self._rest = memoryview(next(self._pieces, b""))
                if not self._rest:
                    break
            count = min(len(view) - done, len(self._rest))
            view[done : done + count] = self._rest[:count]
            self._rest = self._rest[count:]
            done += count
        return done

    def tell(self, account: CaptureAccount) -> None:
        """Tell of the files, and what of them was lost, once all is read; frames others have counted."""
        mine = self._account
        account.format, account.file_bytes = mine.format, mine.file_bytes
        account.files = list(mine.files)
        account.damaged |= mine.damaged
        account.losses += mine.losses

    def _stream(self, item: RotatedInput) -> Iterator[bytes]:
        writer = _Writer()
        secrets = 0
        for block in open_capture(item, self._account):
            told = self._account.secrets
            while secrets < len(told):
                writer.add_secrets(*told[secrets])
                secrets += 1
            yield from writer.frames(block)


class _Writer:
    """Writes pcapng: one section, and a further one only where a frame without a time needs it."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._interfaces: dict[_Interface, int] = {}
        self._begin_section()

    def _begin_section(self) -> None:
        self._interfaces.clear()
        self._add(SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))

    def _add(self, kind: int, body: bytes) -> None:
        body += bytes(-len(body) % 4)
        length = struct.pack("<I", 12 + len(body))
        self._out += struct.pack("<I", kind) + length + body + length

    def add_secrets(self, kind: int, data: bytes) -> None:
        """Hand on keys that a file has brought along."""
        self._add(DECRYPTION_SECRETS, struct.pack("<II", kind, len(data)) + data)

    def frames(self, block: RecordBlock) -> Iterator[bytes]:
        """The frames of a block, in pieces."""
        columns = (block.offset, block.cap_len, block.wire_len, block.ts_ns, block.link_type)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for offset, cap_len, wire_len, ts_ns, link_type in rows:
            packet = bytes(block.buffer[offset : offset + cap_len])
            link = USER_0 if link_type == NO_LINK else link_type
            if ts_ns == NO_TIME:
                self._add_timeless(packet, wire_len, link)
            else:
                self._add_frame(packet, wire_len, link, ts_ns)
            if len(self._out) >= PIECE_BYTES:
                yield self._taken()
        yield self._taken()

    def _taken(self) -> bytes:
        piece = bytes(self._out)
        self._out.clear()
        return piece

    def _add_frame(self, packet: bytes, wire_len: int, link: int, ts_ns: int) -> None:
        before_1970 = ts_ns < 0
        number = self._interface((link, before_1970, 0))
        ticks = ts_ns - LONG_AGO_S * 10**9 if before_1970 else ts_ns
        time = divmod(ticks, 1 << 32)
        head = struct.pack("<IIIII", number, *time, len(packet), max(wire_len, len(packet)))
        self._add(ENHANCED_PACKET, head + packet)

    def _add_timeless(self, packet: bytes, wire_len: int, link: int) -> None:
        """A Simple Packet Block: first interface of its section, captured as far as its snap length.

        Of a frame without any byte the length on the wire is left out: there is no snap length of 0.
        """
        wire_len = wire_len if packet else 0
        wanted = (link, False, len(packet) if wire_len > len(packet) else 0)
        if self._interfaces.get(wanted) != 0:
            self._begin_section()
            self._interface(wanted)
        self._add(SIMPLE_PACKET, struct.pack("<I", max(wire_len, len(packet))) + packet)

    def _interface(self, wanted: _Interface) -> int:
        known = self._interfaces.get(wanted)
        if known is not None:
            return known
        link, before_1970, snap_len = wanted
        options = struct.pack("<HHB3x", IF_TSRESOL, 1, NANOSECONDS)
        if before_1970:
            options += struct.pack("<HHq", IF_TSOFFSET, 8, LONG_AGO_S)
        self._add(INTERFACE, struct.pack("<HHI", link, 0, snap_len) + options + bytes(4))
        number = self._interfaces[wanted] = len(self._interfaces)
        return number
