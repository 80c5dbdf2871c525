"""Numbers the conversations of a capture as Wireshark does: `tcp.stream`, `udp.stream`.

A conversation is an unordered pair of endpoints; numbers are given in order of first appearance,
for TCP and UDP apart. A TCP conversation starts anew with a SYN (no ACK) whose sequence number is
not the one its direction began with; FIN and RST change nothing in that. Where a direction began is
told by its first packet (SYN: its number; any other: the number before it), or earlier by the first
ACK of the other side; a SYN/ACK with another number corrects it.

A whole block is numbered with array operations; only conversations that are reused within it are
walked packet by packet. A scan opens millions of conversations, so one costs some 70 bytes and no
object.

Spec: RFC 9293 section 3.4 (initial sequence numbers); the rule of reuse was found by giving
tshark 4.0.17 made-up packets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyzer.capture.conversation_keys import KeyTable, first_rows
from dissectors.records import NamedTuple

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

SILENT, FOLLOWED, IGNORED, CLOSED = range(4)
"""`StreamTable.state`: no payload yet; with a consumer; nobody wants it; nothing more can come."""

STARTED_BY_1 = 1  # the first packet was sent by endpoint 1, not 0
SYN_BY = (2, 4)  # endpoint 0, 1 asked for the connection: it sent a SYN, or got a SYN/ACK
HAS_BASE = (8, 16)  # `base` of endpoint 0, 1 is known
SENT_BY = (32, 64)  # a packet of endpoint 0, 1 was captured
"""Bits of `StreamTable.seen`; endpoints are 0 and 1 in an order of no meaning."""


class Packets(NamedTuple):
    """What numbering needs of packets; `sender` is the endpoint, 0 or 1, that sent each."""

    key: NDArray[np.uint64]
    sender: NDArray[np.intp]
    frame: NDArray[np.int64]
    ts_ns: NDArray[np.int64]


class Segments(NamedTuple):
    """The part of their TCP headers that matters here."""

    seq: NDArray[np.uint32]
    ack: NDArray[np.uint32]
    flags: NDArray[np.uint8]


def beyond(these: NDArray[np.uint32], those: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Tell which sequence numbers lie behind those beside them, modulo 2^32."""
    ahead: NDArray[np.bool_] = (these - those).view(np.int32) > 0
    return ahead


