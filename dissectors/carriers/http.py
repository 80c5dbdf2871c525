"""HTTP/1.x as a carrier: message borders, and which response answers which request.

Each side is a small machine over its window: a header block, then a body that is skipped unread, then the
next header block. Requests wait in order for their responses; both are told only when their bodies are
over, because that is the frame a message belongs to. What the messages say is `http_exchange`'s business.

Spec: RFC 9112 2-9, RFC 9110 9.3.6 and 15, MS-N2HT 3.
"""

from __future__ import annotations

import re
from collections import deque

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER, Carrier, CarrierAnomaly, Cut, Emit, Window
from dissectors.carriers.http_exchange import Exchanges
from dissectors.carriers.http_head import (
    BROKEN,
    CHUNKED,
    UNTIL_CLOSE,
    Block,
    Message,
    Request,
    Response,
    awaits_continue,
    closes,
    request_body,
    request_line,
    response_body,
    status_line,
)
from dissectors.span import Span

HEADER_LIMIT = 65_536  # bytes of a header block without credentials
CREDENTIALS_LIMIT = 2 * 90_000  # what base64 of two tokens of the largest size may add to it
LINE_LIMIT = 16_384  # bytes of a start line
CHUNK_LINE_LIMIT = 4_096
FIELDS_LIMIT = 100  # header fields of a message, beyond which it is worth a note
PENDING_LIMIT = 256  # requests that await their response
FOREVER = 1 << 60  # bytes to skip where nothing more is of interest

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

_METHODS = (
    rb"GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|PATCH|CONNECT|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|"
    rb"UNLOCK|SEARCH|REPORT|SUBSCRIBE|POLL|RPC_IN_DATA|RPC_OUT_DATA|BITS_POST|CCM_POST|M-POST"
)
_BEGUN = re.compile(rb"(?:%s) (?:/|\*|https?:/|[A-Za-z0-9.\-\[])[^\x00-\x20\x7f]*\Z" % _METHODS)
_REQUEST = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32} [^\x00-\x20\x7f]+ HTTP/1\.[0-9]\r?\n")
_STATUS = re.compile(rb"HTTP/1\.[0-9] [1-5][0-9][0-9][ \r\n]")
_STARTS = {
    CLIENT: re.compile(rb"(?:\A|\n\r?\n)(?=%s)" % _REQUEST.pattern),
    SERVER: re.compile(rb"(?:\A|\n\r?\n)(?=%s)" % _STATUS.pattern),
}
_TLS = b"\x16\x03"
_HTTP2 = b"PRI * HTTP/2.0"


class Side:
    """Where the reading of one direction stands."""

    __slots__ = ("left", "lost_from", "message", "roomy", "scanned", "state")

    def __init__(self, state: int) -> None:
        self.state = state
        self.scanned = 0  # unread bytes in which the end of the header block was not found
        self.roomy = False  # the header block holds credentials and may be large
        self.message: Message | None = None  # whose body is being read, if anything is to be said of it
        self.left = 0  # body bytes of CONTINUE
        self.lost_from = -1  # stream offset where message borders were lost


