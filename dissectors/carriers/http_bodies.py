"""The bodies of HTTP/1.x messages: skipped unread, but for those that a KDC proxy sends.

A body with a length is one skip, a chunked one a skip per chunk. The frame in which it ends is that of
its message. Chunks of what is read are put together in `http_chunks`.

Spec: RFC 9112 6-7, RFC 9110 10.1.1, MS-KKDCP 2.1.
"""

from __future__ import annotations

import re

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER, Carrier, CarrierAnomaly, Emit
from dissectors.carriers.http_auth import text_of
from dissectors.carriers.http_block import BROKEN, CHUNKED, UNTIL_CLOSE
from dissectors.carriers.http_chunks import ChunkedBody
from dissectors.carriers.http_dialogue import Dialogue
from dissectors.carriers.http_exchange import Exchanges
from dissectors.carriers.http_head import Message, Response
from dissectors.carriers.http_kdc import (
    BODY_LIMIT,
    FINE,
    Body,
    body_size,
    cut_body,
    kdc_message,
    proxy_said,
)
from dissectors.carriers.http_kdc import HEAD as KDC_HEAD
from dissectors.carriers.http_start import LINE_LIMIT, is_start
from dissectors.carriers.window import Cut, Window
from dissectors.span import Span

CHUNK_LINE_LIMIT = 4_096

# States of a side
HEAD = 0  # a message may start here
BODY = 1  # its end is where the window's skip ends
CONTINUE = 2  # a request's body that the client may leave out
CHUNK = 3
TRAILER = 4
CLOSE = 5  # the body ends with the connection
WATCH = 6  # so it should, but the connection was to stay open
LOST = 7  # message borders are not known
OPAQUE = 8  # another protocol, for good
KDC_BODY = 9  # a body that is read
KDC_CHUNK = 10  # a chunk of one

_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")


class Side:
    """Where the reading of one direction stands."""

    __slots__ = ("after", "chunks", "left", "lost_from", "message", "roomy", "scanned", "state")

    def __init__(self, state: int) -> None:
        self.state = state
        self.scanned = 0  # unread bytes in which the end of the header block was not found
        self.roomy = False  # the header block holds credentials and may be large
        self.message: Message | None = None  # whose body this is, if it is worth telling
        self.left = 0  # body bytes of CONTINUE, KDC_BODY and KDC_CHUNK; UNTIL_CLOSE
        self.chunks: ChunkedBody | None = None  # what came of a chunked body that is read
        self.after = HEAD  # state behind a KDC_BODY
        self.lost_from = -1  # stream offset where message borders were lost


