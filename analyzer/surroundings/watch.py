"""Looks at blocks of packets for names and for KDCs that do not answer, beside the stream engine.

Each is one packet by itself, so nothing is joined and no stream is opened: a vectorised look at the heads
picks the packets, and only those are read.

Not handled: names and refusals over TCP DNS, DNS over TLS or HTTPS, and ICMP.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.addresses import address
from analyzer.capture.heads import payload_heads
from analyzer.capture.model import PacketIndex
from analyzer.surroundings.attempts import Attempts
from analyzer.surroundings.model import Fact, NameFact
from analyzer.surroundings.names import NameLookups
from dissectors.names.client_hello import server_name

KDC_PORTS = (88, 464)
TCP, UDP = 6, 17
SYN, RST, ACK = 2, 4, 16

_CLIENT_HELLO = 0x1603_0000_0001_0000
_HELLO_MASK = 0xFFFF_0000_00FF_0000  # content type, version; handshake type


class Watch:
    """Fed with every block of a capture; hands facts to `tell`."""

    def __init__(self, tell: Callable[[Fact], None]) -> None:
        self._tell = tell
        self._lookups = NameLookups(tell)
        self._attempts = Attempts(tell)

    def feed(self, index: PacketIndex) -> None:
        """Look at the packets of a block."""
        if not len(index):
            return
        full = np.flatnonzero(index.payload_len > 0)
        heads = payload_heads(index, full)
        udp = index.proto[full] == UDP
        for row in full[udp & _looks_like_dns(heads)].tolist():
            self._datagram(index, row)
        hello = (heads & np.uint64(_HELLO_MASK)) == np.uint64(_CLIENT_HELLO)
        for row in full[~udp & hello].tolist():
            self._hello(index, row)
        self._handshakes(index)

    def finish(self) -> None:
        """The capture is over: tell what got no answer."""
        self._lookups.finish()
        self._attempts.finish()

    def _datagram(self, index: PacketIndex, row: int) -> None:
        sender, receiver = _ends(index, row)
        self._lookups.add(
            index.payload(row), sender, receiver, index.frame.item(row), index.ts_ns.item(row)
        )

    def _hello(self, index: PacketIndex, row: int) -> None:
        name = server_name(index.payload(row))
        if name is not None:
            (client, _), (server, _) = _ends(index, row)
            frame, ts_ns = index.frame.item(row), index.ts_ns.item(row)
            self._tell(NameFact("sni", client, name, (server,), frame, ts_ns, record=""))

    def _handshakes(self, index: PacketIndex) -> None:
        """SYNs to a KDC's port, and what comes back from it."""
        bare = index.proto == TCP
        to_kdc = bare & np.isin(index.dst_port, KDC_PORTS)
        from_kdc = bare & np.isin(index.src_port, KDC_PORTS)
        if not (to_kdc.any() or from_kdc.any()):
            return
        flags = index.tcp_flags
        asks = to_kdc & ((flags & (SYN | ACK | RST)) == SYN)
        says = from_kdc & ((flags & (SYN | RST)) != 0)
        for row in np.flatnonzero(asks | says).tolist():
            source, destination = _ends(index, row)
            frame, ts_ns = index.frame.item(row), index.ts_ns.item(row)
            if asks[row]:
                self._attempts.asked(source, destination, frame, ts_ns)
            else:
                reset = bool(flags.item(row) & RST)
                self._attempts.answered(destination, source, frame, reset=reset)


def _ends(index: PacketIndex, row: int) -> tuple[tuple[str, int], tuple[str, int]]:
    """Address and port of sender and receiver."""
    source = address(index.src_hi.item(row), index.src_lo.item(row))
    destination = address(index.dst_hi.item(row), index.dst_lo.item(row))
    return (source, index.src_port.item(row)), (destination, index.dst_port.item(row))


def _looks_like_dns(heads: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Heads with the flags and counts of a look-up or of its answer."""
    flags = (heads >> np.uint64(32)) & np.uint64(0xFFFF)
    asked = (heads >> np.uint64(16)) & np.uint64(0xFFFF)
    answered = heads & np.uint64(0xFFFF)
    fine = ((flags & np.uint64(0x7840)) == 0) & (answered <= np.uint64(64))
    response = (flags & np.uint64(0x8000)) != 0
    one = asked == np.uint64(1)
    plain = one & (response | (answered == 0))
    unasked = (asked == 0) & response & (answered > 0)  # mDNS, NetBIOS
    return np.asarray(fine & (plain | unasked), dtype=np.bool_)
