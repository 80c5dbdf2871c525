"""Server names of TLS ClientHellos, also of those that come in several segments.

Large hellos do (key shares of post-quantum exchanges). One that shows no name yet is held until the bytes
that follow it come, which is nearly always in the next packets; neither streams nor gaps are followed.

A hello names the server that it is sent to, at the beginning of a connection and where one turns to TLS later
(LDAP's StartTLS, HTTP's Upgrade). Behind a request for a tunnel it names whoever is at the other end, and
the address is the proxy's: nothing is told of it, until its ports begin another connection.

Spec: RFC 8446 4.1.2 and 5.1, RFC 6066 3, RFC 9110 9.3.6 (CONNECT), RFC 1928 3 (SOCKS5).
Not handled: a first segment of less than six bytes; segments captured out of order; a hello in several
TLS records; a tunnel whose request is not in the capture, or does not begin its segment.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.addresses import address
from analyzer.capture.heads import payload_heads
from analyzer.capture.model import PacketIndex
from analyzer.surroundings.name_facts import NameFact
from dissectors.names.client_hello import HANDSHAKE_RECORD, hello_size, server_name
from dissectors.records import dataclass

HELD = 256
"""Hellos that wait for their next segment; the oldest is let go when there are more."""
SEGMENTS = 64
"""Segments of one hello; its record has at most 16 KiB."""
PATIENCE = 65_536
"""Packets of the capture after which a hello waits no longer."""
TUNNELS = 4096
"""Connections to proxies that are remembered; a hello comes soon after its tunnel."""

_TCP = 6
_SYN = 2
_BEGINS, _ASK, _HELLO = range(3)
"""What a packet is to tunnels, in the order in which one may be several."""
_CONNECT = int.from_bytes(b"CONNECT ")
_SOCKS4, _SOCKS5 = 4, 5
_SOCKS4_CONNECT = 0x0401
_SOCKS4_SIZE = 9  # of the shortest request
_SOCKS5_SIZE = 2  # version, number of methods; a byte for each follows

_CLIENT_HELLO = 0x1603_0000_0001_0000
_HELLO_MASK = 0xFFFF_0000_00FF_0000  # content type, version; handshake type

_Way = tuple[int, int, int, int, int, int]  # address and port of the client, then of the server


@dataclass(slots=True)
class _Hello:
    data: bytes
    next_seq: int  # of the byte behind it
    frame: int
    segments: int = 1


class Hellos:
    """The hellos of one capture."""

    def __init__(self, tell: Callable[[NameFact], None]) -> None:
        self._tell = tell
        self._held: OrderedDict[_Way, _Hello] = OrderedDict()
        self._tunnels: OrderedDict[_Way, int] = OrderedDict()  # -> frame of the request
        self._asked_from = np.zeros(0x1_0000, bool)  # by port of a client
        self._asked_at = np.zeros(0x1_0000, bool)  # by port of a proxy

    def feed(self, index: PacketIndex, rows: NDArray[np.intp], first: NDArray[np.uint8]) -> None:
        """Look at the TCP packets `rows` of a block, each with a payload; `first` has their first octets."""
        asking = rows[(first == ord("C")) | (first == _SOCKS5) | (first == _SOCKS4)]
        asks = _asks(index, asking) if len(asking) else asking
        begun = rows[first == HANDSHAKE_RECORD]
        hello = (payload_heads(index, begun) & np.uint64(_HELLO_MASK)) == np.uint64(_CLIENT_HELLO)
        hellos = begun[hello].tolist()
        if len(asks) or self._tunnels:
            self._in_order(index, asks.tolist(), hellos)
        else:
            for row in hellos:
                self._begin(index, row)
        if self._held:
            self._go_on(index, rows)

    def _in_order(self, index: PacketIndex, asks: list[int], hellos: list[int]) -> None:
        """Remember who asks for a tunnel, and forget it where a connection begins."""
        asked, at = self._asked_from, self._asked_at
        asked[index.src_port[asks]] = at[index.dst_port[asks]] = True
        syns = np.flatnonzero((index.proto == _TCP) & ((index.tcp_flags & _SYN) != 0))
        border = syns[asked[index.src_port[syns]] & at[index.dst_port[syns]]]
        events = [(row, _BEGINS) for row in border.tolist()]
        events += [(row, _ASK) for row in asks]
        events += [(row, _HELLO) for row in hellos]
        tunnels = self._tunnels
        for row, what in sorted(events):
            if what == _HELLO:
                self._begin(index, row)
                continue
            way = _way(index, row)
            if what == _ASK:
                tunnels.setdefault(way, index.frame.item(row))
                if len(tunnels) > TUNNELS:
                    tunnels.popitem(last=False)
                continue
            tunnels.pop(way, None)

    def _begin(self, index: PacketIndex, row: int) -> None:
        """The first segment of a hello."""
        seq = index.tcp_seq.item(row)
        self._take(index, row, _Hello(b"", seq, index.frame.item(row), 0))

    def _go_on(self, index: PacketIndex, rows: NDArray[np.intp]) -> None:
        """Find the next segments of what is held, and theirs, as far as they are in this block."""
        held = self._held
        seqs = index.tcp_seq[rows]
        wanted = [hello.next_seq for hello in held.values()]
        for _ in range(SEGMENTS):
            candidates = rows[np.isin(seqs, np.array(wanted, np.uint32))].tolist()
            wanted = []  # from here on only what follows a segment that was just found
            for row in candidates:
                way = _way(index, row)
                hello = held.get(way)
                if (
                    hello is not None
                    and hello.next_seq == index.tcp_seq.item(row)
                    and hello.frame < index.frame.item(row)
                ):
                    self._take(index, row, hello)
                    if way in held:
                        wanted.append(held[way].next_seq)
            if not wanted:
                break
        if len(index):
            oldest = index.frame.item(-1) - PATIENCE
            for way in [way for way, hello in held.items() if hello.frame < oldest]:
                del held[way]

    def _take(self, index: PacketIndex, row: int, hello: _Hello) -> None:
        """Add a segment: tell the name if it is there, else hold the hello if it goes on."""
        way = _way(index, row)
        if self._tunnels.get(way, index.frame.item(row)) < index.frame.item(row):
            return
        self._held.pop(way, None)
        payload = bytes(index.payload(row))
        data = hello.data + payload
        frame, size = index.frame.item(row), hello_size(data)
        name = server_name(data[:size])
        if name is not None:
            client, server = address(*way[:2]), address(*way[3:5])
            ts_ns = index.ts_ns.item(row)
            self._tell(NameFact("sni", client, name, (server,), frame, ts_ns, record=""))
            return
        whole = index.payload_len.item(row) == index.payload_wire_len.item(row)
        if len(data) < size and whole and hello.segments < SEGMENTS:
            seq = hello.next_seq + len(payload) & 0xFFFF_FFFF
            self._held[way] = _Hello(data, seq, frame, hello.segments + 1)
            if len(self._held) > HELD:
                self._held.popitem(last=False)


def _asks(index: PacketIndex, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of `rows` that ask for a tunnel."""
    heads, size = payload_heads(index, rows), index.payload_wire_len[rows]
    two = (heads >> np.uint64(48)).astype(np.int64)
    methods = two & 0xFF
    asks = heads == np.uint64(_CONNECT)
    asks |= (two == _SOCKS4_CONNECT) & (size >= _SOCKS4_SIZE)
    asks |= (two >> 8 == _SOCKS5) & (methods > 0) & (size == _SOCKS5_SIZE + methods)
    asking: NDArray[np.intp] = rows[asks]
    return asking


def _way(index: PacketIndex, row: int) -> _Way:
    return (
        index.src_hi.item(row), index.src_lo.item(row), index.src_port.item(row),
        index.dst_hi.item(row), index.dst_lo.item(row), index.dst_port.item(row),
    )  # fmt: skip
