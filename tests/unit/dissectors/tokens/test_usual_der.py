"""Well-formed DER at a glance: each length that DER allows, and no other."""

from __future__ import annotations

import pytest

from dissectors.der import Reader
from dissectors.tokens.usual_der import element_end, inside


def long(size: int) -> str:
    return f"04{size:02x}" if size < 128 else f"0481{size:02x}" if size < 256 else f"0482{size:04x}"


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65_535])
def test_inside_reads_each_length_that_der_allows(size: int) -> None:
    """An element that fills its place begins and ends where the careful reader says."""
    raw = b"ahead" + bytes.fromhex(long(size)) + bytes(size)
    element = Reader(raw).read(5, len(raw))
    assert element is not None
    assert inside(raw, 5, len(raw), b"\x04") == element[1]
    assert element_end(raw + b"behind", 5) == element[3] == len(raw)


def test_inside_opens_nested_elements() -> None:
    """Elements that fill one another are opened at once, down to the content of the last."""
    raw = bytes.fromhex("a0083006040474657874")
    assert inside(raw, 0, 10, b"\xa0") == 2
    assert inside(raw, 0, 10, b"\xa0\x30\x04") == 6
    assert inside(raw, 2, 10, b"\x30\x04") == 6
    assert inside(raw, 7, 10, b"") == 7


@pytest.mark.parametrize(
    ("data", "tags"),
    [
        ("0402 0000", "05"),  # another tag
        ("0401 0000", "04"),  # more behind it
        ("0403 0000", "04"),  # it goes further
        ("0481 02 0000", "04"),  # lengths longer than needed
        ("0482 0002 0000", "04"),
        ("0482 0080" + "00" * 128, "04"),
        ("0483 000002 0000", "04"),
        ("0480 0000", "04"),  # the indefinite length
        ("a003 0400 00", "a004"),  # the inner one ends before the outer one
        ("a002 0401", "a004"),
        ("04", "04"),
        ("0481", "04"),
        ("0482 01", "04"),
        ("", "04"),
    ],
)
def test_inside_gives_up_what_is_not_usual(data: str, tags: str) -> None:
    """Whatever is no well-formed DER, or does not fill its place, is left to the careful reader."""
    raw = bytes.fromhex(data)
    with pytest.raises((ValueError, IndexError)):
        inside(raw, 0, len(raw), bytes.fromhex(tags))


@pytest.mark.parametrize("data", ["0480", "048102", "04820002", "0483000002", "0484", "04", "0482"])
def test_element_end_gives_up_other_lengths(data: str) -> None:
    """So is a length that DER forbids, or that is cut."""
    with pytest.raises((ValueError, IndexError)):
        element_end(bytes.fromhex(data), 0)


# -- single elements ----------------------------------------------------------------------------------
