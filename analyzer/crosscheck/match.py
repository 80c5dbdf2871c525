"""Which token of ours is which of tshark's in one packet: by their bytes, and by order among equals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from analyzer.crosscheck.our_tokens import OurToken
from analyzer.crosscheck.tshark_tokens import TheirToken

SIGNS = 24
"""Values of tshark's that are looked for in our token."""
LEAST = 0.5
"""Share of them that has to be there."""
_SHORT = 4  # bytes of a value that could stand anywhere


def pair_tokens(
    ours: Sequence[OurToken], theirs: Sequence[TheirToken]
) -> tuple[list[tuple[OurToken, TheirToken]], list[OurToken], list[TheirToken]]:
    """Pair tokens of one packet; also return those of each side that are left over, in order."""
    left_ours, left_theirs = list(ours), list(theirs)
    paired = []
    for token in list(left_theirs):
        likeness = [(_likeness(mine, token), -at) for at, mine in enumerate(left_ours)]
        best, place = max(likeness, default=(0.0, 0))
        if best >= LEAST:
            paired.append((left_ours.pop(-place), token))
            left_theirs.remove(token)
    return paired, left_ours, left_theirs


def _likeness(ours: OurToken, theirs: TheirToken) -> float:
    """From 0 to 2: equal bytes, else how many of tshark's values are in our token."""
    raw = ours.token.raw
    if theirs.raw is not None and theirs.raw == raw:
        return 2.0
    values = (
        node.value
        for tree in (*theirs.outer, *theirs.body)
        for node in tree.walk()
        if len(node.value) >= 2 * _SHORT
    )
    wanted = list(islice(values, SIGNS))
    if not wanted:
        return 0.0
    text = raw.hex()
    found = sum(value in text for value in wanted) / len(wanted)
    return found + (0.1 if raw.hex().startswith(wanted[0]) else 0)
