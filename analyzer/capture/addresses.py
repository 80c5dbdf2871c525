"""IP addresses as text, from the two halves in which packets are held."""

from __future__ import annotations

import socket
from functools import lru_cache

_IPV4_MAPPED = 0xFFFF


@lru_cache(maxsize=4096)
def address(high: int, low: int) -> str:
    """The text of a 128-bit address; dotted for IPv4 (::ffff:a.b.c.d)."""
    if high == 0 and low >> 32 == _IPV4_MAPPED:
        return socket.inet_ntop(socket.AF_INET, (low & 0xFFFF_FFFF).to_bytes(4, "big"))
    return socket.inet_ntop(socket.AF_INET6, (high << 64 | low).to_bytes(16, "big"))
