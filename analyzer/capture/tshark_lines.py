"""What tshark says of each packet, one line each, as packet columns.

A line holds Wireshark's reading of everything below TCP and UDP payload (link layer, tunnels, IP
fragments, its numbers of conversations) and the payload itself; of a TLS record that it could decrypt
also the plain bytes. Innermost headers count; what an ICMP error quotes is no packet.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np

from analyzer.capture.icmp import UNREACHABLE, Unreachable, words
from analyzer.capture.model import NO_TIME, CaptureAccount, PacketIndex
from analyzer.capture.source import PADDING
from dissectors.records import NamedTuple

FIELDS = (
    "frame.number",
    "frame.time_epoch",
    "frame.len",
    "frame.cap_len",
    "frame.encap_type",
    "frame.protocols",
    "ip.src",
    "ip.dst",
    "ipv6.src",
    "ipv6.dst",
    "tcp.stream",
    "tcp.srcport",
    "tcp.dstport",
    "tcp.seq_raw",
    "tcp.ack_raw",
    "tcp.flags",
    "tcp.len",
    "tcp.payload",
    "udp.stream",
    "udp.srcport",
    "udp.dstport",
    "udp.length",
    "udp.payload",
    "icmp.type",
    "icmp.code",
    "icmpv6.type",
    "icmpv6.code",
    "data.data",
)
"""Fields of a line, in this order, separated by tabs; several values of one field by commas.

The last one is left out where nothing can be decrypted: it repeats every payload that Wireshark cannot read.
"""

UNREADABLE = "tshark-line"
"""Reason in `CaptureAccount.undecoded`: a line that does not say what it should."""

LINK_TYPE_OF_ENCAPSULATION = {
    1: 1,
    2: 6,
    3: 8,
    4: 9,
    6: 10,
    7: 101,
    9: 129,
    15: 0,
    18: 122,
    20: 105,
    21: 119,
    23: 127,
    24: 163,
    25: 113,
    26: 107,
    28: 104,
    41: 187,
    62: 138,
    63: 165,
    97: 192,
    104: 195,
    115: 220,
    124: 226,
    127: 230,
    129: 228,
    130: 229,
    135: 240,
    141: 239,
    152: 249,
    154: 251,
    158: 253,
    174: 108,
    210: 276,
}
"""Wireshark's own numbers of link types (`frame.encap_type`) -> LINKTYPE_ numbers, as far as usual."""

_TCP, _UDP = 6, 17
_QUOTING = frozenset({"icmp", "icmpv6"})
_TUNNELLED = frozenset({"eth", "arp", "ppp", "wlan", "mpls"})
"""Layers behind which a UDP packet was the tunnel, whatever is inside."""

_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("frame", np.int64),
    ("ts_ns", np.int64),
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
"""The columns of a `PacketIndex`, in the order of `Transport.row`."""


class Transport(NamedTuple):
    """One TCP or UDP packet of a line."""

    frame: int
    ts_ns: int
    proto: int
    stream: int  # Wireshark's tcp.stream or udp.stream
    ends: tuple[int, ...]  # source and destination address in halves, source and destination port
    payload: bytes
    wire_len: int
    seq: int
    ack: int
    flags: int

    def row(self, offset: int) -> tuple[int, ...]:
        """Its columns; the payload lies at `offset`."""
        place = (offset, len(self.payload), max(self.wire_len, len(self.payload)))
        head = (self.frame, self.ts_ns, self.proto)
        return (*head, *self.ends, *place, self.seq, self.ack, self.flags)


class Line(NamedTuple):
    """What a line says: its packets, innermost only, and the plain bytes of its TLS records."""

    packets: list[Transport]
    decrypted: bytes
    sealed: bool = False  # there is TLS in the last packet, and there may be keys
    unreachable: Unreachable | None = None  # an ICMP error in place of packets


def columns(packets: Iterable[Transport], unreachable: Iterable[Unreachable] = ()) -> PacketIndex:
    """Put packets together to a block, and what was told of packets that did not arrive."""
    rows: list[tuple[int, ...]] = []
    buffer = bytearray()
    for packet in packets:
        rows.append(packet.row(len(buffer)))
        buffer += packet.payload
    filled: dict[str, Any] = {
        name: np.array(values, dtype)
        for (name, dtype), values in zip(
            _COLUMNS, zip(*rows, strict=True) if rows else ((),) * len(_COLUMNS), strict=True
        )
    }
    told = list(unreachable)
    return PacketIndex(buffer=bytes(buffer) + bytes(PADDING), unreachable=told, **filled)


class LineReader:
    """Reads lines; what they say of the capture as a whole goes to `account`."""

    def __init__(self, account: CaptureAccount) -> None:
        self._account = account

    def read(self, line: str) -> Line | None:
        """Read one line, without its end; None if it is none of ours."""
        cells = line.split("\t")
        keyless = len(cells) == len(FIELDS) - 1
        if keyless:
            cells.append("")
        if len(cells) == len(FIELDS):
            with suppress(ValueError, IndexError):
                said = _line(self._count(cells), cells)
                return said._replace(sealed=False) if keyless and said.sealed else said
        reasons = self._account.undecoded
        reasons[UNREADABLE] = reasons.get(UNREADABLE, 0) + 1
        return None

    def _count(self, cells: list[str]) -> tuple[int, int]:
        """Enter a packet into the account; tell its number and time."""
        account = self._account
        number, epoch, wire_len, cap_len, encapsulation, protocols = cells[:6]
        frame, ts_ns = int(number), _nanoseconds(epoch)
        account.packets += 1
        account.bytes += int(cap_len)
        account.truncated_packets += int(cap_len) < int(wire_len)
        link_type = LINK_TYPE_OF_ENCAPSULATION.get(int(encapsulation or "-1"))
        if link_type is not None:
            account.link_types.add(link_type)
        if ts_ns != NO_TIME:
            first, last = account.first_ts_ns, account.last_ts_ns
            account.first_ts_ns = ts_ns if first is None or ts_ns < first else first
            account.last_ts_ns = ts_ns if last is None or ts_ns > last else last
        layers = f":{protocols}:"
        if ":ip:" not in layers and ":ipv6:" not in layers:
            account.not_ip += 1
        return frame, ts_ns


