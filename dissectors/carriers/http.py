"""HTTP/1.x as a carrier: what most segments hold, a whole header block, is read without a detour.

A segment that begins where the last message ended is read where it is: no copy, no marks, no look at
what may be missing. Everything else (header blocks in several segments, chunks, bodies without a length
or with a KDC's message, informational responses, pipelines, tunnels, odd bytes, lost borders) goes
through the window, as `HttpMessages` and what it builds on say.

Spec: RFC 9112 2-6, RFC 9110 15, RFC 4559.
"""

from __future__ import annotations

from dissectors.carriers.base import CLIENT
from dissectors.carriers.http_block import (
    Block,
    awaits_continue,
    request_body,
    response_body,
)
from dissectors.carriers.http_bodies import BODY, HEAD, Side
from dissectors.carriers.http_head import Request, Response
from dissectors.carriers.http_kdc import is_proxy_request
from dissectors.carriers.http_messages import FIELDS_LIMIT, HttpMessages
from dissectors.carriers.http_start import REQUEST_LINE, sender, status_line


class HttpCarrier(HttpMessages):
    """One connection that speaks HTTP/1.x."""

    name = "http"

    @classmethod
    def probe(cls, head: bytes) -> int | None:
        """Tell by a request line or a status line, on any port."""
        return sender(head)

    def receive(self, side: int, offset: int, data: bytes, frame: int, ts_ns: int) -> int:
        """Take a segment; see `Carrier.receive`."""
        window, reader = self.windows[side], self._sides[side]
        if not window.bypass(offset, frame, ts_ns):
            return super().receive(side, offset, data, frame, ts_ns)
        if reader.state == BODY:  # it was skipped
            reader.state = HEAD
            self._finish(reader, frame, ts_ns)
        done = 0
        if reader.state == HEAD:
            size = len(data)
            end = data.find(b"\r\n\r\n") + 2
            few = end < 2 * FIELDS_LIMIT or data.count(b"\n", 0, end) < FIELDS_LIMIT
            if end > 1 and few:  # no line of a plain head is shorter than two bytes
                if side == CLIENT:
                    done = self._whole_request(reader, offset, data[:end], size)
                else:
                    done = self._whole_response(reader, offset, data[:end], size)
            beyond = done - size
            if beyond >= 0:
                window.offset = offset + size
                window.skipping = beyond
                return beyond
        window.append(offset, data, frame, ts_ns)
        if done:
            window.skip(done)
        self.feed(side)
        return window.skipping

    def _whole_request(self, reader: Side, offset: int, head: bytes, size: int) -> int:
        """Take a plain request whose header block begins a segment of `size` bytes, as `_request` would.

        `head` lacks the empty line at its end. Return how many bytes are done with: more than there are
        if the body goes on, 0 if the request is not plain.
        """
        line = REQUEST_LINE.match(head)
        if line is None:
            return 0
        method, target, version = line.groups()
        window = self.windows[CLIENT]
        block = Block(head, offset, window, None, (window.frame,))
        length = request_body(block.size)
        if not block.plain:
            return 0
        if length and (length < 0 or awaits_continue(block) or is_proxy_request(method, target)):
            return 0
        dialogue = self._dialogue
        request = Request(block, (method, target, version), dialogue.asked + 1)
        frame = window.frame
        request.ts_ns = window.ts_ns
        self._tunnel = False
        done = len(head) + 2 + length
        goes_on = False
        if request.fields:
            request.frame, request.frames = frame, (frame,)
            goes_on = done > size
        told = not goes_on and dialogue.ask_whole(request, frame)
        if not told:
            self._ask(request, frame)
        if request.frames or self._exchanges.established:
            request.sealed = block.sealed
        if goes_on:
            reader.state, reader.message = BODY, request
        elif not told:
            dialogue.done(request)
        return done

    def _whole_response(self, reader: Side, offset: int, head: bytes, size: int) -> int:
        """Take a plain response in the same way, as `_response` would; it answers the only request."""
        line = status_line(head)
        window = self.windows[1 - CLIENT]
        dialogue = self._dialogue
        request = dialogue.sole(window.ts_ns)
        if line is None or line[1] < 200 or request is None or request.kdc:
            return 0
        code, method = line[1], request.method
        block = Block(head, offset, window, None, (window.frame,))
        length = response_body(block.size, code, method)
        if length < 0 or not block.plain or (method == b"CONNECT" and code < 300):
            return 0
        done = len(head) + 2 + length
        if request.awaits_little and not block.fields and not block.sealed:
            dialogue.answer_whole(request, None)
            return done
        response = Response(block, line)
        if response.fields or request.legs:
            response.frame, response.ts_ns = window.frame, window.ts_ns
            response.frames = (window.frame,)
            response.sealed = block.sealed
        elif self._exchanges.established:
            response.sealed = block.sealed
        if done > size and response.frames:
            request.answer = response
            reader.state, reader.message = BODY, response
        elif request.told:
            dialogue.answer_whole(request, response)
        else:
            request.answer = response
            dialogue.done(response)
        return done
