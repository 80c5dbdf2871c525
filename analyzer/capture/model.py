"""The types that flow out of a capture: records, packet columns, streams.

Nothing here is an object per packet: a block holds up to some 64 Ki packets in numpy columns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.icmp import Unreachable
from dissectors.records import dataclass

NO_TIME = np.iinfo(np.int64).min
"""`ts_ns` of a packet whose time the file does not tell (pcapng Simple Packet Block)."""

NO_LINK = 0xFFFF
"""`link_type` of a frame that holds no packet to decode; the reader has already accounted for it.

Packets of an interface that the file does not describe, and pcapng blocks that Wireshark counts as
frames although they hold no packet.
"""


@dataclass(slots=True)
class RecordBlock:
    """A run of capture records, in file order, as columns of equal length.

    `buffer` holds the raw bytes plus at least 128 bytes behind the last packet, so that a fixed-width
    gather at any packet never leaves it; the next block may take its place.
    """

    buffer: bytes
    first_frame: int  # Wireshark frame.number of row 0; the rows are consecutive
    offset: NDArray[np.int64]  # where the packet's bytes start in `buffer`
    cap_len: NDArray[np.int64]  # bytes captured
    wire_len: NDArray[np.int64]  # bytes on the wire
    ts_ns: NDArray[np.int64]  # ns since 1970 UTC, or NO_TIME
    link_type: NDArray[np.uint16]  # LINKTYPE_ number of the packet's interface

    def __len__(self) -> int:
        return len(self.offset)


@dataclass(slots=True)
class PacketIndex:
    """The TCP and UDP packets of a block, decoded to columns of equal length, in frame order.

    Addresses are 128-bit in two halves, IPv4 as ::ffff:a.b.c.d; they and ports belong to the innermost
    headers. `payload_offset` counts in `buffer`; rows whose payload does not lie there (reassembled
    fragments) have -1 and their bytes in `extra`.
    """

    buffer: bytes
    frame: NDArray[np.int64]
    ts_ns: NDArray[np.int64]
    proto: NDArray[np.uint8]  # 6 TCP, 17 UDP
    src_hi: NDArray[np.uint64]
    src_lo: NDArray[np.uint64]
    dst_hi: NDArray[np.uint64]
    dst_lo: NDArray[np.uint64]
    src_port: NDArray[np.uint16]
    dst_port: NDArray[np.uint16]
    payload_offset: NDArray[np.int64]
    payload_len: NDArray[np.int64]  # bytes captured
    payload_wire_len: NDArray[
        np.int64
    ]  # bytes on the wire by the IP length; more than payload_len if cut
    tcp_seq: NDArray[
        np.uint32
    ]  # of the first payload byte's segment, as on the wire (SYN counts one)
    tcp_ack: NDArray[np.uint32]
    tcp_flags: NDArray[np.uint8]  # FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32; 0 for UDP
    extra: dict[int, bytes] = field(default_factory=dict)  # row -> payload
    unreachable: list[Unreachable] = field(default_factory=list)  # what ICMP tells; no rows

    def __len__(self) -> int:
        return len(self.frame)

    def payload(self, row: int) -> bytes:
        """Captured payload bytes of one row."""
        start = int(self.payload_offset[row])
        if start < 0:
            return self.extra[row]
        return self.buffer[start : start + int(self.payload_len[row])]


@dataclass(slots=True)
class Stream:
    """One TCP or UDP conversation, numbered as Wireshark numbers it."""

    stream_id: int
    transport: str  # `tcp` or `udp`
    client: str  # address text; side 0
    client_port: int
    server: str  # side 1
    server_port: int
    first_frame: int
    first_ts_ns: int
    role_source: str  # `syn`, `port` (the lower port serves), `first` (who spoke first), `carrier`
    started_before: bool = False  # TCP without SYN: older than the capture
    both_sides: bool = False  # packets of both were seen, up to the block of the first payload
    server_heard: bool = False  # TCP: a packet of the server came before, or is, the first payload
    client_seq: int | None = None  # TCP: sequence number before the client's first byte
    server_seq: int | None = None


IGNORE = -1
"""Answer of `Consumer.deliver`: nothing more of this stream is wanted."""


class Consumer(Protocol):
    """Receives one stream in order. Sides: 0 the client's bytes, 1 the server's (by `Stream`)."""

    def deliver(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take the next contiguous bytes; return how many further bytes to skip (0: none) or IGNORE.

        `offset` counts from the first byte of this direction that the capture could show. Skipped bytes
        are not delivered; in the segment in which a skip ends (its very end included) deliver is called
        with the rest of that segment, which may be empty.
        """

    def lost(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> int:
        """`length` bytes from `offset` on are missing for good; same answer as `deliver`.

        `frame` is the first frame behind the gap, or the packet itself whose end the snap length
        cut off, or the packet of the other side that acknowledges what nobody has shown. Loss inside a
        skip is not told here, only counted.
        """

    def conflict(self, side: int, offset: int, length: int, frame: int, ts_ns: int) -> None:
        """A retransmission in `frame` differs from the bytes first seen there; the first copy was kept."""

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """`fin` or `rst` (sent by `side`), or the last call: `closed`, `evicted`, `reused`, `capture-end`.

        `closed`: both sides have sent FIN, or the stream was silent for a while after a reset.
        """


class DatagramConsumer(Protocol):
    """Receives the UDP payloads of one conversation."""

    def datagram(self, side: int, data: bytes, cut: int, frame: int, ts_ns: int) -> int:
        """Take one payload (`cut` bytes of it were not captured); IGNORE drops the conversation."""

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """`evicted` or `capture-end`."""


OpenStream = Callable[[Stream], Consumer | None]
OpenDatagrams = Callable[[Stream], DatagramConsumer | None]


@dataclass(slots=True)
class CaptureLoss:
    """A stretch of the file that could not be read, or bytes lost on the way; becomes anomaly rows."""

    code: str  # a code of dissectors.anomaly.CODES, group gap, limit or unsupported
    detail: str
    offset: int | None = None  # in the file (decompressed)
    length: int | None = None
    frame: int | None = None  # last good frame before it
    count: int = 1


SecretsBlock = tuple[int, bytes]
"""Type and data of a pcapng Decryption Secrets Block, such as a TLS key log; never shown."""


@dataclass(slots=True)
class CaptureAccount:
    """What happened to every packet and byte of one input; the `captures` row."""

    format: str = ""  # `pcap`, `pcapng`, with `+gzip` or `+zstd`
    link_types: set[int] = field(default_factory=set)
    packets: int = 0
    bytes: int = 0  # captured packet bytes
    file_bytes: int = 0  # of the file, decompressed
    first_ts_ns: int | None = None
    last_ts_ns: int | None = None
    streams: int = 0  # TCP and UDP conversations
    tcp_bytes_missing: int = 0  # in streams that were followed
    truncated_packets: int = 0  # cut by the snap length
    undecoded: dict[str, int] = field(
        default_factory=dict
    )  # reason -> packets (`not-ip` is not among them)
    not_ip: int = 0  # ARP and the like: nothing to decode
    by_scapy: dict[str, int] = field(
        default_factory=dict
    )  # link type or tunnel -> packets whose headers Scapy read
    losses: list[CaptureLoss] = field(default_factory=list)
    damaged: bool = False  # the file itself is cut or corrupt: exit status 3
    streams_evicted: int = 0
    datagrams_copied: int = (
        0  # second copies of one UDP packet, of conversations that were followed
    )
    secrets: list[SecretsBlock] = field(default_factory=list, repr=False)
    files: list[tuple[str, int]] = field(
        default_factory=list
    )  # of a rotated set: name, first frame

    def join(self, later: CaptureAccount) -> None:
        """Add what another reader has counted of packets that came later, or of other streams."""
        self.format = self.format or later.format
        self.link_types |= later.link_types
        for name in (
            "packets", "bytes", "file_bytes", "streams", "tcp_bytes_missing", "truncated_packets", "not_ip",
            "streams_evicted", "datagrams_copied",
        ):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(later, name))
        for counts, more in ((self.undecoded, later.undecoded), (self.by_scapy, later.by_scapy)):
            for reason, count in more.items():
                counts[reason] = counts.get(reason, 0) + count
        times = [t for t in (self.first_ts_ns, later.first_ts_ns) if t is not None]
        self.first_ts_ns = min(times, default=None)
        times = [t for t in (self.last_ts_ns, later.last_ts_ns) if t is not None]
        self.last_ts_ns = max(times, default=None)
        self.losses += later.losses
        self.damaged |= later.damaged
        self.secrets += later.secrets
        self.files += later.files