def _line(frame: tuple[int, int], cells: list[str]) -> Line:
    (
        protocols, ip_src, ip_dst, ip6_src, ip6_dst,
        tcp_stream, tcp_src, tcp_dst, tcp_seq, tcp_ack, tcp_flags, tcp_len, tcp_payload,
        udp_stream, udp_src, udp_dst, udp_len, udp_payload, *icmp, data,
    ) = cells[5:]  # fmt: skip
    if not tcp_stream and not udp_stream:
        return Line([], b"")
    if any(icmp):
        return Line([], b"", unreachable=_unreachable(frame, cells))
    found: list[Transport] = []
    innermost: Transport | None = None
    ends = (0, 0, 0, 0)
    seen = {"ip": 0, "ipv6": 0, "tcp": 0, "udp": 0}
    payloads = iter(tcp_payload.split(","))
    layers = protocols.split(":")
    for layer in layers:
        if layer in _QUOTING:
            break
        if layer not in seen:
            if layer in _TUNNELLED and not found:
                innermost = None
            continue
        at = seen[layer]
        seen[layer] += 1
        if layer == "ip":
            ends = (*address(_value(ip_src, at)), *address(_value(ip_dst, at)))
        elif layer == "ipv6":
            ends = (*address(_value(ip6_src, at)), *address(_value(ip6_dst, at)))
        elif layer == "tcp":
            size = int(_value(tcp_len, at))
            innermost = Transport(
                *frame,
                _TCP,
                int(_value(tcp_stream, at)),
                (*ends, int(_value(tcp_src, at)), int(_value(tcp_dst, at))),
                octets(next(payloads, "")) if size else b"",
                size,
                int(_value(tcp_seq, at)),
                int(_value(tcp_ack, at)),
                int(_value(tcp_flags, at), 16) & 0xFF,
            )
            found.append(innermost)
        else:
            innermost = Transport(
                *frame,
                _UDP,
                int(_value(udp_stream, at)),
                (*ends, int(_value(udp_src, at)), int(_value(udp_dst, at))),
                octets(udp_payload.split(",")[-1]) if _value(udp_len, at) != "8" else b"",
                max(int(_value(udp_len, at)) - 8, 0),
                seq=0,
                ack=0,
                flags=0,
            )
    if innermost is not None and innermost.proto == _UDP:  # else a tunnel's
        return Line([innermost], b"")
    if not found or "tls" not in layers:
        return Line(found, b"")
    return Line(found, b"".join(map(octets, data.split(","))) if data else b"", sealed=True)


def _unreachable(frame: tuple[int, int], cells: list[str]) -> Unreachable | None:
    """What an ICMP error tells of the packet that it quotes."""
    said = dict(zip(FIELDS, cells, strict=True))
    quoting, _, quoted = said["frame.protocols"].rpartition(":icmp")
    version = 6 if quoted.startswith("v6") else 4
    name = "icmpv6" if version == 6 else "icmp"
    kind, code = said[f"{name}.type"], said[f"{name}.code"]
    layers = quoted.split(":")
    network = {4: "ip", 6: "ipv6"}[version]
    transport = next((layer for layer in layers if layer in {"tcp", "udp"}), None)
    how = words(version, int(code)) if kind == str(UNREACHABLE[version][1]) else ""
    if not how or transport is None or network not in layers:
        return None
    at = quoting.split(":").count(network)
    before = quoting.split(":").count(transport)
    source, destination = (
        (*address(_value(said[f"{network}.{end}"], at)),
         int(_value(said[f"{transport}.{end}port"], before)))
        for end in ("src", "dst")
    )  # fmt: skip
    proto = _TCP if transport == "tcp" else _UDP
    return Unreachable(*frame, how, proto, source, destination)


def _value(cell: str, at: int) -> str:
    return cell.split(",")[at] if "," in cell else cell


def octets(text: str) -> bytes:
    """Bytes of a field; older versions put colons between them."""
    return bytes.fromhex(text.replace(":", "") if text[2:3] == ":" else text)


@lru_cache(maxsize=65_536)
def address(text: str) -> tuple[int, int]:
    """An address in two halves of 64 bits, IPv4 as ::ffff:a.b.c.d; ValueError if it is none."""
    try:
        if ":" in text:
            number = int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
            return number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF
        number = int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
    except OSError:
        raise ValueError(text) from None
    return 0, 0xFFFF << 32 | number


def _nanoseconds(epoch: str) -> int:
    """`1700000000.123456789`, seconds since 1970 UTC, as nanoseconds; NO_TIME if it is empty."""
    if not epoch:
        return int(NO_TIME)
    seconds, _, fraction = epoch.partition(".")
    nanoseconds = int(fraction[:9].ljust(9, "0")) if fraction else 0
    whole = abs(int(seconds)) * 10**9 + nanoseconds
    return -whole if seconds.startswith("-") else whole
