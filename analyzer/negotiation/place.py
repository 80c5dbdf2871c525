"""From a byte range of a token back to the capture: stream offsets, and the frames that carried them.

Spec: RFC 4648 4 (base64: three bytes in four characters).
"""

from __future__ import annotations

from dissectors.carriers.base import CarrierMessage
from dissectors.carriers.window import frames_within
from dissectors.records import NamedTuple
from dissectors.span import Span

QUANTUM_BYTES, QUANTUM_CHARACTERS = 3, 4


class Located(NamedTuple):
    """Bytes of a token that lie together in the stream.

    `token`: these bytes, counted in the token. `side`: who sent them, 0 the stream's client, 1 its
    server. `stream`: where they lie in the bytes of that side, counted as `Consumer.deliver` does: from
    the first byte behind the SYN, or from the first one captured if the SYN is not there; over UDP, in
    the datagram. `frames`: those that carried them. `base64`: they lie there as base64 characters, and
    `stream` holds every quantum of four that has a part in them. A quantum that is cut in two, as by a
    folded line, is in both entries, and so are its bytes.
    """

    token: Span
    side: int
    stream: Span
    frames: tuple[int, ...]
    base64: bool


def locate(message: CarrierMessage, span: Span) -> tuple[Located, ...]:
    """Where the token's bytes `span` lie: an entry for each contiguous run of the stream, in token order.

    Bytes that the token does not have lie nowhere; nor does a token whose place is not known.
    """
    whole = message.token_span
    if whole is None or message.token is None:
        return ()
    start, end = max(span.start, 0), min(span.end, len(message.token))
    if start >= end:
        return ()
    base64 = message.base64
    bytes_per, units_per = (QUANTUM_BYTES, QUANTUM_CHARACTERS) if base64 else (1, 1)
    first, last = start // bytes_per * units_per, -(-end // bytes_per) * units_per
    found = []
    before = 0  # bytes, or characters, in the runs before this one
    for run in message.runs or (whole,):
        low, high = max(first - before, 0), min(last - before, run.length)
        if low < high:
            held_from = (before + low) // units_per * bytes_per
            held_to = -(-(before + high) // units_per) * bytes_per
            token = Span(max(start, held_from), min(end, held_to))
            stream = Span(run.start + low, run.start + high)
            frames, _ = frames_within(message.frames, message.carried, *stream)
            found.append(Located(token, message.side, stream, frames, base64))
        before += run.length
    return tuple(found)
