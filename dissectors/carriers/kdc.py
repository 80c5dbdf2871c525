"""Kerberos between a client and its KDC, over UDP and TCP, on any port.

Every message is handed on as it is, with the kind `kdc`: it negotiates nothing, but tells which ticket
stands behind a negotiation, or why there is none.

Spec: RFC 4120 5.4, 5.9, 7.2.1 (UDP) and 7.2.2 (TCP).
Not handled: messages over 1 MiB, which are passed over; TCP extensions (RFC 5021); password changes
(RFC 3244).
"""

from __future__ import annotations

from typing import ClassVar

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import (
    CLIENT,
    SERVER,
    TOKEN_LIMIT,
    Carrier,
    CarrierAnomaly,
    CarrierMessage,
    Emit,
    Limits,
    too_large,
)
from dissectors.carriers.kdc_message import (
    CERTAIN,
    HEAD,
    PREFIX,
    SHORTEST,
    SIDES,
    message_size,
    prefixed_sender,
    sender,
)
from dissectors.carriers.window import Cut, Window, end_code
from dissectors.span import Span

_ANOMALY_LIMIT = 64  # oddities of one connection told one by one


class KdcCarrier(Carrier):
    """One connection to a KDC, or one UDP conversation."""

    name: ClassVar[str] = "kdc"
    datagram: ClassVar[bool] = True

    def __init__(
        self, emit: Emit, *, started_before: bool = False, limits: Limits | None = None
    ) -> None:
        super().__init__(emit, started_before=started_before)
        self.limits = limits or Limits()
        self._lost_from = [-1, -1]  # stream offsets from which on no message border is known
        self._anomalies = 0

    @classmethod
    def probe(cls, head: bytes) -> int | None:
        """Tell the sender of a message, with its length in front (TCP) or without (UDP)."""
        return prefixed_sender(head) if head[0] == 0 else sender(head)

    # -- TCP ---------------------------------------------------------------------------------------

    def feed(self, side: int) -> None:
        """Hand on every message that is whole."""
        window = self.windows[side]
        while not window.skipping:
            have = len(window)
            if self._lost_from[side] >= 0:
                if not have or not self._border_found(side, window):
                    return
                continue
            if have < PREFIX:
                return
            head = window.peek(PREFIX + HEAD)
            size = int.from_bytes(head[:PREFIX])
            if not self._is_border(side, head, size):
                self._lose(side, window)
            elif size > self.limits.held:
                self._note(
                    side, "limit-message-size", window.offset, PREFIX + size, f"{size} bytes"
                )
                window.skip(PREFIX + size)
            elif have < PREFIX + size:
                return
            else:
                self._message(side, size)
                window.skip(PREFIX + size)

    def _is_border(self, side: int, head: bytes, size: int) -> bool:
        """Whether a message of `side` with this length may begin so, as far as `head` tells."""
        if not SHORTEST <= size <= self.limits.message:
            return False
        if len(head) == PREFIX:
            return True
        if SIDES.get(head[PREFIX]) != side:
            return False
        return len(head) < PREFIX + HEAD or message_size(head, PREFIX) is not None

    def _message(self, side: int, size: int) -> None:
        message = self.whole_token("kdc", side, None, PREFIX, size)
        if size > TOKEN_LIMIT:
            message.anomalies = (too_large(size, Span(0, size)),)
        self.emit(message)

    def _take_cut(self, side: int, cut: Cut) -> int:
        """Hand on the beginning of a message; the stream offset where it would have ended, or 0."""
        data = cut.data
        size = int.from_bytes(data[:PREFIX])
        if len(data) < PREFIX + HEAD or not self._is_border(side, data[: PREFIX + HEAD], size):
            return 0
        start = cut.offset + PREFIX
        token = data[PREFIX : PREFIX + TOKEN_LIMIT]
        place = Span(start, start + len(token))
        there = f"{len(data) - PREFIX} of {size} bytes are there"
        message = CarrierMessage(
            "kdc", side, None, cut.frames[-1], cut.frames, cut.ts_ns, token, place
        )
        message.carried = cut.marks
        message.anomalies = (Anomaly(cut.code, Span(len(data) - PREFIX, size), there),)
        self.emit(message)
        return start + size

    # -- lost borders ------------------------------------------------------------------------------

    def _lose(self, side: int, window: Window) -> None:
        """Give up the present border and pass over the rest of the segment."""
        self._lost_from[side] = window.offset
        window.skip(len(window))

    def _border_found(self, side: int, window: Window) -> bool:
        """Whether a message begins here, where a segment does; else pass over it."""
        head = window.peek(PREFIX + CERTAIN)
        if prefixed_sender(head) == side:
            self._tell_lost(side, window.offset)
            return True
        if len(head) < PREFIX + CERTAIN and head[0] == 0:
            return False  # too little to tell
        window.skip(len(window))
        return True

    def _tell_lost(self, side: int, end: int) -> None:
        start, self._lost_from[side] = self._lost_from[side], -1
        if 0 <= start < end:
            self._note(side, "desync", start, end - start, f"{end - start} bytes passed over")

    def gap(self, side: int, length: int, frame: int, ts_ns: int) -> None:  # noqa: ARG002
        """Hand on what is there of a message; its length tells where the next one begins."""
        window = self.windows[side]
        cut, window.cut = window.cut, None
        if self._lost_from[side] >= 0:
            return
        end = 0
        if cut is not None and cut.offset + len(cut.data) + length == window.offset:
            end = self._take_cut(side, cut)
        if end >= window.offset:
            window.skip(end - window.offset)
        else:
            self._lost_from[side] = window.offset

    # -- the end -----------------------------------------------------------------------------------

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:  # noqa: ARG002
        """Hand on messages whose rest will not come."""
        for each in (CLIENT, SERVER) if side is None or how == "rst" else (side,):
            window = self.windows[each]
            lost, length = self._lost_from[each] >= 0, len(window)
            if lost:
                self._tell_lost(each, window.offset + length)
            elif length and not self._take_cut(each, window.take_cut(how)):
                self._note(each, end_code(how), window.offset - length, length, "inside a message")

    # -- UDP ---------------------------------------------------------------------------------------

    def datagram_received(self, side: int, data: bytes, frame: int, ts_ns: int) -> None:
        """Hand on one datagram: a message, whole or cut by the snap length."""
        if not data or SIDES.get(data[0]) != side or message_size(data) is None:
            note = Anomaly("malformed-message", Span(0, len(data)), "no message of a KDC or to one")
            self._emit_note(CarrierAnomaly(side, frame, ts_ns, note))
            return
        token = data[:TOKEN_LIMIT]
        place = Span(0, len(token))
        self.emit(CarrierMessage("kdc", side, None, frame, (frame,), ts_ns, token, place))

    # -- notes -------------------------------------------------------------------------------------

    def _note(self, side: int, code: str, start: int, length: int, detail: str) -> None:
        window = self.windows[side]
        anomaly = Anomaly(code, Span(start, start + length), detail)
        self._emit_note(CarrierAnomaly(side, window.frame, window.ts_ns, anomaly))

    def _emit_note(self, note: CarrierAnomaly) -> None:
        self._anomalies += 1
        if self._anomalies <= _ANOMALY_LIMIT:
            self.emit(note)
