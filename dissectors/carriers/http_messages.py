"""Requests and responses of HTTP/1.x, and what becomes of them when bytes are missing.

The bytes are read in `http_framing`. Which response answers which request is the business of
`http_dialogue`, what they say about authentication that of `http_exchange`.

Spec: RFC 9112 3-6 and 9, RFC 9110 9.3.6 and 15, RFC 2817 3.3, RFC 4559.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER, Emit
from dissectors.carriers.http_auth import text_of
from dissectors.carriers.http_block import (
    UNTIL_CLOSE,
    Block,
    awaits_continue,
    ended_by,
    request_body,
    response_body,
)
from dissectors.carriers.http_bodies import (
    CLOSE,
    CONTINUE,
    HEAD,
    KDC_BODY,
    LOST,
    OPAQUE,
    WATCH,
    Side,
)
from dissectors.carriers.http_dialogue import PENDING_LIMIT
from dissectors.carriers.http_framing import HttpFraming
from dissectors.carriers.http_head import Request, Response
from dissectors.carriers.http_kdc import (
    MEDIA_TYPE,
    cut_body,
    is_proxy_request,
    may_hold_message,
    proxy_said,
)
from dissectors.carriers.http_start import request_line, status_line
from dissectors.carriers.window import Cut, end_code
from dissectors.span import Span

FIELDS_LIMIT = 100  # header fields of a message, beyond which it is worth a note


class HttpMessages(HttpFraming):
    """The messages of one connection; `HttpCarrier` is the whole of it."""

    def __init__(self, emit: Emit, *, started_before: bool = False) -> None:
        super().__init__(emit, started_before=started_before)
        self._left: tuple[str, int, int] | None = None  # the client's FIN: how, frame, time

    # -- messages ---------------------------------------------------------------------------------

    def _take_head(self, side: int, reader: Side, block: Block) -> bool:
        if side == CLIENT:
            request = request_line(block.data)
            if request is None:
                return False
            self._request(reader, Request(block, request, self._dialogue.asked + 1), block)
        else:
            status = status_line(block.data)
            if status is None:
                return False
            self._response(reader, Response(block, status), block)
        if block.data.count(b"\n") > FIELDS_LIMIT:
            span = Span(block.start, block.end)
            self._note(side, Anomaly("limit-count", span, f"more than {FIELDS_LIMIT} fields"))
        return True

    def _request(self, reader: Side, request: Request, block: Block) -> None:
        window = block.window
        self._tunnel = False
        request.ts_ns = window.ts_ns
        if request.fields:
            request.place(block)
        length = request_body(block.size)
        # what asks nothing (no body) asks no KDC, and is answered nothing by one
        request.kdc = length != 0 and is_proxy_request(request.method, request.target)
        window.skip(block.end - block.start)
        self._ask(request, window.frame)
        if request.fields or self._exchanges.established:
            request.sealed = block.sealed
        if length > 0 and awaits_continue(block):
            reader.message, reader.left, reader.state = request, length, CONTINUE
        else:
            self._begin_body(CLIENT, reader, request, length)

    def _response(self, reader: Side, response: Response, block: Block) -> None:
        window = block.window
        code = response.code
        if code < 200 and code != 101:
            window.skip(block.end - block.start)  # 100 Continue and the like answer nothing
            return
        request = self._dialogue.answer(response, window.place(block.start)[1])
        if response.fields or request is None or request.legs or response.held:
            response.place(block)
        if response.frames or self._exchanges.established:
            response.sealed = block.sealed
        if request is not None and request.asked_in is not None and not response.held:
            if may_hold_message(block, code):
                response.asked_in = request.asked_in
            else:
                frames, place = window.frames(block.start, block.end), window.place(block.end - 1)
                reason = text_of(response.reason)
                self.emit(proxy_said(request.asked_in, code, reason, frames, place))
        if code == 200:
            if request is None:
                response.kdc = block.media_type.startswith(MEDIA_TYPE)
            else:
                response.kdc = request.kdc
        method = request.method if request is not None else b"GET"
        window.skip(block.end - block.start)
        if code == 101:
            self._dialogue.done(response)
            self._sides[CLIENT].state = OPAQUE
            self._turn_opaque(SERVER, window, encrypted=response.to_tls)
        elif method == b"CONNECT" and 200 <= code < 300:
            self._tunnel = True  # to what? Often it is HTTP again, now with the origin server
            self._dialogue.done(response)
        else:
            length = response_body(block.size, code, method)
            if length != UNTIL_CLOSE:
                self._begin_body(SERVER, reader, response, length)
                return
            reader.state = WATCH if ended_by(block, response.version) is None else CLOSE
            if response.kdc:
                self._begin_kdc_body(reader, response, UNTIL_CLOSE)
            elif response.frames:
                reader.message = response
            else:
                self._dialogue.done(response)

    # -- what is lost, and the end ----------------------------------------------------------------

    def gap(self, side: int, length: int, frame: int, ts_ns: int) -> None:  # noqa: ARG002
        """Tell what was read of the message in which the gap lies, and look for the next one."""
        window = self.windows[side]
        reader = self._sides[side]
        cut, window.cut = window.cut, None
        if reader.state in {CLOSE, OPAQUE}:
            return
        if reader.state == CONTINUE and length < reader.left and reader.message is not None:
            message, reader.message = reader.message, None
            self._begin_body(side, reader, message, reader.left - length)
            return
        if reader.state == HEAD and cut is not None:
            self._take_cut(side, cut)
        if reader.state == KDC_BODY and self._kdc_body_torn(side, reader, length, cut):
            return
        self._tell_chunks(side, reader, window.loss)
        if reader.state != WATCH:
            self._abandon(reader)
            self._lose(side)
        if side == SERVER:
            self._dialogue.lost_answers()
        else:
            self._dialogue.lost_requests(same_packet=window.loss == "snaplen")

    def _take_cut(self, side: int, cut: Cut) -> None:
        """Read the beginning of a header block whose end is not in the capture."""
        block = Block(cut.data, cut.offset, self.windows[side], cut)
        if side == CLIENT:
            line = request_line(cut.data)
            if line is not None and b"\n" in cut.data:
                request = Request(block, line, self._dialogue.asked + 1)
                request.place(block)
                self._ask(request, request.frame)
                self._dialogue.done(request)
            return
        status = status_line(cut.data)
        if status is not None and status[1] >= 200:
            response = Response(block, status)
            response.place(block)
            self._dialogue.answer(response, cut.ts_ns)
            self._dialogue.done(response)

    def _ask(self, request: Request, frame: int) -> None:
        if not self._dialogue.ask(request, frame):
            detail = f"more than {PENDING_LIMIT} requests without an answer"
            self._note(CLIENT, Anomaly("limit-count", Span(0, 0), detail))

    def end(self, side: int | None, how: str, frame: int, ts_ns: int) -> None:
        """Tell what still waits; a FIN of the client leaves the server its say."""
        client, server = self._sides
        if side == CLIENT and how == "fin":
            self._close_side(CLIENT, client, how)
            if self._left is None:
                self._left = (how, frame, ts_ns)
            return
        if side == SERVER and how == "fin" and server.state in {CLOSE, WATCH}:
            self._finish(server, frame, ts_ns)
        self._close_side(SERVER, server, how)
        if how == "fin":
            self._abandon(client)
        else:
            self._close_side(CLIENT, client, how)
        if side is None or how == "rst":  # else requests may still turn up behind a hole
            self._dialogue.over()
        if self._left is not None and (side is not None or self.windows[SERVER].offset):
            self._dialogue.closed(CLIENT, *self._left)
        elif side is not None:
            self._dialogue.closed(side, how, frame, ts_ns)

    def _close_side(self, side: int, reader: Side, how: str) -> None:
        """Tell what was read of the message in which a side ends."""
        window = self.windows[side]
        length = len(window)
        if reader.state == HEAD and not length:
            reader.scanned = 0
            return
        if reader.state == KDC_BODY and length:
            self._tell_kdc(side, reader, cut_body(window.take_cut(how)))
        elif reader.state == KDC_BODY and reader.left == UNTIL_CLOSE and how == "fin":
            self._tell_unread(reader, (window.frame,), (window.frame, window.ts_ns))
        self._tell_chunks(side, reader, end_code(how))
        self._abandon(reader)
        reader.scanned = 0
        if reader.state == HEAD and length:
            self._take_cut(side, window.take_cut(how))
        elif reader.state == LOST:
            self._note_lost(side, window.offset + length)
