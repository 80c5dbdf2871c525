"""AV pairs of NTLM as Scapy packets: what a server says of itself, and what a client signs of it.

Spec: MS-NLMP 2.2.2.1 (AV_PAIR).
"""

from __future__ import annotations

import struct
from typing import Any

from dissectors.layers.fields import Named, Value
from dissectors.layers.packet import GssPacket
from dissectors.tokens.av_pairs import AV_NAMES, locate_av_pairs
from dissectors.tokens.ntlm_filetime import filetime_text
from dissectors.tokens.ntlm_payload import Payload
from dissectors.visible import visible

_HEADER = struct.Struct("<HH")
_END = bytes(4)
_TEXTS = frozenset({1, 2, 3, 4, 5, 9})
_NUMBERS = {6: 4, 7: 8}  # MsvAvFlags, MsvAvTimestamp: bytes of the number
_TIMESTAMP = 7


class _PairValue(Value):
    """Text, a number, or bytes, by the pair's id."""

    def i2repr(self, packet: Any, value: Any) -> str:
        """Show bytes as hex and a time as a date."""
        if isinstance(value, bytes):
            return value.hex()
        if isinstance(value, int) and packet.av_id == _TIMESTAMP:
            return filetime_text(value)
        return visible(repr(value))


class GSS_NTLM_AV_PAIR(GssPacket):
    """One pair; the value is text, a number (MsvAvFlags, MsvAvTimestamp) or bytes."""

    name = "AV pair"
    fields_desc = [Named("av_id", 2, AV_NAMES), _PairValue("value", "")]

    def read(self, data: bytes) -> tuple[dict[str, Any], int]:
        """Read the first pair of `data`."""
        if len(data) < _HEADER.size:
            return {}, 0
        av_id, length = _HEADER.unpack_from(data)
        content = data[_HEADER.size : _HEADER.size + length]
        if len(content) < length:
            return {}, 0
        return {"av_id": av_id, "value": _value(av_id, content)}, _HEADER.size + length

    def encode(self) -> bytes:
        """Encode the pair."""
        content = self.value
        if isinstance(content, str):
            content = content.encode("utf-16-le", "surrogatepass")
        elif isinstance(content, int):
            content = content.to_bytes(_NUMBERS.get(self.av_id, 4), "little")
        content = content or b""
        return _HEADER.pack(self.av_id, len(content)) + content

    def mysummary(self) -> str:
        """Name and value."""
        field, value = self.getfield_and_val("value")
        return f"{AV_NAMES.get(self.av_id, self.av_id)} {field.i2repr(self, value)}"


def read_pairs(data: bytes) -> list[GSS_NTLM_AV_PAIR]:
    """All pairs of a list, MsvAvEOL left out, as far as they are whole."""
    found, _ = locate_av_pairs(Payload(data, 0, 0), 0, len(data), cut=True)
    return [GSS_NTLM_AV_PAIR(data[start - 4 : stop], _internal=1) for _, start, stop in found]


def write_pairs(pairs: list[Any]) -> bytes:
    """Encode a list with its end."""
    return b"".join(bytes(pair) for pair in pairs) + _END


def _value(av_id: int, content: bytes) -> Any:
    if av_id in _TEXTS:
        try:
            return content.decode("utf-16-le")
        except UnicodeDecodeError:
            return content
    if _NUMBERS.get(av_id) == len(content):
        return int.from_bytes(content, "little")
    return content