class HttpBodies(Carrier):
    """The two sides of one connection, as far as bodies concern them."""

    def __init__(self, emit: Emit, *, started_before: bool = False) -> None:
        super().__init__(emit, started_before=started_before)
        first = LOST if started_before else HEAD
        self._sides = (Side(first), Side(first))
        self._exchanges = Exchanges(emit)
        self._dialogue = Dialogue(self._exchanges, started_before=started_before)
        self._tunnel = False  # after CONNECT, until a request is read in it
        self._encrypted = False

    # -- bodies -----------------------------------------------------------------------------------

    def _begin_body(self, side: int, reader: Side, message: Message, length: int) -> None:
        """Pass over a body; a message of which nothing will be told is done before."""
        window = self.windows[side]
        told = bool(message.frames)
        reader.state = HEAD
        if message.kdc and 0 < length <= BODY_LIMIT:
            self._begin_kdc_body(reader, message, length)
            return
        if length == CHUNKED:
            reader.state = CHUNK
            if message.kdc:
                reader.chunks, told = ChunkedBody(), True
        elif length == BROKEN:
            span = Span(window.offset, window.offset)
            self._note(side, Anomaly("bad-header", span, "the length of the body cannot be read"))
            told = False
            self._lose(side)
        elif told and length > len(window.data) - window.position:
            reader.state = BODY
            window.skip(length)
        else:
            if told and length:
                last = window.offset + length - 1
                message.end(*window.place(last))
            if length:
                window.skip(length)
            told = False
        if told:
            reader.message = message
        else:
            self._dialogue.done(message)

    def _finish(self, reader: Side, frame: int, ts_ns: int) -> None:
        """Note that a message's body ended in `frame`."""
        message, reader.message = reader.message, None
        if message is not None:
            message.end(frame, ts_ns)
            self._dialogue.done(message)

    def _abandon(self, reader: Side) -> None:
        """Leave a message whose body is not all there in the frame of its header block."""
        message, reader.message = reader.message, None
        if message is not None:
            self._dialogue.done(message)

    # -- bodies of a KDC proxy ----------------------------------------------------------------------

    def _begin_kdc_body(self, reader: Side, message: Message, length: int) -> None:
        """Await a body of this length, or UNTIL_CLOSE; the state there is comes back behind it."""
        reader.after, reader.state = reader.state, KDC_BODY
        reader.message, reader.left = message, length

    def _read_kdc_body(self, side: int, window: Window, reader: Side) -> bool:
        """Tell the message in a body that is all there; False if more bytes are needed."""
        length = reader.left
        if length == UNTIL_CLOSE:
            if len(window) < KDC_HEAD:
                return False
            length = body_size(window.peek(KDC_HEAD))
        if len(window) < length:
            return False
        frame, ts_ns = window.frame, window.ts_ns
        if length:
            start, end = window.offset, window.offset + length
            frame, ts_ns = window.place(end - 1)
            frames, carried = window.frames_carried(start, end)
            body = Body(start, window.peek(length), frames, frame, ts_ns, carried)
            self._tell_kdc(side, reader, body)
            window.skip(length)
        else:
            self._tell_unread(reader, (frame,), (frame, ts_ns))
        reader.state = reader.after
        self._finish(reader, frame, ts_ns)
        return True

    def _tell_kdc(self, side: int, reader: Side, body: Body) -> None:
        said = kdc_message(side, body)
        if isinstance(said, Anomaly):
            self._note(side, said)
            self._tell_unread(reader, body.frames, (body.frame, body.ts_ns))
        elif said is not None:
            if side == CLIENT and reader.message is not None:
                reader.message.asked_in = said.frame
            self.emit(said)

    def _tell_unread(self, reader: Side, frames: tuple[int, ...], place: tuple[int, int]) -> None:
        """Tell that a proxy answered a request with a body that ends at `place` and is no message."""
        message = reader.message
        if isinstance(message, Response) and message.asked_in is not None:
            self.emit(proxy_said(message.asked_in, FINE, text_of(message.reason), frames, place))

    def _kdc_body_torn(self, side: int, reader: Side, length: int, cut: Cut | None) -> bool:
        """Tell what is there of a body, `length` bytes of which are lost; False if its end is, too."""
        window = self.windows[side]
        if cut is not None:
            self._tell_kdc(side, reader, cut_body(cut))
        if reader.left == UNTIL_CLOSE:
            return False
        there = 0 if cut is None else len(cut.data)
        rest = reader.left - there - length
        if rest < 0:
            return False
        reader.state = BODY
        window.skip(rest)
        return True

    # -- chunks -------------------------------------------------------------------------------------

    def _read_chunk(self, side: int, window: Window, reader: Side) -> bool:
        end = window.find(b"\n", CHUNK_LINE_LIMIT)
        if end < 0 and len(window) < CHUNK_LINE_LIMIT:
            return False
        size = window.take(end + 1).partition(b";")[0].strip() if end >= 0 else b""
        if not _CHUNK_SIZE.fullmatch(size):
            span = Span(window.offset - end - 1, window.offset)
            self._note(side, Anomaly("malformed-message", span, "no chunk size where one is due"))
            self._tell_chunks(side, reader, "malformed-message")
            self._abandon(reader)
            self._lose(side)
            return True
        length = int(size, 16)
        if length and reader.chunks is not None and reader.chunks.fits(length):
            reader.state, reader.left = KDC_CHUNK, length
        elif length:
            if reader.chunks is not None:
                reader.chunks = None
                span = Span(window.offset, window.offset + length)
                self._note(side, Anomaly("limit-message-size", span, "body of a KDC proxy"))
                self._tell_unread(reader, (window.frame,), (window.frame, window.ts_ns))
            window.skip(length + 2)
        else:
            reader.state = TRAILER
        return True

    def _read_kdc_chunk(self, window: Window, reader: Side) -> None:
        """Take what is there of a chunk, at least one byte, and pass over the line end behind it."""
        assert reader.chunks is not None
        length = min(reader.left, len(window))
        reader.chunks.take(window, length)
        reader.left -= length
        if not reader.left:
            reader.state = CHUNK
            window.skip(2)

    def _tell_chunks(
        self, side: int, reader: Side, code: str | None = None, place: tuple[int, int] | None = None
    ) -> None:
        """Tell the message in a chunked body that ends at `place`, or of which the end is missing: `code`."""
        chunks, reader.chunks = reader.chunks, None
        body = None if chunks is None else chunks.body(code, place)
        if body is not None:
            self._tell_kdc(side, reader, body)
        elif chunks is not None and place is not None:
            self._tell_unread(reader, place[:1], place)

    def _read_trailer(self, side: int, window: Window, reader: Side) -> bool:
        end = window.find(b"\n", LINE_LIMIT)
        if end < 0:
            if len(window) < LINE_LIMIT:
                return False
            span = Span(window.offset, window.offset + len(window))
            self._note(side, Anomaly("limit-message-size", span, "trailer field"))
            self._tell_chunks(side, reader)
            self._abandon(reader)
            self._lose(side)
            return True
        offset = window.offset + end
        frame, ts_ns = window.place(offset)
        if not window.take(end + 1).strip():
            reader.state = HEAD
            self._tell_chunks(side, reader, place=(frame, ts_ns))
            self._finish(reader, frame, ts_ns)
        return True

    def _read_expected(self, window: Window, reader: Side) -> None:
        """Pass over a body that was to wait for 100 Continue, unless a new request stands there."""
        message, reader.message = reader.message, None
        assert message is not None
        if is_start(CLIENT, window.peek(LINE_LIMIT)):
            reader.state = HEAD
            self._dialogue.done(message)
        else:
            self._begin_body(CLIENT, reader, message, reader.left)

    def _watch(self, window: Window, reader: Side) -> None:
        """Pass over a body without length on a connection that stays, up to the next response."""
        if self._dialogue.awaiting and is_start(SERVER, window.peek(16)):
            reader.state = HEAD
            self._abandon(reader)
        else:
            window.skip(len(window))

    # -- oddities ------------------------------------------------------------------------------------

    def _lose(self, side: int) -> None:
        """Give up knowing where messages begin, from here on."""
        reader = self._sides[side]
        reader.state = LOST
        reader.scanned, reader.roomy = 0, False
        reader.lost_from = self.windows[side].offset

    def _note(self, side: int, anomaly: Anomaly) -> None:
        window = self.windows[side]
        self.emit(CarrierAnomaly(side, window.frame, window.ts_ns, anomaly))
