"""Looks at blocks of packets for names and for KDCs that do not answer, beside the stream engine.

Nearly each is one packet by itself, so no stream is opened: a vectorised look at the heads picks the
packets, and only those are read.

Spec: RFC 1035 4.2.1-4.2.2, RFC 7766 8 (DNS over TCP), RFC 9293 3.5.
Not handled: what is in another segment than the beginning of its message, in DNS over TCP; DNS over TLS
or HTTPS.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.addresses import address
from analyzer.capture.conversation_keys import ConversationKeys
from analyzer.capture.heads import first_octets, payload_heads
from analyzer.capture.icmp import Unreachable
from analyzer.capture.model import PacketIndex
from analyzer.surroundings.attempts import Attempts
from analyzer.surroundings.hellos import Hellos
from analyzer.surroundings.lookup_pairs import ANSWERED, UNKNOWN, LookupPairs
from analyzer.surroundings.model import Fact
from analyzer.surroundings.name_facts import AnsweredNames, Told
from analyzer.surroundings.names import NameLookups
from dissectors.names.dns import HEADER, IDENT, PREFIX, messages_of_segment

KDC_PORTS = (88, 464)
DNS_PORT = 53
TCP, UDP = 6, 17
SYN, RST, ACK = 2, 4, 16


class Watch:
    """Fed with every block of a capture; hands facts to `tell`."""

    def __init__(self, tell: Callable[[Fact], None]) -> None:
        self._tell = tell
        self._lookups = NameLookups(tell)
        self._pairs = LookupPairs()
        self._hellos = Hellos(tell)
        self._attempts = Attempts(tell)
        self._keys = ConversationKeys()

    def feed(self, index: PacketIndex) -> None:
        """Look at the packets of a block."""
        if len(index):
            self._packets(index)
        for told in index.unreachable:
            self._refused(told)

    def _packets(self, index: PacketIndex) -> None:
        full = index.payload_len > 0
        udp = np.flatnonzero(full & (index.proto == UDP))
        heads = payload_heads(index, udp)
        lookups = np.flatnonzero(_looks_like_dns(heads))
        self._datagrams(index, udp[lookups], heads[lookups])
        tcp = np.flatnonzero(full & (index.proto == TCP))
        first = first_octets(index, tcp)
        self._hellos.feed(index, tcp, first)
        self._messages(index, tcp, first)
        self._handshakes(index)

    def finish(self) -> None:
        """The capture is over: tell what got no answer."""
        self._lookups.finish()
        self._attempts.finish()

    def _datagrams(
        self, index: PacketIndex, rows: NDArray[np.intp], heads: NDArray[np.uint64]
    ) -> None:
        """Look-ups and their answers."""
        pairs = self._pairs.find(index, rows)
        if pairs is None:
            for row in rows.tolist():
                self._datagram(index, row)
            return
        lookups, (text, told) = self._lookups, pairs
        alone = text == UNKNOWN
        if lookups.has_room(len(text), int(np.count_nonzero(alone))):
            # what another datagram may be about, before this block or in it, is taken in their order
            ident = (heads >> np.uint64(48)).astype(np.intp)
            shared = np.zeros(1 << 8 * IDENT, np.bool_)
            shared[np.frombuffer(lookups.idents(), ">u2")] = True
            shared[ident[alone]] = True
            alone |= (text >= 0) & shared[ident]
            whole = np.flatnonzero((text >= 0) & ~alone)
            if len(whole):
                lookups.tell_all(_answers(index, rows[whole], text[whole], told))
        else:
            alone = text != ANSWERED
        rows, text = rows[alone], text[alone]
        known = text >= 0
        facts = iter(_answers(index, rows[known], text[known], told).facts())
        for row, is_answer in zip(rows.tolist(), known.tolist(), strict=True):
            if is_answer:
                start = index.payload_offset.item(row)
                ident_of_it = index.buffer[start : start + IDENT]
                lookups.answered_at_once(next(facts), index.dst_port.item(row), ident_of_it)
            else:
                self._datagram(index, row)

    def _datagram(self, index: PacketIndex, row: int) -> None:
        frame, ts_ns = index.frame.item(row), index.ts_ns.item(row)
        self._lookups.add(bytes(index.payload(row)), *_ends(index, row), frame, ts_ns)

    def _messages(
        self, index: PacketIndex, rows: NDArray[np.intp], first: NDArray[np.uint8]
    ) -> None:
        """Look-ups over TCP: a message that fills its segment, on any port; more and less on DNS's own."""
        size = index.payload_wire_len[rows] - PREFIX
        known = (index.src_port[rows] == DNS_PORT) | (index.dst_port[rows] == DNS_PORT)
        some = np.flatnonzero((known | (first == size >> 8)) & (size >= HEADER))
        if not len(some):
            return
        heads = payload_heads(index, rows[some])
        fits = known[some] | ((heads >> np.uint64(48)).astype(np.int64) == size[some])
        # behind the length: the same words as in a datagram, but for the number of answers
        look_up = _looks_like_dns(heads << np.uint64(16))
        for row in rows[some[fits & look_up]].tolist():
            sender, receiver = _ends(index, row)
            frame, ts_ns = index.frame.item(row), index.ts_ns.item(row)
            for data in messages_of_segment(bytes(index.payload(row))):
                self._lookups.add(data, sender, receiver, frame, ts_ns)

    def _handshakes(self, index: PacketIndex) -> None:
        """SYNs to a KDC's port, and what comes back from it."""
        bare = index.proto == TCP
        to_kdc = bare & _is_kdc(index.dst_port)
        from_kdc = bare & _is_kdc(index.src_port)
        rows = np.flatnonzero(to_kdc | from_kdc)
        if not len(rows):
            return
        flags = index.tcp_flags
        asks = to_kdc & ((flags & (SYN | ACK | RST)) == SYN)
        resets = from_kdc & ((flags & RST) != 0)
        accepts = from_kdc & ((flags & (SYN | RST)) == SYN)
        goes_on = (flags & (SYN | RST | ACK)) == ACK
        goes_on[rows] &= self._unanswered(index, rows, asks[rows], accepts[rows])
        attempts = self._attempts
        for row in rows[(asks | resets | accepts | goes_on)[rows]].tolist():
            source, destination = _ends(index, row)
            frame = index.frame.item(row)
            if asks[row]:
                seq, size = index.tcp_seq.item(row), index.payload_wire_len.item(row)
                attempts.asked(source, destination, frame, index.ts_ns.item(row), seq, size)
            elif resets[row]:
                # without an ACK it answers a segment with one: the connection had come about
                ack = index.tcp_ack.item(row) if flags.item(row) & ACK else None
                attempts.reset(destination, source, frame, ack)
            elif to_kdc[row]:
                attempts.came_about(source, destination)
            else:
                attempts.came_about(destination, source)

    def _unanswered(
        self,
        index: PacketIndex,
        rows: NDArray[np.intp],
        asks: NDArray[np.bool_],
        accepts: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Which of these packets may belong to a connection that waits for the server's SYN."""
        source = index.src_hi[rows], index.src_lo[rows], index.src_port[rows]
        destination = index.dst_hi[rows], index.dst_lo[rows], index.dst_port[rows]
        keys, _ = self._keys.pair(source, destination)
        asked, accepted = (
            dict(zip(keys[some].tolist(), np.flatnonzero(some).tolist(), strict=True))
            for some in (asks, accepts)
        )  # key -> place of the latest
        open_ones = [key for key, at in asked.items() if accepted.get(key, -1) < at]
        silent = np.isin(keys, np.array(open_ones, np.uint64))
        waiting = self._attempts.ports
        if waiting:
            silent |= np.isin(source[2], waiting) | np.isin(destination[2], waiting)
        return silent

    def _refused(self, told: Unreachable) -> None:
        """What ICMP says of a packet to a KDC's port."""
        *server, port = told.destination
        if port not in KDC_PORTS:
            return
        *client, client_port = told.source
        ends = (address(*client), client_port), (address(*server), port)
        transport = "tcp" if told.proto == TCP else "udp"
        self._attempts.unreachable(*ends, told.frame, told.ts_ns, transport, told.how)


def _answers(
    index: PacketIndex, rows: NDArray[np.intp], text: NDArray[np.intp], told: list[Told]
) -> AnsweredNames:
    """Datagrams that answer, each with a place in what is `told`."""
    return AnsweredNames(
        told,
        text.astype(np.int32),
        np.stack((index.dst_hi[rows], index.dst_lo[rows])),
        np.stack((index.src_hi[rows], index.src_lo[rows])),
        index.frame[rows],
        index.ts_ns[rows],
    )


def _ends(index: PacketIndex, row: int) -> tuple[tuple[str, int], tuple[str, int]]:
    """Address and port of sender and receiver."""
    source = address(index.src_hi.item(row), index.src_lo.item(row))
    destination = address(index.dst_hi.item(row), index.dst_lo.item(row))
    return (source, index.src_port.item(row)), (destination, index.dst_port.item(row))


def _is_kdc(port: NDArray[np.uint16]) -> NDArray[np.bool_]:
    one, other = KDC_PORTS
    return np.asarray((port == one) | (port == other), dtype=np.bool_)


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
