"""How many bytes of something there are, in words: what the trees say where they show no bytes."""

from __future__ import annotations


def counted_bytes(count: int, of: int | None = None) -> str:
    """`1 byte`, `24 bytes`; with the number that should be there, `10 of 24 bytes`."""
    total = count if of is None else of
    there = f"{count}" if total == count else f"{count} of {total}"
    return f"{there} byte{'s' if total != 1 else ''}"


def zero_bytes(count: int) -> str:
    """`1 zero byte`, `4 zero bytes`."""
    return f"{count} zero byte{'s' if count != 1 else ''}"


def part_there(count: int, of: int) -> str:
    """What a cut left of `of` bytes: `2 of 6 bytes are there`, `none of 6 bytes is there`."""
    return (
        f"{counted_bytes(count, of)} are there"
        if count
        else f"none of {counted_bytes(of)} is there"
    )


def hidden_bytes(count: int, of: int) -> str:
    """Bytes that are not shown: `24 bytes, not shown`, `10 of 24 bytes, not shown`."""
    return f"{counted_bytes(count, of)}, not shown" if count or not of else part_there(count, of)
