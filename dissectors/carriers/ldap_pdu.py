"""One LDAPMessage: its header, the side that sends it, and how something is said about it.

Active Directory writes four length octets everywhere; RFC 4511 5.1 allows that: no anomaly.

Spec: RFC 4511 4.1.1, 4.2 to 4.14 (operations) and 5.1 (BER).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import (
    CLIENT,
    SERVER,
    TOKEN_LIMIT,
    Carrier,
    CarrierAnomaly,
    CarrierMessage,
    Exchange,
    MessageKind,
    too_large,
)
from dissectors.carriers.window import Carried, Cut, frames_within
from dissectors.records import NamedTuple, dataclass
from dissectors.span import Span

if TYPE_CHECKING:
    from dissectors.status import Status

BIND_REQUEST, BIND_RESPONSE, UNBIND, ABANDON = 0x60, 0x61, 0x42, 0x50
SEARCH_REQUEST, SEARCH_ENTRY, SEARCH_DONE = 0x63, 0x64, 0x65
EXTENDED_REQUEST, EXTENDED_RESPONSE = 0x77, 0x78


_new_tuple = tuple.__new__


class Operation(NamedTuple):
    """Who sends an operation, and the tags that its content may begin with (none: primitive)."""

    side: int
    first: bytes = b""


OPERATIONS: dict[int, Operation] = {
    BIND_REQUEST: Operation(CLIENT, b"\x02"),
    UNBIND: Operation(CLIENT),
    SEARCH_REQUEST: Operation(CLIENT, b"\x04"),
    0x66: Operation(CLIENT, b"\x04"),  # modify
    0x68: Operation(CLIENT, b"\x04"),  # add
    0x4A: Operation(CLIENT),  # delete
    0x6C: Operation(CLIENT, b"\x04"),  # modify DN
    0x6E: Operation(CLIENT, b"\x04"),  # compare
    ABANDON: Operation(CLIENT),
    EXTENDED_REQUEST: Operation(CLIENT, b"\x80"),
    BIND_RESPONSE: Operation(SERVER, b"\x0a"),
    SEARCH_ENTRY: Operation(SERVER, b"\x04"),
    SEARCH_DONE: Operation(SERVER, b"\x0a"),
    0x67: Operation(SERVER, b"\x0a"),
    0x69: Operation(SERVER, b"\x0a"),
    0x6B: Operation(SERVER, b"\x0a"),
    0x6D: Operation(SERVER, b"\x0a"),
    0x6F: Operation(SERVER, b"\x0a"),
    0x73: Operation(SERVER, b"\x04"),  # search reference
    EXTENDED_RESPONSE: Operation(SERVER, b"\x0a"),
    0x79: Operation(SERVER, b"\x80\x81"),  # intermediate
}
"""By the tag of protocolOp."""

HEAD = 32
"""Bytes that always hold the whole header of a message, with the beginning of a search."""


@dataclass(slots=True)
class Head:
    """The header of an LDAPMessage; positions count from the message's first byte."""

    size: int  # of the whole message; 0: more bytes are needed
    message_id: int = 0
    op: int = 0
    body: int = 0  # where the operation's content begins and ends
    stop: int = 0


SHORT = Head(0)


def read_head(data: bytes) -> Head | None:
    """Read the header of a message; `SHORT` if it is cut, None if this is no LDAPMessage."""
    have = len(data)
    if data[:1] != b"\x30":
        return None
    if have < 7:  # the shortest of all messages
        return SHORT
    length = data[1]
    at = 2
    if length > 0x7F:
        at += length & 0x7F
        if not 2 < at < 7:
            return None
        length = int.from_bytes(data[2:at])
    size = at + length
    if have < at + 2:
        return SHORT
    digits = data[at + 1]
    if data[at] != 0x02 or not 0 < digits < 5:
        return None
    at += 2
    op_at = at + digits
    if have < op_at + 2:
        return SHORT
    op = data[op_at]
    if op not in OPERATIONS:
        return None
    length = data[op_at + 1]
    body = op_at + 2
    if length > 0x7F:
        body += length & 0x7F
        if not op_at + 2 < body < op_at + 7:
            return None
        if have < body:
            return SHORT
        length = int.from_bytes(data[op_at + 2 : body])
    stop = body + length
    if stop > size:
        return None
    return Head(size, int.from_bytes(data[at:op_at]), op, body, stop)


