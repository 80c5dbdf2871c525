"""DER as the fast lane reads it: a glance at lengths, and nothing but well-formed elements.

Lengths are read here as in `der.Reader`, in place each time: a call would cost more than the reading.

Spec: X.690 8.1.3, 10.1.
"""

from __future__ import annotations


def inside(data: bytes, pos: int, end: int, tags: bytes) -> int:
    """Where the content begins of the last of nested elements with these `tags`.

    The first of them fills `[pos, end)`, each other one the content of that before. For well-formed DER
    only: everything else raises ValueError, or IndexError where `data` ends.
    """
    for tag in tags:
        if data[pos] != tag:
            raise ValueError
        length = data[pos + 1]
        pos += 2
        if length > 0x7F:
            if length == 0x82 and data[pos]:
                length = data[pos] << 8 | data[pos + 1]
                pos += 2
            elif length == 0x81 and data[pos] > 0x7F:
                length = data[pos]
                pos += 1
            else:
                raise ValueError
        if pos + length != end:
            raise ValueError
    return pos


def element_end(data: bytes, pos: int) -> int:
    """Where the element at `pos` ends, if its length is in DER's form; else as `inside`.

    That may be behind the end of `data`.
    """
    length = data[pos + 1]
    if length < 0x80:
        return pos + 2 + length
    if length == 0x82 and data[pos + 2]:
        return pos + 4 + (data[pos + 2] << 8 | data[pos + 3])
    if length == 0x81 and data[pos + 2] > 0x7F:
        return pos + 3 + data[pos + 2]
    raise ValueError
