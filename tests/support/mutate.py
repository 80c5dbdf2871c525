"""Bytes damaged on purpose by rules that know where it hurts; the same seed makes the same damage.

The rules know DER, the payload descriptors of NTLM, the headers of NegoEx and the lines of text protocols by
their looks only: they share no code with what reads them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import NamedTuple

SEARCHED = 2048  # bytes in which DER elements are looked for
LONGEST = 70_000  # bytes of what is made: a little more than any dissector reads
TELLING_BYTES = b"\x00\x01\x02\x04\x05\x06\x0a\x18\x1b\x1f\x24\x30\x60\x61\x6e\x7e\x7f\x80\x81\x82\x84\xa0\xa1\xa2\xa3\xff"
LENGTHS = (
    b"\x00",
    b"\x7f",
    b"\x80",
    b"\x81\x00",
    b"\x82\xff\xff",
    b"\x84\xff\xff\xff\xff",
    b"\x85" + bytes(4) + b"\x01",
)
LENGTHS += (b"\x88" + b"\xff" * 8, b"\x88\x7f" + b"\xff" * 7, b"\xff", b"\xfe" + b"\xff" * 20)
NUMBERS = (
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    24,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFE,
    0xFFFF,
    0x1_0000,
    0x7FFF_FFFF,
)
NUMBERS += (0x8000_0000, 0xFFFF_FFF8, 0xFFFF_FFFF)
CHUNKS = (
    b"NTLMSSP\0\1\0\0\0", b"NTLMSSP\0\3\0\0\0", b"NEGOEXTS", bytes.fromhex("06062b0601050502"),
    bytes.fromhex("06092a864886f712010202"), bytes.fromhex("060a2b06010401823702020a"),
    b"\x30\x80", b"\x24\x80", b"\x00\x00", b"\x60\x80", b"\xa0\x03\x0a\x01\x01", b"\x05\x04", b"\x02\x01\x11\x00",
    b"\x00\xd8", b"\x00\xdc", b"\x1b\x5b\x32\x4a", b"\xe2\x80\xae", b"\xff" * 8, b"\x7f" + b"\xff" * 7, bytes(8),
    b"\xfeSMB@\0", b"\xffSMB", b"\xfdSMB", b"\xfcSMB", b"\r\n", b"\r\n\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n", b"WWW-Authenticate: Negotiate YII\r\n", b"Authorization: NTLM TlRMTVNTUAAB\r\n", b"=", b",",
)  # fmt: skip
_SIGNATURE = re.compile(b"NTLMSSP\0([\1-\3])\0\0\0|NEGOEXTS")
_DESCRIPTORS = {1: (16, 24), 2: (12, 40), 3: (12, 20, 28, 36, 44, 52)}
_FLAGS = {1: 12, 2: 20, 3: 60}


class Element(NamedTuple):
    """One DER element: `[start, content)` is its header, `[content, end)` what it holds."""

    start: int
    content: int
    end: int


def mutations(seeds: Sequence[bytes], seed: object) -> Iterator[bytes]:
    """Damaged copies of `seeds` without end."""
    random = Random(repr(seed))
    while True:
        data = bytearray(random.choice(seeds))
        for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5))):
            damage(data, seeds, random)
        yield bytes(data[:LONGEST])


def damage(data: bytearray, seeds: Sequence[bytes], random: Random) -> None:
    """Do one thing to `data`, maybe with the help of another seed."""
    if not data:
        data += random.choice(CHUNKS)
    rule = random.choice(RULES)
    if rule is _splice:
        _splice(data, random.choice(seeds), random)
    else:
        rule(data, random)


# -- rules of any bytes ----------------------------------------------------------------------------


def _flip(data: bytearray, random: Random) -> None:
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _set(data: bytearray, random: Random) -> None:
    data[random.randrange(len(data))] = random.choice(TELLING_BYTES)


def _number(data: bytearray, random: Random) -> None:
    """A number of two, four or eight bytes, of either order; often one that has to do with the size."""
    at = random.randrange(len(data))
    number = random.choice(NUMBERS)
    if random.random() < 0.4:
        number = max(random.choice((len(data), len(data) - at, at)) + random.randint(-2, 2), 0)
    form = random.choice(("<H", ">H", "<I", ">I", "<Q", ">I"))
    made = struct.pack(form, number & (1 << 8 * struct.calcsize(form)) - 1)
    data[at : at + len(made)] = made[: len(data) - at]


def _cut(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    if random.random() < 0.8:
        del data[at:]
    else:
        del data[:at]


def _drop(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    del data[at : at + random.choice((1, 1, 2, 3, 4, 8, 16, 40))]


def _insert(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data) + 1)
    data[at:at] = random.choice((random.choice(CHUNKS), random.randbytes(random.randint(1, 9))))


def _repeat(data: bytearray, random: Random) -> None:
    at = random.randrange(len(data))
    run = data[at : at + random.choice((1, 2, 4, 12, 40, 200))]
    data[at:at] = run * random.choice((1, 1, 2, 3, 20))


def _swap(data: bytearray, random: Random) -> None:
    first, second, third = sorted(random.randrange(len(data) + 1) for _ in range(3))
    data[first:third] = data[second:third] + data[first:second]


def _splice(data: bytearray, other: bytes, random: Random) -> None:
    """The beginning of one and the end of another."""
    data[random.randrange(len(data)) :] = other[random.randrange(len(other) or 1) :]


# -- rules of formats ------------------------------------------------------------------------------


def elements(data: bytes | bytearray) -> list[Element]:
    """What may be DER elements, wherever they stand: a plausible tag, and a length that fits."""
    found = []
    for start in range(len(data) - 1):
        if (
            data[start] not in b"\x02\x03\x04\x05\x06\x0a\x0c\x18\x1b\x30"
            and not 0x60 <= data[start] < 0xC0
        ):
            continue
        length, content = data[start + 1], start + 2
        if length > 0x80:
            content += length & 0x7F
            length = int.from_bytes(data[start + 2 : content])
        if content + length <= len(data) and content - start <= 6:
            found.append(Element(start, content, content + length))
    return found


def _der_length(data: bytearray, random: Random) -> None:
    element = _any_element(data, random)
    if element is not None:
        new = random.choice(LENGTHS)
        if random.random() < 0.5:
            length = max(element.end - element.content + random.choice((-2, -1, 1, 2, 100)), 0)
            new = random.choice((der_length(length), b"\x84" + length.to_bytes(4)))
        data[element.start + 1 : element.content] = new


def _der_content(data: bytearray, random: Random) -> None:
    """Change what an element holds; the lengths around it are set right, so that readers get there."""
    element = _any_element(data, random)
    if element is None:
        return
    content = bytes(data[element.content : element.end])
    how = random.randrange(6)
    if how == 0:
        content = random.choice((b"", b"\0", b"\xff", b"\x80", bytes(9), content[:-1]))
    elif how == 1:
        content = content * 2
    elif how == 2:
        content = random.choice(CHUNKS)
    elif how == 3:
        whole = bytes(data[element.start : element.end])
        content = whole * random.choice((1, 2, 40))
    elif how == 4:
        content = random.randbytes(random.choice((1, 4, 8, 20)))
    else:
        content = content[::-1]
    resized(data, element, content, keep=random.random() > 0.2)


def resized(data: bytearray, element: Element, content: bytes, *, keep: bool = True) -> None:
    """Replace an element's content, or without `keep` drop the element; set the lengths around it right."""
    start, _, end = element
    made = bytes((data[start],)) + der_length(len(content)) + content if keep else b""
    around = (e for e in elements(data[:SEARCHED]) if e.content <= start and end <= e.end)
    for above in sorted(around, key=lambda e: e.end - e.start):
        if above.content <= start and end <= above.end:
            made = bytes(data[above.content : start]) + made + bytes(data[end : above.end])
            made = bytes((data[above.start],)) + der_length(len(made)) + made
            start, end = above.start, above.end
    data[start:end] = made


