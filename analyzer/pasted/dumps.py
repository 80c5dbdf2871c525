"""Bytes out of hex dumps: offsets at the left, maybe the characters at the right.

    0000   60 48 06 06 2b 06 01 05  05 02 a0 3e 30 3c a0 0e   `H..+......>0<..     Wireshark, certutil
    00000000: 6048 0606 2b06 0105 0502 a03e 303c a00e  `H..+......>0<..             xxd
    00000000  60 48 06 06 2b 06 01 05  05 02 a0 3e 30 3c a0 0e  |`H..+......>0<..|  hexdump -C
    0000000 60 48 06 06 2b 06 01 05 05 02 a0 3e 30 3c a0 0e                         od -t x1

What is an offset shows in that it counts up by the bytes of its line: in hex, as od does in octal or
decimal, too. `*` stands for lines like the one before, a last offset for the size. Words of two bytes, as
hexdump and od -x print them, are turned round if only that makes a token.

Not handled: od's octal and decimal bytes, words of four bytes.
"""

from __future__ import annotations

import re

from dissectors.recognise import kind_of
from dissectors.records import NamedTuple

LINE = re.compile(r"^\s*(?:0[xX])?(?P<offset>[0-9a-fA-F]{4,16}):?(?:\s+(?P<rest>\S.*))?$")
FIRST_LINE = re.compile(r"^\s*(?:0[xX])?0{4,16}:?\s+\S")
GROUP = re.compile(r"\s{0,2}([0-9a-fA-F]+)(?![^\s])")
RADIXES = (16, 10, 8)
WIDTH = 16  # bytes of a line, behind which characters may follow at once
BYTE_LIMIT = 10_000_000  # of repeated lines


class Row(NamedTuple):
    """A line: its offset, and what stands behind it; `repeats` for `*`."""

    offset: str
    rest: str
    repeats: bool = False


def dump_bytes(text: str) -> bytes | None:
    """Bytes of a hex dump with offsets; None if it is none, or its offsets do not add up."""
    rows = _rows(text)
    if not rows or (len(rows) == 1 and rows[0].offset.strip("0")):
        return None
    for radix in RADIXES:
        made = _with_radix(rows, radix)
        if made is not None:
            return made
    return None


def is_dump_line(line: str) -> bool:
    """Tell whether a line may stand in a dump."""
    return line.strip() == "*" or LINE.match(line) is not None


def _rows(text: str) -> list[Row]:
    """The lines of a dump, without what stands above it; [] if others stand between them."""
    rows: list[Row] = []
    for line in text.expandtabs(8).splitlines():
        match = LINE.match(line)
        if match is not None:
            rows.append(Row(match["offset"], match["rest"] or ""))
        elif line.strip() == "*" and rows:
            rows.append(Row("", "", repeats=True))
        elif rows and line.strip():
            return []
    return rows


def _with_radix(rows: list[Row], radix: int) -> bytes | None:
    try:
        offsets = [0 if row.repeats else int(row.offset, radix) for row in rows]
    except ValueError:
        return None
    data = bytearray()
    words = True
    before = b""
    for number, row in enumerate(rows):
        last = number + 1 == len(rows)
        if row.repeats:
            missing = 0 if last else offsets[number + 1] - offsets[0] - len(data)
            if not before or missing % len(before) or not 0 <= missing <= BYTE_LIMIT:
                return None
            data += before * (missing // len(before))
            continue
        if offsets[number] - offsets[0] != len(data):
            size = offsets[number] - offsets[0]
            if last and not row.rest and size == len(data) - 1:  # a word of one byte
                return bytes(_turned(data, words=words)[:size])
            return None
        room = len(before) or len(row.rest)
        if not last and not rows[number + 1].repeats:
            room = offsets[number + 1] - offsets[number]
        groups, behind = _groups(row.rest, room)
        before = bytes.fromhex("".join(groups))
        if not last and not before:
            return None
        words = words and all(len(group) == 4 for group in groups)
        words = words and not _shows(behind, before)
        data += before
    return bytes(_turned(data, words=words)) if data else None


def _groups(rest: str, room: int) -> tuple[list[str], str]:
    """Groups of digits up to `room` bytes, and the characters: wide spaces, or what is no group, begin them.

    No groups if there are more digits than that.
    """
    groups: list[str] = []
    at = count = 0
    while count < room:
        match = GROUP.match(rest, at)
        if match is None or len(match[1]) % 2 or (groups and len(match[1]) > len(groups[0])):
            break
        if count == WIDTH and match.start(1) > at + 1:  # of a line whose width nothing else tells
            break
        groups.append(match[1])
        count += len(match[1]) // 2
        at = match.end()
    more = GROUP.match(rest, at)
    if more is not None and more.start(1) == at + 1:
        return [], ""
    return groups if count <= room + 1 else [], rest[at:].strip(
        " "
    )  # the last word may hold one byte


def _shows(characters: str, data: bytes) -> bool:
    """Whether the characters are those of the bytes in this order; od puts a mark before those of words."""
    own = "".join(chr(byte) if 0x20 < byte < 0x7F else "." for byte in data).strip(".")
    return (
        characters != "" and not characters.startswith(">") and own in characters.replace(" ", ".")
    )


def _turned(data: bytearray, *, words: bool) -> bytes | bytearray:
    """The bytes of each word in the other order, if that makes them a token and nothing else does."""
    if not words or len(data) % 2 or kind_of(bytes(data)) != "opaque":
        return data
    turned = bytearray(data)
    turned[::2], turned[1::2] = data[1::2], data[::2]
    return data if kind_of(bytes(turned)) == "opaque" else turned
