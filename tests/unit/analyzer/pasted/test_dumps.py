"""Hex dumps of every program that people copy from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.messages import NTLM, NTLM_NEGOTIATE, init_token

from analyzer.pasted.dumps import dump_bytes
from analyzer.pasted.encodings import encoded_bytes

TOKEN = init_token(NTLM, NTLM_NEGOTIATE)


def shown(part: bytes) -> str:
    """The characters beside the bytes."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)


def lines(data: bytes, width: int, line: Callable[[int, bytes], str]) -> str:
    """The dump's text."""
    return "\n".join(line(at, data[at : at + width]) for at in range(0, len(data), width))


def halves(part: bytes) -> str:
    """Pairs with a wider gap in the middle."""
    return f"{part[:8].hex(' ')}  {part[8:].hex(' ')}".rstrip() if len(part) > 8 else part.hex(" ")


FORMS: dict[str, Callable[[bytes], str]] = {
    "Wireshark": lambda data: lines(data, 16, lambda at, part: f"{at:04x}   {part.hex(' ')}"),
    "Wireshark with characters": lambda data: lines(
        data, 16, lambda at, part: f"{at:04x}   {halves(part):<48}   {shown(part)}"
    ),
    "hexdump -C": lambda data: (
        lines(data, 16, lambda at, part: f"{at:08x}  {halves(part):<49} |{shown(part)}|")
        + f"\n{len(data):08x}"
    ),
    "xxd": lambda data: lines(
        data, 16, lambda at, part: f"{at:08x}: {part.hex(' ', -2):<39}  {shown(part)}"
    ),
    "od -A x -t x1": lambda data: (
        lines(data, 16, lambda at, part: f"{at:06x} {part.hex(' ')}") + f"\n{len(data):06x}"
    ),
    "od -t x1": lambda data: (
        lines(data, 16, lambda at, part: f"{at:07o} {part.hex(' ')}") + f"\n{len(data):07o}"
    ),
    "od -A d -t x1 -w8": lambda data: (
        lines(data, 8, lambda at, part: f"{at:07d} {part.hex(' ')}") + f"\n{len(data):07d}"
    ),
    "od -A x -t x1 -w32": lambda data: lines(
        data, 32, lambda at, part: f"{at:06x} {part.hex(' ')}"
    ),
    "tcpdump": lambda data: lines(
        data, 16, lambda at, part: f"\t0x{at:04x}:  {part.hex(' ', -2):<39}  {shown(part)}"
    ),
    "Format-Hex": lambda data: (
        "           00 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F\n\n"
        + lines(data, 16, lambda at, part: f"{at:08X}   {part.hex(' ').upper():<47}  {shown(part)}")
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 8, 15, 16, 17, 31, 32, 33, 47, 64, len(TOKEN)])
def test_offsets_and_characters_are_no_bytes(form: str, size: int) -> None:
    """The bytes alone come out, whatever the last line holds."""
    data = TOKEN[:size]
    assert dump_bytes(FORMS[form](data)) == data


@example(b"\xae\x60", "xxd")  # turned round it would begin as a token does
@example(b"\xae\x60", "tcpdump")
@given(st.binary(min_size=1, max_size=300), st.sampled_from(sorted(FORMS)))
def test_any_bytes_survive_any_dump(data: bytes, form: str) -> None:
    """Characters that look like hex digits are not taken for bytes, nor offsets for anything else."""
    if form.startswith(("Wireshark", "xxd", "tcpdump", "Format-Hex")) and len(data) % 16:
        data += bytes(16 - len(data) % 16)  # the width of a last line is told by the one before
    if len(data) <= 16:
        data += bytes(32)
    assert dump_bytes(FORMS[form](data)) == data


def test_repeated_lines_are_filled_in() -> None:
    """A `*` stands for lines like the one before it, up to the next offset."""
    data = b"\x60" + bytes(15) + b"ab" * 40 + b"end"
    text = FORMS["hexdump -C"](data).split("\n")
    assert len(set(text[1:6])) == 5
    short = "\n".join([text[0], text[1], "*", text[6], text[7]])
    assert dump_bytes(short) == data
    assert dump_bytes("\n".join([text[0], "*"])) == data[:16]
    assert dump_bytes(f"{text[0]}\n*\nffffffff") is None


@pytest.mark.parametrize("size", [len(TOKEN), len(TOKEN) - 1])
def test_words_are_turned_round(size: int) -> None:
    """What hexdump prints without an option: words of two bytes, the low one first."""
    data = TOKEN[:size] + bytes(size % 2)
    words = [f"{data[at + 1]:02x}{data[at]:02x}" for at in range(0, len(data), 2)]
    text = "\n".join(
        f"{2 * at:07x} {' '.join(words[at : at + 8])}" for at in range(0, len(words), 8)
    )
    assert dump_bytes(f"{text}\n{size:07x}") == TOKEN[:size]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000",
        "0010  60 48",
        "6048 0606 2b06",
        "0000  60 48\n0011  06 06",
        "0000  60 48\n0001  06 06",
        "0000  60 48\nsomething else\n0002  06",
        "0000  60 4",
        TOKEN.hex(),
        TOKEN.hex("\n", 8),
    ],
)
def test_what_does_not_add_up_is_no_dump(text: str) -> None:
    """Offsets count the bytes between them, or they are none."""
    assert dump_bytes(text) is None


def test_a_dump_is_read_as_one() -> None:
    """Before hex is, of which a dump's digits would make other bytes."""
    for form, made in FORMS.items():
        assert encoded_bytes(made(TOKEN)) == TOKEN, form
