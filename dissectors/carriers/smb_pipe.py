"""DCE/RPC in the named pipes of SMB: where its authentication lies, told by the head of a PDU alone.

What is written to a pipe or read from it is a body like that of any file: it is skipped unread. Only its
first bytes are looked at, and they tell where the authentication trailer of a bind or its answer is.

Spec: MS-SMB2 2.2.20, 2.2.21, 2.2.31, 2.2.32, MS-CIFS 2.2.4.33.1, 2.2.4.42.2, 2.2.4.43.1,
C706 12.6.3.1 and 13.2.6.1 (common header, authentication trailer), MS-RPCE 2.2.2.11.
Not handled: what the trailer says; a PDU that does not begin with the body; the rest of one that is longer.
"""

from __future__ import annotations

from struct import Struct

from dissectors.span import Span

NEAR = 160
"""Bytes of a message within which the head of a PDU stands, wherever its body begins."""
WAITED_FOR = 8192
"""Bytes of the longest message whose `NEAR` bytes are waited for: fragments in pipes are shorter."""

_OFFSET_FIRST = Struct("<HI")
_OFFSET_ONE_BYTE = Struct("<BxI")
_OFFSET_LONG = Struct("<II")
_LENGTH_FIRST = Struct("<HH")

SMB2_BODIES = {
    (8 << 1 | 1): (66, _OFFSET_ONE_BYTE),  # READ response
    (9 << 1): (66, _OFFSET_FIRST),  # WRITE request
    (11 << 1): (88, _OFFSET_LONG),  # IOCTL request: its input
    (11 << 1 | 1): (96, _OFFSET_LONG),  # IOCTL response: its output
}
SMB1_BODIES = {
    (0x25 << 1): (55, _LENGTH_FIRST),  # TRANSACTION request
    (0x25 << 1 | 1): (45, _LENGTH_FIRST),  # TRANSACTION response
    (0x2E << 1 | 1): (43, _LENGTH_FIRST),  # READ_ANDX response
    (0x2F << 1): (53, _LENGTH_FIRST),  # WRITE_ANDX request
}
"""Where a message, by command and whether it answers, says where its body is and how long."""

_HEAD = Struct("<BBBxI")  # version, minor version, PDU type, data representation
_SIZES = (Struct(">HH"), Struct("<HH"))  # frag_length, auth_length: big-endian, little-endian
_SIZES_AT = 8
_WITH_TOKENS = frozenset(
    (11, 12, 14, 15, 16)
)  # bind, bind_ack, alter_context and its answer, auth3
_SHORTEST = 24  # common header and the trailer's own
_REPRESENTATIONS = frozenset((0x00, 0x10))  # IEEE, ASCII; integers big-endian or little-endian


def trailer(
    data: bytes | bytearray, start: int, ready: int, place: tuple[int, Struct]
) -> Span | None:
    """Range of the authentication value in the message at `start`, counted from its first byte, or None.

    `ready` bytes of the message are there. Of a PDU whose value is in the next message: all of the body.
    """
    at, pair = place
    if ready < at + pair.size:
        return None
    body, length = pair.unpack_from(data, start + at)
    if pair is _LENGTH_FIRST:
        body, length = length, body
    if body < at or length < _SHORTEST or body + _SIZES_AT + 4 > min(ready, NEAR):
        return None
    version, minor, kind, representation = _HEAD.unpack_from(data, start + body)
    if version != 5 or minor > 1 or kind not in _WITH_TOKENS:
        return None
    if representation not in _REPRESENTATIONS:
        return None
    whole, value = _SIZES[representation >> 4].unpack_from(data, start + body + _SIZES_AT)
    if not value or whole < value + _SHORTEST:
        return None
    end = body + length
    if whole - value < length:
        return Span(body + whole - value, min(body + whole, end))
    return Span(body, end)
