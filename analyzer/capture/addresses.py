"""IP addresses as text, from the two halves in which packets are held."""

from __future__ import annotations

from functools import lru_cache

_IPV4_MAPPED = 0xFFFF


@lru_cache(maxsize=4096)
def address(high: int, low: int) -> str:
    """The text of a 128-bit address; dotted for IPv4 (::ffff:a.b.c.d)."""
    if high == 0 and low >> 32 == _IPV4_MAPPED:
        return ".".join(map(str, (low & 0xFFFF_FFFF).to_bytes(4)))
    from socket import AF_INET6, inet_ntop  # noqa: PLC0415 - slow to import; IPv4 goes without

    return inet_ntop(AF_INET6, high.to_bytes(8) + low.to_bytes(8))
