"""Where HTTP/1.x messages begin and end.

Each side is a small machine over its window: a header block, then a body that is skipped unread, and so
on. Where a border is lost, the next one is looked for at the start of a segment or behind an empty line.

Spec: RFC 9112 2-9, RFC 9110 10.1.1.
"""

from __future__ import annotations

import re

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import CLIENT, SERVER
from dissectors.carriers.http_block import Block
from dissectors.carriers.http_bodies import (
    BODY,
    CHUNK,
    CLOSE,
    CONTINUE,
    HEAD,
    KDC_BODY,
    KDC_CHUNK,
    OPAQUE,
    TRAILER,
    WATCH,
    HttpBodies,
    Side,
)
from dissectors.carriers.http_start import (
    HTTP2_PREFACE,
    LINE_LIMIT,
    TLS,
    find_border,
    may_begin,
    request_line,
    status_line,
)
from dissectors.carriers.window import Window
from dissectors.span import Span

HEADER_LIMIT = 65_536  # bytes of a header block without credentials
CREDENTIALS_LIMIT = 2 * 90_000  # what base64 of two tokens of the largest size may add to it
FOREVER = 1 << 60  # bytes to skip where nothing more is of interest

_EMPTY_LINES = re.compile(rb"[\r\n]+")
_HEAD_END = re.compile(rb"\n\r?\n")


class HttpFraming(HttpBodies):
    """The two sides of one connection; what a header block means is for the subclass to say."""

    def _take_head(self, side: int, reader: Side, block: Block) -> bool:
        """Read a whole header block and set the reader up for its body; False if it is none."""
        raise NotImplementedError

    # -- reading ----------------------------------------------------------------------------------

    def feed(self, side: int) -> None:
        """Read header blocks and skip bodies."""
        window = self.windows[side]
        reader = self._sides[side]
        while not window.skipping:
            state = reader.state
            if state == BODY:
                self._finish(reader, window.frame, window.ts_ns)
                reader.state = HEAD
            elif state in (OPAQUE, CLOSE):
                window.skip(FOREVER)
            elif len(window.data) == window.position:
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
            elif state == KDC_BODY:
                if not self._read_kdc_body(side, window, reader):
                    return
            elif state == KDC_CHUNK:
                self._read_kdc_chunk(window, reader)
            elif not self._resync(side, window, reader):
                return

    def _read_head(self, side: int, window: Window, reader: Side) -> bool:
        """Read a header block if it is whole; otherwise make sure that it may become one."""
        first = window.data[window.position]
        if first in b"\r\n":  # RFC 9112 2.2: empty lines before a request line
            empty = _EMPTY_LINES.match(window.data, window.position)
            assert empty is not None
            window.skip(empty.end() - window.position)
            return True
        if first == TLS[0] and window.peek(2) == TLS:
            self._turn_opaque(side, window, encrypted=True)
            return True
        end = _HEAD_END.search(window.data, window.position + max(reader.scanned - 2, 0))
        if end is None:
            reader.scanned = len(window)
            return self._may_wait(side, window, reader, reader.scanned)
        reader.scanned = 0
        reader.roomy = False
        block = Block(window.peek(end.end() - window.position), window.offset, window)
        return self._take_head(side, reader, block) or self._not_http(side, window, block.data)

    def _may_wait(self, side: int, window: Window, reader: Side, length: int) -> bool:
        """Decide about a header block that has no end yet: wait (False), or give it up (True)."""
        line_end = window.find(b"\n", LINE_LIMIT)
        if line_end < 0:
            head = window.peek(9)
            text = b"HTTP/1.".startswith(head[:7]) if side == SERVER else head[0] > 0x20
            possible = (text and length <= LINE_LIMIT) or head == TLS[:1]
            return False if possible else self._not_http(side, window, head)
        line = window.peek(line_end + 1)
        if (status_line(line) if side == SERVER else request_line(line)) is None:
            return self._not_http(side, window, line)
        if length > HEADER_LIMIT and not reader.roomy:
            lower = window.peek(HEADER_LIMIT).lower()
            reader.roomy = b"authoriz" in lower or b"authenticat" in lower
        if length > HEADER_LIMIT + (CREDENTIALS_LIMIT if reader.roomy else 0):
            span = Span(window.offset, window.offset + length)
            self._note(side, Anomaly("limit-message-size", span, "header block"))
            self._lose(side)
            window.skip(length)
            return True
        return False

    # -- lost borders -----------------------------------------------------------------------------

    def _not_http(self, side: int, window: Window, line: bytes) -> bool:
        """Decide what something else means that stands where a message should start."""
        if line.startswith(HTTP2_PREFACE):
            self._sides[CLIENT].state = self._sides[SERVER].state = OPAQUE
        elif self._tunnel:
            self._turn_opaque(side, window)
        else:
            self._lose(side)
            window.skip(1)  # or the same start would be found again
        return True

    def _turn_opaque(self, side: int, window: Window, *, encrypted: bool = False) -> None:
        self._sides[side].state = OPAQUE
        if encrypted and not self._encrypted:
            self._encrypted = True
            span = Span(window.offset, window.offset + len(window))
            self._note(side, Anomaly("encrypted", span, "TLS"))

    def _resync(self, side: int, window: Window, reader: Side) -> bool:
        """Look for the next start line at the start of a segment or behind an empty line."""
        if reader.lost_from < 0:
            reader.lost_from = window.offset
        data = window.peek(len(window))
        border = find_border(side, data)
        if border >= 0:
            window.skip(border)
            self._note_lost(side, window.offset)
            reader.state = HEAD
            return True
        if not may_begin(side, data):
            window.skip(len(data))
        return False

    def _note_lost(self, side: int, end: int) -> None:
        reader = self._sides[side]
        if 0 <= reader.lost_from < end:
            self._note(side, Anomaly("desync", Span(reader.lost_from, end), "no start line here"))
        reader.lost_from = -1