class HttpCarrier(Carrier):
    """One connection that speaks HTTP/1.x."""

    name = "http"

    def __init__(self, emit: Emit, *, started_before: bool = False) -> None:
        super().__init__(emit, started_before=started_before)
        first = LOST if started_before else HEAD
        self._sides = (Side(first), Side(first))
        self._exchanges = Exchanges(emit)
        self._requests: deque[Request] = deque()  # in order; answered ones while a body is awaited
        self._early: deque[Response] = deque()  # captured before their requests
        self._requested = 0
        self._doubtful = started_before  # responses may answer requests that were not seen
        self._answers_lost = False  # some pending requests may have been answered inside a gap
        self._tunnel = False
        self._encrypted = False
        self._left: tuple[str, int, int] | None = None  # the client's FIN: how, frame, time

    @classmethod
    def probe(cls, head: bytes) -> int | None:
        """Tell by a request or status line; of a request line a known method and a target are enough."""
        if head.startswith(b"HTTP/1."):
            return SERVER if _STATUS.match(head) else None
        if _REQUEST.match(head) or (len(head) >= 8 and _BEGUN.match(head)):
            return CLIENT
        return None

    # -- reading ---------------------------------------------------------------------------------------

    def feed(self, side: int) -> None:
        """Read header blocks and skip bodies."""
        window = self.windows[side]
        reader = self._sides[side]
        while not window.skipping:
            state = reader.state
            if state == BODY:
                self._finish(reader, window.frame, window.ts_ns)
                reader.state = HEAD
            elif state == OPAQUE or state == CLOSE:
                window.skip(FOREVER)
            elif not len(window):
                return
            elif state == HEAD:
                if not self._read_head(side, window, reader):
                    return
            elif state == CHUNK:
                if not self._read_chunk(side, window, reader):
                    return
            elif state == TRAILER:
                if not self._read_trailer(side, window, reader):
                    return
            elif state == CONTINUE:
                self._read_expected(window, reader)
            elif state == WATCH:
                self._watch(window, reader)
            elif not self._resync(side, window, reader):
                return

    def _read_head(self, side: int, window: Window, reader: Side) -> bool:
        """Read a header block if it is whole; otherwise make sure that it may become one."""
        begin = window.peek(2)
        if begin[0] in b"\r\n":  # RFC 9112 2.2: empty lines before a request line
            window.skip(1)
            return True
        if begin == _TLS:
            self._turn_opaque(side, window, "TLS")
            return True
        at = max(reader.scanned - 3, 0)
        length = len(window)
        end = window.find(b"\r\n\r\n", length, at) + 4
        bare = window.find(b"\n\n", end or length, at) + 2
        if bare > 1 or end < 4:
            end = bare if bare > 1 else -1
        if end < 0:
            reader.scanned = length
            return self._may_wait(side, window, reader, length)
        reader.scanned = 0
        reader.roomy = False
        return self._take_head(side, window, reader, end)

    def _may_wait(self, side: int, window: Window, reader: Side, length: int) -> bool:
        """Decide about a header block that has no end yet: wait (False), or give it up (True)."""
        line_end = window.find(b"\n", LINE_LIMIT)
        if line_end < 0:
            head = window.peek(64)
            known = _HTTP2.startswith(head[:14]) or (
                b"HTTP/1.1 ".startswith(head[:5]) if side == SERVER else head[0] > 0x20
            )
            if known and length <= LINE_LIMIT:
                return False
            return self._lose(side, window, reader)
        line = window.peek(line_end + 1)
        if (status_line(line) if side == SERVER else request_line(line)) is None:
            return self._not_http(side, window, reader, line)
        if length > HEADER_LIMIT and not reader.roomy:
            lower = window.peek(HEADER_LIMIT).lower()
            reader.roomy = b"authoriz" in lower or b"authenticat" in lower
        if length > HEADER_LIMIT + (CREDENTIALS_LIMIT if reader.roomy else 0):
            span = Span(window.offset, window.offset + length)
            self._note(side, Anomaly("limit-message-size", span, "header block"))
            return self._lose(side, window, reader)
        return False

    def _take_head(self, side: int, window: Window, reader: Side, end: int) -> bool:
        block = Block(window.peek(end), window.offset, window)
        if side == CLIENT:
            request = request_line(block.data)
            if request is None:
                return self._not_http(side, window, reader, block.data)
            self._request(reader, Request(block, request, self._requested + 1), block)
        else:
            status = status_line(block.data)
            if status is None:
                return self._not_http(side, window, reader, block.data)
            self._response(reader, Response(block, status), block)
        return True

    def _request(self, reader: Side, request: Request, block: Block) -> None:
        window = block.window
        self._requested += 1
        if request.fields or self._doubtful or self._answers_lost or self._early:
            request.place(block)
        lower = block.lower
        if lower.count(b"\n") > FIELDS_LIMIT:
            self._note(CLIENT, Anomaly("limit-count", Span(block.start, block.end), "header fields"))
        length = request_body(lower)
        window.skip(block.end - block.start)
        self._enqueue(request)
        if length == 0:
            reader.state = HEAD
            self._done(request)
        elif length > 0 and awaits_continue(lower):
            reader.message, reader.left, reader.state = request, length, CONTINUE
        else:
            self._begin_body(CLIENT, reader, request, length, block)

    def _response(self, reader: Side, response: Response, block: Block) -> None:
        window = block.window
        code = response.code
        if code < 200 and code != 101:
            window.skip(block.end - block.start)  # 100 Continue and the like answer nothing
            return
        request = self._request_of(response, window.ts_at(block.start))
        if response.fields or (request is not None and request.legs) or request is None:
            response.place(block)
        lower = block.lower
        if lower.count(b"\n") > FIELDS_LIMIT:
            self._note(SERVER, Anomaly("limit-count", Span(block.start, block.end), "header fields"))
        method = request.method if request is not None else b"GET"
        window.skip(block.end - block.start)
        if code == 101 or (method == b"CONNECT" and 200 <= code < 300):
            reader.state = HEAD
            self._done(response)
            self._switch(code)
            return
        length = response_body(lower, code, method)
        if length == UNTIL_CLOSE:
            reader.message = response if response.frames else None
            reader.state = CLOSE if closes(lower, response.version) else WATCH
            if reader.message is None:
                self._done(response)
        elif length == 0:
            reader.state = HEAD
            self._done(response)
        else:
            self._begin_body(SERVER, reader, response, length, block)