def der_length(length: int) -> bytes:
    """The shortest length octets."""
    if length < 0x80:
        return bytes((length,))
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((0x80 | len(octets),)) + octets


def _any_element(data: bytearray, random: Random) -> Element | None:
    found = elements(data[:SEARCHED])
    return random.choice(found) if found else None


def _descriptor(data: bytearray, random: Random) -> None:
    """A length, a maximum or an offset of an NTLM message; a field of a NegoEx header."""
    places = list(_SIGNATURE.finditer(data))
    if not places:
        _number(data, random)
        return
    place = random.choice(places)
    number = random.choice((*NUMBERS, len(data), len(data) - 1, 64, 88, random.randrange(200)))
    if place[1] is None:
        at, form = place.start() + random.choice((8, 12, 16, 20, 64, 72, 76, 80, 84, 88, 92)), "<I"
    elif random.random() < 0.2:
        at, form = place.start() + _FLAGS[place[1][0]], "<I"
        number = random.getrandbits(32)
    else:
        at = place.start() + random.choice(_DESCRIPTORS[place[1][0]])
        at, form = random.choice(((at, "<H"), (at + 2, "<H"), (at + 4, "<I")))
    made = struct.pack(form, number & (1 << 8 * struct.calcsize(form)) - 1)
    data[at : at + len(made)] = made[: max(len(data) - at, 0)]


def _line(data: bytearray, random: Random) -> None:
    """Repeat, drop, move or fold a line of text."""
    lines = bytes(data).split(b"\r\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    how = random.randrange(4)
    if how == 0:
        lines[to:to] = [lines[at]] * random.choice((1, 1, 2, 50))
    elif how == 1:
        del lines[at]
    elif how == 2:
        lines[at], lines[to] = lines[to], lines[at]
    else:
        lines[at] = b" " + lines[at]
    data[:] = b"\r\n".join(lines)


Rule = Callable[[bytearray, Random], None]
RULES: tuple[Callable[..., None], ...] = (
    _flip, _flip, _set, _set, _number, _number, _cut, _drop, _insert, _repeat, _swap, _splice,
    _der_length, _der_length, _der_content, _der_content, _der_content, _descriptor, _descriptor, _line,
)  # fmt: skip