def sender(data: bytes) -> int | None:
    """Side that sends the message at the beginning of `data`; None if it is none, or too short."""
    head = read_head(data)
    if head is None or not head.size:
        return None
    operation = OPERATIONS[head.op]
    empty = head.body == head.stop
    if operation.first:
        first = data[head.body : head.body + 1]
        if not first:  # of a bind the header is enough if its lengths agree
            bind = head.op in {BIND_REQUEST, BIND_RESPONSE}
            return operation.side if bind and not empty and head.stop == head.size else None
        if empty or first not in operation.first:
            return None
    elif empty != (head.op == UNBIND):
        return None
    if head.stop < head.size and data[head.stop : head.stop + 1] not in {b"", b"\xa0"}:
        return None  # only controls may follow the operation
    return operation.side


@dataclass(slots=True)
class Pdu:
    """One LDAPMessage of a connection, as far as it is held."""

    carrier: Carrier
    side: int
    start: int  # stream offset of data[0]
    data: bytes
    head: Head
    cut: Cut | None = None  # the rest of the message is lost

    @property
    def end(self) -> tuple[int, int]:
        """Frame in which the message ends, and its time."""
        if self.cut is not None:
            return self.cut.frames[-1], self.cut.ts_ns
        last = self.start + (len(self.data) or 1) - 1
        return self.carrier.windows[self.side].place(last)

    def frames(self, place: Span | None = None) -> tuple[tuple[int, ...], Carried]:
        """All frames of `place` in the message, or of all of it, and which of them carried what."""
        begin, end = place or (0, len(self.data))
        begin, end = self.start + begin, self.start + end
        if self.cut is not None:
            return frames_within(self.cut.frames, self.cut.marks, begin, end)
        return self.carrier.windows[self.side].frames_carried(begin, end)

    def odd(self, code: str, detail: str, exchange: Exchange | None = None) -> None:
        """Emit an anomaly about the whole message."""
        frame, ts_ns = self.end
        anomaly = Anomaly(code, Span(self.start, self.start + self.head.size), detail)
        self.carrier.emit(CarrierAnomaly(self.side, frame, ts_ns, anomaly, exchange))

    def say(
        self,
        kind: MessageKind,
        exchange: Exchange | None,
        anomalies: list[Anomaly],
        *,
        token: bytes | None = None,
        place: Span | None = None,
        status: Status | None = None,
        schemes: tuple[str, ...] = (),
        sasl_layer: bool = False,
        context: dict[str, Any] | None = None,
    ) -> None:
        """Emit what the message says; a token has its `place` in the message."""
        if not token:
            place = None
        elif len(token) > TOKEN_LIMIT and place is not None:
            anomalies.append(too_large(len(token), place))
            token = token[:TOKEN_LIMIT]
            place = Span(place.start, place.start + TOKEN_LIMIT)
        start = self.start
        if place is None:
            begin, end, span = start, start + len(self.data), None
        else:
            begin, end = start + place[0], start + place[1]
            span = _new_tuple(Span, (begin, end))
        cut = self.cut
        if cut is None:
            last = start + (len(self.data) or 1) - 1
            window = self.carrier.windows[self.side]
            frame, ts_ns, frames, carried = window.whereabouts(last, begin, end)
        else:
            have, size = len(self.data), self.head.size
            anomalies.append(
                Anomaly(cut.code, Span(have, size), f"{have} of {size} bytes are there")
            )
            frame, ts_ns = cut.frames[-1], cut.ts_ns
            frames, carried = frames_within(cut.frames, cut.marks, begin, end)
        self.carrier.emit(
            CarrierMessage(
                kind,
                self.side,
                exchange,
                frame,
                frames,
                ts_ns,
                token,
                span,
                status,
                schemes,
                sasl_layer,
                tuple(anomalies),
                {} if context is None else context,
                False,  # not base64; all by position, which takes less time
                (),
                carried,
            )
        )
