"""DER as the fast lane reads it: a glance at lengths, and nothing but well-formed elements.

Lengths are read here as in `der.Reader`, in place each time: a call would cost more than the reading.

Spec: X.690 8.1.3, 10.1.
"""

from __future__ import annotations

from functools import lru_cache


def inside(data: bytes, pos: int, end: int, tags: bytes) -> int:
    """Where the content begins of the last of nested elements with these `tags`.

    The first of them fills `[pos, end)`, each other one the content of that before. For well-formed DER
    only: everything else raises ValueError.
    """
    headers = _headers(tags, end - pos)
    if data.startswith(headers, pos):
        return pos + len(headers)
    raise ValueError


@lru_cache(maxsize=4096)
def _headers(tags: bytes, size: int) -> bytes:
    """Tags and lengths of nested elements that fill `size` octets: DER has one way to write them.

    Or none: a longer form of the length would have to stand for what the shorter one can.
    """
    headers = b""
    for tag in tags:
        if 2 <= size < 0x82:
            size -= 2
            length = bytes((size,))
        elif 0x83 <= size < 0x103:
            size -= 3
            length = bytes((0x81, size))
        elif 0x104 <= size < 0x10004:
            size -= 4
            length = b"\x82" + size.to_bytes(2)
        else:
            raise ValueError
        headers += bytes((tag,)) + length
    return headers


def element_end(data: bytes, pos: int) -> int:
    """Where the element at `pos` ends, which may be behind the end of `data`, if its length is in DER's form.

    Else it raises ValueError, or IndexError where `data` ends before.
    """
    length = data[pos + 1]
    if length < 0x80:
        return pos + 2 + length
    if length == 0x82 and data[pos + 2]:
        return pos + 4 + (data[pos + 2] << 8 | data[pos + 3])
    if length == 0x81 and data[pos + 2] > 0x7F:
        return pos + 3 + data[pos + 2]
    raise ValueError
