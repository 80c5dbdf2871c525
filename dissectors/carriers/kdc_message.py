"""Kerberos messages to and from a KDC, told by their first bytes.

    AS-REQ 6a  AS-REP 6b  TGS-REQ 6c  TGS-REP 6d  KRB-ERROR 7e, then a SEQUENCE
    requests:  30 { a1 03 02 01 05  a2 03 02 01 msg-type ...     pvno 5
    the others: 30 { a0 03 02 01 05  a1 03 02 01 msg-type ...

Over TCP four octets of length come first, over UDP nothing.

Spec: RFC 4120 5.4, 5.9 and 7.2.
"""

from __future__ import annotations

from dissectors.carriers.base import CLIENT, SERVER
from dissectors.der import SEQUENCE
from dissectors.records import NamedTuple

SIDES = {0x6A: CLIENT, 0x6B: SERVER, 0x6C: CLIENT, 0x6D: SERVER, 0x7E: SERVER}
"""Who sends a message, by its tag."""
PREFIX = 4
HEAD = 6
"""Bytes of a message by which its length is known."""
CERTAIN = 24
"""Bytes of a message by which it is known for certain, if it is one."""
SHORTEST = 24  # no message is shorter

_OPENINGS = {
    tag: bytes((first, 3, 2, 1, 5, first + 1, 3, 2, 1, tag - 0x60))
    for tag, first in ((0x6A, 0xA1), (0x6B, 0xA0), (0x6C, 0xA1), (0x6D, 0xA0), (0x7E, 0xA0))
}
"""Version 5 and the message type, which is the tag's number."""


class Element(NamedTuple):
    """Where the content of a DER element begins, and where it ends."""

    start: int
    stop: int


def element_at(data: bytes | bytearray, at: int) -> Element | None:
    """Read the length octets of the element at `at`; None if they are cut or say no length."""
    if at + 2 > len(data):
        return None
    length, start = data[at + 1], at + 2
    if length > 0x7F:
        count = length & 0x7F
        if not 1 <= count <= 4 or start + count > len(data):
            return None
        length = int.from_bytes(data[start : start + count])
        start += count
    return Element(start, start + length)


def message_size(data: bytes | bytearray, at: int = 0) -> int | None:
    """Length that the message at `at` says it has; None if it is none, or cut before that is told."""
    if at >= len(data) or data[at] not in SIDES:
        return None
    outer = element_at(data, at)
    if outer is None or (outer.start < len(data) and data[outer.start] != SEQUENCE):
        return None
    size = outer.stop - at
    return size if size >= SHORTEST else None


def starts_so(head: bytes) -> bool:
    """Whether a message may begin with these eight octets: as much of `sender` as they allow."""
    size = message_size(head)
    if size is None or head[1] > 0x83:
        return size is not None
    at = 2 if head[1] < 0x80 else 2 + (head[1] & 0x7F)
    inner = element_at(head, at)
    return inner is None or inner.stop == size


def sender(data: bytes | bytearray, at: int = 0) -> int | None:
    """Side that sends the message at `at`; None if it is none for certain."""
    if at >= len(data) or data[at] not in SIDES:
        return None
    outer = element_at(data, at)
    if outer is None or outer.start >= len(data) or data[outer.start] != SEQUENCE:
        return None
    inner = element_at(data, outer.start)
    if inner is None or inner.stop != outer.stop or outer.stop - at < SHORTEST:
        return None
    return SIDES[data[at]] if data.startswith(_OPENINGS[data[at]], inner.start) else None


def prefixed_sender(data: bytes | bytearray) -> int | None:
    """Side that sends the message that a length in front of it announces; None if there is none."""
    size = message_size(data, PREFIX)
    if size is None or int.from_bytes(data[:PREFIX]) != size:
        return None
    return sender(data, PREFIX)
