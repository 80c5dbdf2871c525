"""What the content octets of a DER element say: numbers, names, bits, text.

Spec: X.690 8.3 (INTEGER), 8.6 (BIT STRING), 8.19 (OBJECT IDENTIFIER), 8.23 (strings).
"""

from __future__ import annotations

from functools import lru_cache

OID_LIMIT = 64
"""Largest object identifier read, in octets."""
INTEGER_LIMIT = 8
"""Largest INTEGER or ENUMERATED read, in octets."""


@lru_cache(maxsize=1024)
def oid_text(value: bytes) -> str | None:
    """Dotted text of an object identifier's content; None if it is empty, padded or unfinished."""
    if not value or len(value) > OID_LIMIT or value[-1] & 0x80:
        return None
    arcs: list[int] = []
    arc = 0
    for octet in value:
        if octet == 0x80 and arc == 0:
            return None
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:])))


def integer(value: bytes) -> int | None:
    """Value of an INTEGER's or ENUMERATED's content; None if it is empty or beyond all sense."""
    if 0 < len(value) <= INTEGER_LIMIT:
        return int.from_bytes(value, signed=True)
    return None


@lru_cache(maxsize=256)
def set_bits(value: bytes) -> tuple[int, ...] | None:
    """Numbers of the bits set in a BIT STRING's content, of its first 32; bit 0 leads."""
    if not value or value[0] > 7 or (len(value) == 1 and value[0]):
        return None
    bits = int.from_bytes(value[1:5].ljust(4, b"\0"))
    used = min(8 * (len(value) - 1) - value[0], 32)
    return tuple(bit for bit in range(used) if bits >> 31 - bit & 1)


def string_text(value: bytes) -> str:
    r"""Text of a GeneralString, UTF8String or time; octets that are no UTF-8 become `\xNN`."""
    return value.decode("utf-8", "backslashreplace")
