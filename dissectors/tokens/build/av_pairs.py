"""AV pairs: the names, times and flags of a challenge's TargetInfo and of an NTLMv2 response.

Spec: MS-NLMP 2.2.2.1, 2.2.2.2.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from dissectors.tokens.build.arguments import builder
from dissectors.tokens.build.error import BuildError

AvValue = str | int | bytes
"""Text, a number (MsvAvFlags, MsvAvTimestamp), or the value's bytes."""

_IDS = {
    "MsvAvNbComputerName": 1,
    "MsvAvNbDomainName": 2,
    "MsvAvDnsComputerName": 3,
    "MsvAvDnsDomainName": 4,
    "MsvAvDnsTreeName": 5,
    "MsvAvFlags": 6,
    "MsvAvTimestamp": 7,
    "MsvAvSingleHost": 8,
    "MsvAvTargetName": 9,
    "MsvAvChannelBindings": 10,
}
_NUMBERS = {6: 4, 7: 8}
_SIZES = {6: 4, 7: 8, 8: 48, 10: 16}
_UNNAMED = re.compile(r"AvId\((\d+)\)")
_LONGEST = 0xFFFF


@builder
def av_pairs(pairs: Mapping[str | int, AvValue]) -> bytes:
    """AV pairs in the order given, by name, `AvId(17)` or number; MsvAvEOL closes them."""
    made = b""
    for name, value in pairs.items():
        number = _av_id(name)
        content = _content(number, name, value)
        made += struct.pack("<HH", number, len(content)) + content
    return made + bytes(4)


def _av_id(name: str | int) -> int:
    unnamed = _UNNAMED.fullmatch(name) if isinstance(name, str) else None
    number = int(unnamed[1]) if unnamed else _IDS.get(name) if isinstance(name, str) else name
    if number is None or not 0 < number <= _LONGEST:
        raise BuildError(f"AV pair {name!r}: not a name of MS-NLMP 2.2.2.1, nor a number of it")
    return number


def _content(number: int, name: str | int, value: AvValue) -> bytes:
    if isinstance(value, int):
        if number not in _NUMBERS:
            raise BuildError(f"{name} is no number")
        size = _NUMBERS[number]
        if not 0 <= value < 1 << 8 * size:
            raise BuildError(f"{name} has {size} bytes, too few for {value}")
        return value.to_bytes(size, "little")
    content = value.encode("utf-16-le") if isinstance(value, str) else value
    wanted = _SIZES.get(number, len(content))
    if len(content) != wanted or len(content) > _LONGEST:
        raise BuildError(f"{name} has {len(content)} bytes, not {min(wanted, _LONGEST)}")
    return content
