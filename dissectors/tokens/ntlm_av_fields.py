"""The tree of a list of AV pairs: each pair with its id, its length and what its value says.

Spec: MS-NLMP 2.2.2.1 (AV_PAIR), 2.2.2.2 (Single_Host_Data); MS-KILE 2.2.5 (LSAP_TOKEN_INFO_INTEGRITY),
whose Flags and TokenIL Windows puts into CustomData.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from dissectors.tokens.av_pairs import (
    AV_NAMES,
    AV_PAIR_LIMIT,
    CHANNEL_BINDINGS,
    FLAG_NAMES,
    FLAGS,
    SINGLE_HOST,
    SIZES,
    TIMESTAMP,
    Pair,
    av_name,
    read_av_pairs,
)
from dissectors.tokens.ntlm_amount import counted_bytes, hidden_bytes
from dissectors.tokens.ntlm_filetime import filetime_text
from dissectors.tokens.ntlm_padding import record_padding
from dissectors.tokens.ntlm_payload import Payload
from dissectors.visible import shortened

if TYPE_CHECKING:
    from dissectors.tokens.recorder import Recorder

_HEADER = struct.Struct("<HH")
_INTEGRITY = {
    0x0000: "untrusted",
    0x1000: "low",
    0x2000: "medium",
    0x2100: "medium plus",
    0x3000: "high",
    0x4000: "system",
    0x5000: "protected process",
}
_TOKENS = {0: "full token", 1: "UAC restricted token"}


def record_av_pairs(
    tree: Recorder, data: bytes, start: int, stop: int, pairs: list[Pair], values: dict[str, Any]
) -> None:
    """Write the list in `[start, stop)`: the pairs found there, their `values` by name, and its end.

    A value that was decoded once stands at its first place; a repeated pair shows its own in its tree.
    """
    seen: set[str] = set()
    at = start
    for av_id, first, after in pairs:
        name = av_name(av_id)
        if name in seen:
            text = "repeated, ignored"
            own = read_av_pairs(Payload(data, 0, 0), [(av_id, first, after)])[name]
            tree.add(name, first - 4, after, None, text)
        else:
            seen.add(name)
            own = values[name]
            text = _text(av_id, data[first:after], own)
            tree.add(name, first - 4, after, own, text)
        pair = _record_header(tree.below(name), data, first - 4)
        if after > first:
            pair.add("Value", first, after, own, _plain_text(av_id, data[first:after], own))
            _record_inside(pair.below("Value"), av_id, data[first:after], first)
        at = after
    _record_end(tree, data, at, stop, limited=len(pairs) == AV_PAIR_LIMIT)


def _record_header(pair: Recorder, data: bytes, at: int) -> Recorder:
    av_id, length = _HEADER.unpack_from(data, at)
    name = av_name(av_id)
    pair.add("AvId", at, at + 2, av_id, f"{av_id} ({'unknown' if av_id not in AV_NAMES else name})")
    pair.add("AvLen", at + 2, at + 4, length)
    return pair


def _record_end(tree: Recorder, data: bytes, at: int, stop: int, *, limited: bool) -> None:
    """Write what follows the last pair: MsvAvEOL, or a pair that is cut, or too many; then padding."""
    if at + 4 <= stop:
        av_id, length = _HEADER.unpack_from(data, at)
        if limited and av_id:
            tree.add("AvPairs", at, stop, None, f"{counted_bytes(stop - at)} not read", secret=True)
            return
        after = min(at + 4 + length, stop)
        name = av_name(av_id)
        there = counted_bytes(after - at - 4, length)
        text = "end of the list" if length == 0 else f"{there} of its value are there"
        tree.add(name, at, after, None, text)
        pair = _record_header(tree.below(name), data, at)
        if after > at + 4:
            pair.add(
                "Value", at + 4, after, None, hidden_bytes(after - at - 4, length), secret=True
            )
        at = after
    record_padding(tree, data, at, stop)


# -- values ---------------------------------------------------------------------------------------


def _text(av_id: int, raw: bytes, value: Any) -> str:
    """What people read beside a pair's name."""
    if len(raw) == SIZES.get(av_id):
        if av_id == FLAGS:
            names = ", ".join(_flag_name(1 << bit) for bit in range(32) if value >> bit & 1)
            return f"0x{value:08x} ({names or 'none'})"
        if av_id == CHANNEL_BINDINGS:
            return f"{value} (hash of the bindings)" if any(raw) else "zero: no channel"
        if av_id == SINGLE_HOST:
            told = _custom_data(raw[8:16])
            return f"{told}{'; ' if told else ''}MachineID {raw[16:].hex()}"
    return _plain_text(av_id, raw, value)


def _plain_text(av_id: int, raw: bytes, value: Any) -> str:
    """What people read of a value whose meaning is told beside the pair's name."""
    size = SIZES.get(av_id)
    if size is not None and len(raw) != size:
        told = f"{counted_bytes(len(raw))} instead of {size}"
        return f"{shortened(str(value))} ({told})" if raw else told
    if av_id == TIMESTAMP:
        return filetime_text(value)
    if av_id == FLAGS:
        return f"0x{value:08x}"
    if av_id == SINGLE_HOST:
        return "Single_Host_Data"
    return shortened(str(value)) if value else "(empty)"


def _record_inside(tree: Recorder, av_id: int, raw: bytes, at: int) -> None:
    """Write the parts of a value that has some."""
    if len(raw) != SIZES.get(av_id):
        return
    if av_id == FLAGS:
        flags = int.from_bytes(raw, "little")
        for bit in range(32):
            if flags >> bit & 1:
                tree.add(_flag_name(1 << bit), at, at + 4, 1 << bit, f"0x{1 << bit:08x}")
    elif av_id == SINGLE_HOST:
        size, zero, flags, level = struct.unpack_from("<IIII", raw)
        tree.add("Size", at, at + 4, size)
        tree.add("Z4", at + 4, at + 8, zero)
        custom = raw[8:16]
        tree.add("CustomData", at + 8, at + 16, custom, _custom_data(custom) or "zero")
        parts = tree.below("CustomData")
        named = any(custom)
        parts.add("Flags", at + 8, at + 12, flags, _numbered(flags, _TOKENS, named=named))
        parts.add("TokenIL", at + 12, at + 16, level, _numbered(level, _INTEGRITY, named=named))
        tree.add("MachineID", at + 16, at + 48, raw[16:])


def _custom_data(raw: bytes) -> str:
    """What CustomData says if Windows wrote it; nothing if it is zero, as others write it."""
    if not any(raw):
        return ""
    flags, level = struct.unpack("<II", raw)
    token = _TOKENS.get(flags, f"token flags 0x{flags:08x}")
    integrity = _INTEGRITY.get(level)
    return f"{token}, {integrity or f'0x{level:08x}'} integrity"


def _numbered(number: int, names: dict[int, str], *, named: bool) -> str:
    return f"0x{number:08x}" + (f" ({names.get(number, 'unknown')})" if named else "")


def _flag_name(bit: int) -> str:
    return FLAG_NAMES.get(bit) or f"0x{bit:08x}"