class StreamTable:
    """All conversations of one transport: their numbers and what little is known of each.

    The columns are indexed by stream number and hold at least `count` rows.
    """

    def __init__(self) -> None:
        self.count = 0
        self.state = np.zeros(0, np.uint8)
        self.seen = np.zeros(0, np.uint8)
        self.reopened = np.zeros(0, np.uint8)
        self.first_frame = np.zeros(0, np.int64)
        self.first_ts_ns = np.zeros(0, np.int64)
        self.answered = np.zeros(0, np.int64)  # frame in which the second endpoint is first heard
        self.base = np.zeros((0, 2), np.uint32)  # sequence number before the first byte
        self.sent = np.zeros((0, 2), np.uint32)  # number after what was told, where followed
        self.scratch = np.zeros(0, np.int32)  # of whoever needs one number per stream for a moment
        self._corrected: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._table = KeyTable()

    def number(self, packets: Packets) -> NDArray[np.intp]:
        """Return the stream number of each packet; new conversations are entered."""
        return self._number(packets)[0]

    def _number(self, packets: Packets) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Stream number of each packet, and the place of the first packet of its conversation."""
        first = first_rows(packets.key)
        heads = np.flatnonzero(
            first == np.arange(len(first))
        )  # the first packet of each conversation
        keys = packets.key[heads]
        found = self._table.find(keys)
        fresh = np.flatnonzero(found < 0)
        if len(fresh):
            found[fresh] = np.arange(self.count, self.count + len(fresh))
            self._enter(packets, heads[fresh])
            self._table.put(keys[fresh], found[fresh])
        ids = np.empty(len(first), np.intp)
        ids[heads] = found
        return ids[first], first

    def number_tcp(
        self, packets: Packets, segments: Segments
    ) -> tuple[NDArray[np.intp], list[tuple[int, int]]]:
        """Stream number of each packet, and (row, old number) of every SYN that begins anew."""
        known = self.count
        self._corrected.clear()
        ids, first = self._number(packets)
        told = self.seen[ids]
        some = _telling(first, told, packets.sender, segments.flags)
        if len(some):
            theirs = Segments(segments.seq[some], segments.ack[some], segments.flags[some])
            senders, frames = packets.sender[some], packets.frame[some]
            self._learn_bases(ids[some], told[some], senders, frames, theirs)
        syn = np.flatnonzero(segments.flags & SYN)
        odd = syn[segments.seq[syn] != self._bases(ids[syn], packets.sender[syn])]
        if not len(odd):
            return ids, []
        lives = self._walk(ids, told, packets.sender, segments, np.isin(ids, ids[odd]))
        return ids, self._renumber(known, ids, packets, lives)

    @property
    def corrected(self) -> dict[int, int]:
        """Streams whose bases changed within the latest block, with the last frame in which one did."""
        found: dict[int, int] = {}
        for (stream_id, _), corrections in self._corrected.items():
            found[stream_id] = max(found.get(stream_id, 0), corrections[-1][0])
        return found

    def corrected_within(self, stream_id: int, after: int, until: int) -> bool:
        """Tell whether a base changed in a frame of the latest block behind `after`, up to `until`."""
        return bool(self._corrected) and any(
            after < frame <= until
            for side in (0, 1)
            for frame, _ in self._corrected.get((stream_id, side), ())
        )

    def base_at(self, stream_id: int, side: int, frame: int) -> int:
        """Return the number before the first byte, as it was known at a frame of the latest block."""
        for corrected_in, former in self._corrected.get((stream_id, side), ()):
            if corrected_in > frame:
                return former
        return int(self.base[stream_id, side])

    def skips_bytes(
        self, ids: NDArray[np.intp], packets: Packets, segments: Segments, rows: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Tell which of the packets `rows` do not stand at the first byte of their direction."""
        base = self._bases_at(ids[rows], packets.sender[rows], packets.frame[rows])
        skipped: NDArray[np.bool_] = segments.seq[rows] != base + np.uint32(1)
        return skipped

    def acknowledges_bytes(
        self, ids: NDArray[np.intp], packets: Packets, segments: Segments, rows: NDArray[np.intp]
    ) -> NDArray[np.bool_]:
        """Tell which of the packets `rows` acknowledge bytes of a direction that has shown none.

        The endpoint that sent them has been heard: else its bytes take a way that is not captured.
        """
        streams, other, frame = ids[rows], packets.sender[rows] ^ 1, packets.frame[rows]
        base = self._bases_at(streams, other, frame)
        told: NDArray[np.bool_] = beyond(segments.ack[rows], base + np.uint32(1))
        told &= (segments.flags[rows] & ACK) != 0
        if told.any():
            told &= self.heard(streams, other, frame)
        return told

    def _bases(self, streams: NDArray[np.intp], sides: NDArray[np.intp]) -> NDArray[np.uint32]:
        base: NDArray[np.uint32] = self.base.ravel()[2 * streams + sides]  # no copy but of these
        return base

    def _bases_at(
        self, streams: NDArray[np.intp], sides: NDArray[np.intp], frames: NDArray[np.int64]
    ) -> NDArray[np.uint32]:
        """`base_at` of many."""
        base = self._bases(streams, sides)
        for (stream_id, side), corrections in self._corrected.items():
            mine = np.flatnonzero((streams == stream_id) & (sides == side))
            for corrected_in, former in reversed(corrections):
                base[mine[frames[mine] < corrected_in]] = former
        return base

    def heard(
        self, streams: NDArray[np.intp], sides: NDArray[np.intp], frames: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Tell of which endpoints a packet was captured up to a frame, in which the other one speaks."""
        answered = self.answered[streams]
        found: NDArray[np.bool_] = (self.seen[streams] & STARTED_BY_1) == sides
        found |= (answered > 0) & (answered <= frames)
        return found

    def is_heard(self, stream_id: int, side: int, frame: int) -> bool:
        """As `heard`, of one endpoint."""
        if self.seen.item(stream_id) & STARTED_BY_1 == side:
            return True
        return 0 < self.answered.item(stream_id) <= frame

    def learn_syns(
        self, ids: NDArray[np.intp], senders: NDArray[np.intp], segments: Segments
    ) -> None:
        """Remember who asked for the connection."""
        rows = np.flatnonzero(segments.flags & SYN)
        if not len(rows):
            return
        ids, senders = ids[rows], senders[rows]
        asked = senders ^ ((segments.flags[rows] & ACK) != 0)
        for side in (0, 1):
            self.seen[ids[asked == side]] |= np.uint8(SYN_BY[side])

    def _learn_bases(
        self,
        ids: NDArray[np.intp],
        told: NDArray[np.uint8],
        senders: NDArray[np.intp],
        frames: NDArray[np.int64],
        segments: Segments,
    ) -> None:
        acks = (segments.flags & ACK) != 0
        for side in (0, 1):
            by_side = senders == side
            silent = np.flatnonzero(by_side & ((told & SENT_BY[side]) == 0))
            self.seen[ids[silent]] |= np.uint8(SENT_BY[side])
            second = silent[(told[silent] & STARTED_BY_1) != side][::-1]  # the first packet stays
            self.answered[ids[second]] = frames[second]
            rows = np.flatnonzero((by_side | acks) & ((told & HAS_BASE[side]) == 0))
            if not len(rows):
                continue
            streams = ids[rows]
            self.scratch[streams[::-1]] = rows[::-1]  # of several for one stream the last wins
            rows = rows[self.scratch[streams] == rows]  # the first one of each stream
            streams = ids[rows]
            before = segments.seq[rows] - ((segments.flags[rows] & SYN) == 0).astype(np.uint32)
            acked = segments.ack[rows] - np.uint32(1)
            base = np.where(by_side[rows], before, acked)
            self.base[streams, side], self.sent[streams, side] = base, base + np.uint32(1)
            self.seen[streams] |= np.uint8(HAS_BASE[side])

    def _walk(
        self,
        ids: NDArray[np.intp],
        told: NDArray[np.uint8],
        senders: NDArray[np.intp],
        segments: Segments,
        mask: NDArray[np.bool_],
    ) -> list[_Life]:
        """Go packet by packet through conversations with an unexpected SYN; return all their lives.

        `told` holds what `seen` was before this block.
        """
        rows = np.flatnonzero(mask)
        columns = (rows, ids[rows], told[rows], senders[rows], *(c[rows] for c in segments))
        current: dict[int, _Life] = {}
        lives: list[_Life] = []
        for row, stream, before, sender, seq, ack, flags in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            life = current.get(stream)
            if life is None:
                known = self.base[stream].tolist()
                base = [known[i] if before & HAS_BASE[i] else None for i in (0, 1)]
                life = current[stream] = _Life(None, base)
                life.number = stream
                life.sent = before & sum(SENT_BY)
                lives.append(life)
            base = life.base
            former = base[sender]
            if flags & SYN and former is not None and former != seq:
                if flags & ACK:
                    life.corrected.append((row, sender, former))
                    base[sender] = seq
                else:
                    life = current[stream] = _Life(life, [None, None])
                    base = life.base
                    lives.append(life)
            life.rows.append(row)
            if life.sent and not life.sent & SENT_BY[sender]:
                life.answered = row
            life.sent |= SENT_BY[sender]
            if base[sender] is None:
                base[sender] = seq if flags & SYN else (seq - 1) & 0xFFFF_FFFF
            if flags & ACK and base[sender ^ 1] is None:
                base[sender ^ 1] = (ack - 1) & 0xFFFF_FFFF
        return lives

    def _renumber(
        self, known: int, ids: NDArray[np.intp], packets: Packets, lives: list[_Life]
    ) -> list[tuple[int, int]]:
        """Give the second and later `lives` their numbers; change `ids` accordingly.

        The numbers from `known` on were given in this block and move up.
        """
        fresh = np.flatnonzero(ids >= known)
        provisional, first = np.unique(ids[fresh], return_index=True)
        first = fresh[first]
        later = [life for life in lives if life.former is not None]
        begun = np.array([life.rows[0] for life in later], np.intp)
        births = np.sort(np.concatenate((first, begun)))
        numbers = known + np.searchsorted(births, first)
        seen, base = self.seen[provisional], self.base[provisional]
        answered = self.answered[provisional]
        ids[fresh] = numbers[ids[fresh] - known]
        self.count = known
        self._enter(packets, births)
        self.seen[numbers], self.base[numbers] = seen, base
        self.answered[numbers] = answered
        self._table.put(packets.key[first], numbers)

        for life, number in zip(
            later, (known + np.searchsorted(births, begun)).tolist(), strict=True
        ):
            life.number = number
            ids[life.rows] = number
        for life in lives:
            if life.former is None and life.rows:
                life.number = int(ids[life.rows[0]])
            self.seen[life.number] = int(self.seen[life.number]) & ~sum(SENT_BY) | life.sent
            if life.answered >= 0:
                self.answered[life.number] = packets.frame[life.answered]
            elif life.sent != sum(SENT_BY):
                self.answered[life.number] = 0
            for row, side, former in life.corrected:
                frame = int(packets.frame[row])
                self._corrected.setdefault((life.number, side), []).append((frame, former))
            for side, start in enumerate(life.base):
                if start is not None:
                    if self.base[life.number, side] != start:
                        self.base[life.number, side] = start
                        self.sent[life.number, side] = (start + 1) & 0xFFFF_FFFF
                    self.seen[life.number] |= HAS_BASE[side]
        ended = {life.former.number: life for life in later if life.former is not None}
        newest = [life for life in later if life.number not in ended]
        rows = np.array([life.rows[0] for life in newest], np.intp)
        self._table.put(packets.key[rows], np.array([life.number for life in newest], np.intp))
        return [(life.rows[0], number) for number, life in ended.items()]

    def _enter(self, packets: Packets, rows: NDArray[np.intp]) -> None:
        """Give the next numbers to the conversations that begin in `rows`."""
        begin, self.count = self.count, self.count + len(rows)
        if self.count > len(self.state):
            size = max(1024, self.count + self.count // 8)  # cheap: large blocks grow in place
            for column in (self.state, self.seen, self.reopened):
                column.resize(size, refcheck=False)
            for wide in (self.first_frame, self.first_ts_ns, self.answered):
                wide.resize(size, refcheck=False)
            self.scratch.resize(size, refcheck=False)
            for pair in (self.base, self.sent):
                pair.resize((size, 2), refcheck=False)
        self.seen[begin : self.count] = packets.sender[rows]
        self.answered[begin : self.count] = 0
        self.first_frame[begin : self.count] = packets.frame[rows]
        self.first_ts_ns[begin : self.count] = packets.ts_ns[rows]


def _telling(
    first: NDArray[np.intp],
    told: NDArray[np.uint8],
    senders: NDArray[np.intp],
    flags: NDArray[np.uint8],
) -> NDArray[np.intp]:
    """Of a block's packets those that may tell that an endpoint speaks, or where it began.

    Of each stream of which not all that is known: the first packet of each endpoint with an ACK, and without.
    """
    all_of_it = np.uint8(sum(SENT_BY) | sum(HAS_BASE))
    some = np.flatnonzero((told & all_of_it) != all_of_it)
    kind = (senders << 1 | ((flags & ACK) != 0))[some]
    kind += first[some] << 2
    earliest = np.empty(4 * len(first), np.intp)
    earliest[kind[::-1]] = some[::-1]  # of several the last wins, which here is the first
    return some[np.flatnonzero(earliest[kind] == some)]


class _Life:
    """One of the streams that share a 4-tuple: the one before, its rows, where its sides begin."""

    __slots__ = ("answered", "base", "corrected", "former", "number", "rows", "sent")

    def __init__(self, former: _Life | None, base: list[int | None]) -> None:
        self.former = former
        self.base = base
        self.corrected: list[tuple[int, int, int]] = []  # row, side, base before
        self.rows: list[int] = []
        self.sent = 0  # bits of `SENT_BY`
        self.answered = -1  # row in which the second endpoint is first heard; none so far
        self.number = -1
