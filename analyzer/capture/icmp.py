"""ICMP errors that tell of a packet which did not arrive: whose it was, where to, and why not.

Spec: RFC 792 (destination unreachable), RFC 1812 5.2.7.1, RFC 4443 3.1.
Not handled: errors of other kinds; extension headers other than a fragment's in a quoted IPv6 packet.
"""

from __future__ import annotations

from struct import Struct

from analyzer.capture.packet import IPV4_MAPPED
from dissectors.records import NamedTuple

UNREACHABLE = {4: (1, 3), 6: (58, 1)}
"""Version of IP -> its protocol number of ICMP, type of "destination unreachable"."""
TOO_BIG = 4
"""Code of ICMP for IPv4 with which routers ask for smaller packets: nothing is out of reach."""

_NETWORK, _HOST, _PORT = "network unreachable", "host unreachable", "port unreachable"
_PROHIBITED = "administratively prohibited"
_CODES = {
    4: {
        **dict.fromkeys((0, 6, 11), _NETWORK),
        **dict.fromkeys((1, 7, 8, 12), _HOST),
        **dict.fromkeys((9, 10, 13), _PROHIBITED),
        2: "protocol unreachable",
        3: _PORT,
    },
    6: {**dict.fromkeys((0, 6), _NETWORK), 1: _PROHIBITED, 3: _HOST, 4: _PORT, 5: _PROHIBITED},
}
_HEAD = 8
_IPV4 = Struct(">BxxxxxHxB2xII").unpack_from
_IPV6 = Struct(">4xHBxQQQQ").unpack_from
_FRAGMENT = Struct(">BxH4x").unpack_from
_PORTS = Struct(">HH").unpack_from
_IPV6_FRAGMENT = 44
_TRANSPORT = frozenset({6, 17})


class Unreachable(NamedTuple):
    """A packet that did not arrive, as the error quotes it."""

    frame: int  # of the error
    ts_ns: int
    how: str  # the code in words
    proto: int  # 6 TCP, 17 UDP
    source: tuple[int, int, int]  # address in halves and port: who hears of it
    destination: tuple[int, int, int]


def words(version: int, code: int) -> str:
    """The code in words; empty for one that tells of nothing out of reach."""
    if version == 4 and code == TOO_BIG:
        return ""
    return _CODES[version].get(code, f"unreachable, code {code}")


def read_unreachable(data: bytes, frame: int, ts_ns: int, version: int) -> Unreachable | None:
    """Read an ICMP message; None unless it tells of a TCP or UDP packet whose ports it quotes."""
    if len(data) < _HEAD or data[0] != UNREACHABLE[version][1]:
        return None
    how = words(version, data[1])
    quoted = _quoted4(data) if version == 4 else _quoted6(data)
    if not how or quoted is None:
        return None
    at, proto, source, destination = quoted
    if proto not in _TRANSPORT or at + 4 > len(data):
        return None
    ports = _PORTS(data, at)
    return Unreachable(frame, ts_ns, how, proto, (*source, ports[0]), (*destination, ports[1]))


_Quoted = tuple[int, int, tuple[int, int], tuple[int, int]]


def _quoted4(data: bytes) -> _Quoted | None:
    if len(data) < _HEAD + 20:
        return None
    first, field, proto, source, destination = _IPV4(data, _HEAD)
    if first >> 4 != 4 or first & 15 < 5 or field & 0x1FFF:
        return None
    at = _HEAD + (first & 15) * 4
    return at, proto, (0, IPV4_MAPPED | source), (0, IPV4_MAPPED | destination)


def _quoted6(data: bytes) -> _Quoted | None:
    if len(data) < _HEAD + 40 or data[_HEAD] >> 4 != 6:
        return None
    _, proto, *halves = _IPV6(data, _HEAD)
    at = _HEAD + 40
    if proto == _IPV6_FRAGMENT:
        if len(data) < at + 8:
            return None
        proto, field = _FRAGMENT(data, at)
        if field & 0xFFF8:
            return None
        at += 8
    return at, proto, (halves[0], halves[1]), (halves[2], halves[3])
