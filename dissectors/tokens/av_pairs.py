"""AV pairs: names, times and flags in a challenge's TargetInfo and in an NTLMv2 response.

Spec: MS-NLMP 2.2.2.1 (AV_PAIR), 2.2.2.2 (Single_Host_Data), 2.2.2.7 (NTLMv2_CLIENT_CHALLENGE).
"""

from __future__ import annotations

import struct
from codecs import utf_16_le_decode
from typing import TYPE_CHECKING, Any

from dissectors.tokens.ntlm_text import rescued_utf16

if TYPE_CHECKING:
    from dissectors.tokens.ntlm_payload import Payload

AV_PAIR_LIMIT = 64
"""Pairs read from one list; the specification knows ten."""

AV_NAMES: dict[int, str] = {
    0: "MsvAvEOL",
    1: "MsvAvNbComputerName",
    2: "MsvAvNbDomainName",
    3: "MsvAvDnsComputerName",
    4: "MsvAvDnsDomainName",
    5: "MsvAvDnsTreeName",
    6: "MsvAvFlags",
    7: "MsvAvTimestamp",
    8: "MsvAvSingleHost",
    9: "MsvAvTargetName",
    10: "MsvAvChannelBindings",
}

MIC_PROMISED = 0x2
"""Bit of MsvAvFlags: the AUTHENTICATE_MESSAGE has a MIC."""

FLAG_NAMES = {
    0x1: "account authentication constrained",
    MIC_PROMISED: "MIC present",
    0x4: "target name from an untrusted source",
}
"""What the bits of MsvAvFlags say; the specification has no names for them."""

FLAGS = 6
TIMESTAMP = 7
SINGLE_HOST = 8
CHANNEL_BINDINGS = 10
SIZES = {FLAGS: 4, TIMESTAMP: 8, SINGLE_HOST: 48, CHANNEL_BINDINGS: 16}
"""Bytes of the values that are no text, by AvId."""

_TEXTS = frozenset({1, 2, 3, 4, 5, 9})
_NUMBERS = frozenset({FLAGS, TIMESTAMP})
_HEADER = struct.Struct("<HH")

Pair = tuple[int, int, int]
"""AvId, and where its value lies."""


def locate_av_pairs(
    payload: Payload, start: int, stop: int, *, cut: bool
) -> tuple[list[Pair], bool]:
    """Find the pairs of `[start, stop)`, MsvAvEOL left out, and tell whether their end was seen.

    `cut` says that the field lacks its own end: that is told elsewhere and explains the rest.
    """
    data = payload.data
    pairs: list[Pair] = []
    at = start
    while at + 4 <= stop:
        av_id, length = _HEADER.unpack_from(data, at)
        value = at + 4
        after = value + length
        if after > stop:
            if not cut:
                payload.report("bad-length", at, stop, f"{av_name(av_id)} of {length} bytes")
            return pairs, False
        if av_id == 0:
            if length:
                payload.report("bad-length", at, after, "MsvAvEOL has a value")
            return pairs, True
        if len(pairs) == AV_PAIR_LIMIT:
            payload.report("limit-count", at, stop, f"more than {AV_PAIR_LIMIT} AV pairs")
            return pairs, False
        pairs.append((av_id, value, after))
        at = after
    if not cut:
        payload.report("missing-field", at, stop, "AV pairs without MsvAvEOL")
    return pairs, False


def read_av_pairs(payload: Payload, pairs: list[Pair]) -> dict[str, Any]:
    """Decode the pairs by name, in wire order; of a repeated one the first counts."""
    data = payload.data
    values: dict[str, Any] = {}
    for av_id, start, stop in pairs:
        name = AV_NAMES.get(av_id) or av_name(av_id)
        if name in values:
            payload.report("repeated-field", start - 4, stop, name)
        elif av_id in _TEXTS:
            try:  # Samba without a DNS domain sends its name as a lone terminator
                values[name] = utf_16_le_decode(data[start:stop], "strict", True)[0].rstrip("\0")
            except UnicodeDecodeError:
                payload.report("bad-text", start, stop, f"{name} is not UTF-16LE")
                values[name] = rescued_utf16(data[start:stop])
        elif av_id in SIZES and stop - start != SIZES[av_id]:
            payload.report("bad-value", start, stop, f"{name} has {stop - start} bytes")
            values[name] = data[start:stop].hex()
        elif av_id in _NUMBERS:
            values[name] = int.from_bytes(data[start:stop], "little")
        else:
            values[name] = data[start:stop].hex()
    return values


def av_name(av_id: int) -> str:
    """Name of an AvId as MS-NLMP spells it; an unknown one keeps its number, `AvId(17)`."""
    return AV_NAMES.get(av_id) or f"AvId({av_id})"
