"""The KDC proxy: Kerberos messages in the bodies of HTTP requests and responses.

    POST /KdcProxy    30 { a0 { 04 kerb-message }  a1 { 1b target-domain }?  a2 { 02 dclocator-hint }? }
    200 OK            30 { a0 { 04 kerb-message } }
    kerb-message      four octets of length, as over TCP, and the message

It mostly goes through TLS, which must have been taken off before.

Spec: MS-KKDCP 2.1, 2.2.2.
Not handled: chunked bodies, which are passed over; password changes through the proxy.
"""

from __future__ import annotations

from typing import NamedTuple

from dissectors.anomaly import Anomaly
from dissectors.carriers.base import SERVER, TOKEN_LIMIT, CarrierMessage
from dissectors.carriers.http_block import CHUNKED, UNTIL_CLOSE, Block, response_body
from dissectors.carriers.kdc_message import PREFIX, SIDES, element_at, message_size
from dissectors.carriers.window import Carried, Cut
from dissectors.der import OCTET_STRING, SEQUENCE
from dissectors.span import Span
from dissectors.status import Status

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


def cut_body(cut: Cut) -> Body:
    """The beginning of a body whose rest is lost."""
    return Body(cut.offset, cut.data, cut.frames, cut.frames[-1], cut.ts_ns, cut.marks, cut.code)


def is_proxy_request(method: bytes, target: bytes) -> bool:
    """Tell by the request line whether its body is for a KDC proxy."""
    return method == b"POST" and target.partition(b"?")[0].lower().endswith(_PATH)


def may_hold_message(block: Block, code: int) -> bool:
    """Tell by the header block whether a message of the KDC may follow in a body that is read."""
    length = response_body(block, code, b"POST")
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
    place = Span(body.start + at, body.start + at + len(token))
    message = CarrierMessage("kdc", side, None, body.frame, body.frames, body.ts_ns, token, place)
    message.carried = body.carried
    message.context["transport"] = "kkdcp"
    if body.code is not None:
        have = f"{len(token)} of {stop - at} bytes are there"
        message.anomalies = (Anomaly(body.code, Span(len(token), stop - at), have),)
    elif stop - at > TOKEN_LIMIT:
        detail = f"{stop - at} bytes cut at {TOKEN_LIMIT}"
        message.anomalies = (Anomaly("limit-token-size", Span(0, stop - at), detail),)
    return message


def proxy_status(code: int, place: tuple[int, int]) -> CarrierMessage:
    """The status under which, at `place` (frame, ns), no message of a KDC came back."""
    frame, ts_ns = place
    message = CarrierMessage("kdc", SERVER, None, frame, (frame,), ts_ns)
    message.status = Status("success" if code < REDIRECTED else "failure", code, str(code), "http")
    message.context["transport"] = "kkdcp"
    return message


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
