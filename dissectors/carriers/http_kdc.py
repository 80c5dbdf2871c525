"""The KDC proxy: Kerberos messages in the bodies of HTTP requests and responses.

    POST /KdcProxy    30 { a0 { 04 kerb-message }  a1 { 1b target-domain }?  a2 { 02 dclocator-hint }? }
    200 OK            30 { a0 { 04 kerb-message } }
    503 and others    no message: the proxy has no answer of a KDC
    kerb-message      four octets of length, as over TCP, and the message

It mostly goes through TLS, which must have been taken off before.

Spec: MS-KKDCP 2.1, 2.2.2, 3.1.5.3.
Not handled: password changes through the proxy.
"""

from __future__ import annotations

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import SERVER, TOKEN_LIMIT, CarrierMessage
from dissectors.carriers.http_block import CHUNKED, UNTIL_CLOSE, Block, response_body
from dissectors.carriers.kdc_message import PREFIX, SIDES, element_at, message_size
from dissectors.carriers.window import Carried, Cut
from dissectors.der import OCTET_STRING, SEQUENCE
from dissectors.records import NamedTuple
from dissectors.span import Span
from dissectors.status import Status, Verdict

BODY_LIMIT = 131_072
"""Bytes of a body that is read; larger ones are passed over."""
HEAD = 6
"""Bytes of a body by which its own length is known."""
MEDIA_TYPE = b"application/kerberos"
FINE = 200
"""The only status under which a proxy hands a message of the KDC on."""
REDIRECTED = 300
"""First status of those that say that the request was not done."""

_PATH = b"/kdcproxy"
_MESSAGE = 0xA0


class Body(NamedTuple):
    """A body, or as much of it as there is; see `CarrierMessage` and `Cut`."""

    start: int  # stream offset
    data: bytes
    frames: tuple[int, ...]
    frame: int
    ts_ns: int
    carried: Carried = ()
    code: str | None = None  # of the anomaly that says why the rest is not there
    runs: tuple[Span, ...] = ()  # of the stream, where it lies in several; (): all behind `start`


def cut_body(cut: Cut) -> Body:
    """The beginning of a body whose rest is lost."""
    return Body(cut.offset, cut.data, cut.frames, cut.frames[-1], cut.ts_ns, cut.marks, cut.code)


def is_proxy_request(method: bytes, target: bytes) -> bool:
    """Tell by the request line whether its body is for a KDC proxy."""
    return method == b"POST" and target.partition(b"?")[0].lower().endswith(_PATH)


def may_hold_message(block: Block, code: int) -> bool:
    """Tell by the header block whether a message of the KDC may follow in a body that is read."""
    length = response_body(block.size, code, b"POST")
    return code == FINE and (length in {CHUNKED, UNTIL_CLOSE} or 0 < length <= BODY_LIMIT)


def body_size(head: bytes) -> int:
    """Length of a body by its own first octets, where HTTP does not tell; 0 if it is none to be read."""
    element = element_at(head, 0) if head[:1] == bytes((SEQUENCE,)) else None
    return 0 if element is None or element.stop > BODY_LIMIT else element.stop


def kdc_message(side: int, body: Body) -> CarrierMessage | Anomaly | None:
    """The message in a body; None if it is none for or from a KDC, an anomaly if nothing can be read."""
    found = _kerb_message(body.data)
    if found is None:
        whole = Span(body.start, body.start + len(body.data))
        return Anomaly("malformed-message", whole, "no KDC-PROXY-MESSAGE")
    at, stop = found
    token = body.data[at : min(stop, at + TOKEN_LIMIT)]
    if len(token) < HEAD or SIDES.get(token[0]) != side or message_size(token) is None:
        return None
    runs = _within(body, at, at + len(token))
    place = Span(runs[0].start, runs[-1].end)
    message = CarrierMessage("kdc", side, None, body.frame, body.frames, body.ts_ns, token, place)
    message.carried = body.carried
    message.runs = runs if len(runs) > 1 else ()
    message.context["transport"] = "kkdcp"
    if body.code is not None and len(token) < min(stop - at, TOKEN_LIMIT):
        have = f"{len(token)} of {stop - at} bytes are there"
        message.anomalies = (Anomaly(body.code, Span(len(token), stop - at), have),)
    elif stop - at > TOKEN_LIMIT:
        detail = f"{stop - at} bytes cut at {TOKEN_LIMIT}"
        message.anomalies = (Anomaly("limit-token-size", Span(0, stop - at), detail),)
    return message


def proxy_said(
    request_frame: int, code: int, reason: str, frames: tuple[int, ...], place: tuple[int, int]
) -> CarrierMessage:
    """The status under which, at `place` (frame, ns), no message of a KDC came back (3.1.5.3)."""
    verdict: Verdict = "success" if code < REDIRECTED else "failure"
    message = CarrierMessage("kdc", SERVER, None, place[0], frames, place[1])
    message.status = Status(verdict, code, str(code), "http", reason)
    message.context = {"transport": "kkdcp", "request_frame": request_frame}
    return message


def _within(body: Body, start: int, end: int) -> tuple[Span, ...]:
    """Stretches of the stream that hold bytes `[start, end)` of a body."""
    found: list[Span] = []
    begin = 0  # where the run's bytes begin in the body
    for run in body.runs or (Span(body.start, body.start + len(body.data)),):
        first, last = max(start - begin, 0), min(end - begin, run.end - run.start)
        if first < last:
            found.append(Span(run.start + first, run.start + last))
        begin += run.end - run.start
    return tuple(found)


def _kerb_message(body: bytes) -> tuple[int, int] | None:
    """Where the message lies in a body, which may be cut; the length in front of it is left out."""
    at = 0
    for tag in (SEQUENCE, _MESSAGE, OCTET_STRING):
        element = element_at(body, at) if body[at : at + 1] == bytes((tag,)) else None
        if element is None:
            return None
        at, stop = element
    if body[at : at + 1] == b"\0":
        at += PREFIX
    return (at, stop) if stop > at else None
