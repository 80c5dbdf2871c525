"""The bytes of an NTLM message that belong to no field: alignment, or what a peer left there.

Zeros are shown as such. Anything else may be part of a response whose descriptor is false or cut, or
the memory of a peer: it is told by its number of bytes only.

Spec: MS-NLMP 2.2.1 (payload fields stand in any order, with or without padding between them).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dissectors.tokens.ntlm_amount import counted_bytes, zero_bytes

if TYPE_CHECKING:
    from dissectors.tokens.recorder import Recorder

NAME = "Padding"


def record_padding(tree: Recorder, data: bytes, start: int, stop: int) -> None:
    """Write `[start, stop)`, if there is any, as bytes of no field."""
    if start >= stop:
        return
    raw = data[start:stop]
    if any(raw):
        told = f"{counted_bytes(stop - start)} of no field, not shown"
        tree.add(NAME, start, stop, None, told, secret=True)
    else:
        tree.add(NAME, start, stop, raw, zero_bytes(stop - start))


def gaps(spans: Iterable[tuple[int, int]], stop: int) -> list[tuple[int, int]]:
    """Ranges of `[0, stop)` that none of the spans covers; the spans may overlap."""
    found = []
    last = 0
    for first, after in sorted(spans):
        if first > last:
            found.append((last, first))
        last = max(last, after)
    if last < stop:
        found.append((last, stop))
    return found
