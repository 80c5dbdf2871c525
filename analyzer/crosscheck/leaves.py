"""A token's fields held against tshark's nodes: value, bytes and position of every pair in the mapping.

tshark counts positions in a buffer of its own, so the distance between its count and ours has to be the
same for all fields of a token: what stands apart from the others is a difference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest

from analyzer.crosscheck.difference import BYTES, POSITION, VALUE, Difference
from analyzer.crosscheck.mapping import SPNEGO, Pair, pairs_for
from analyzer.crosscheck.not_compared import NOT_COMPARED
from analyzer.crosscheck.our_tokens import OurToken
from analyzer.crosscheck.pdml import Node
from analyzer.crosscheck.same_value import octets
from analyzer.crosscheck.tshark_tokens import TheirToken
from dissectors.der import BIT_STRING
from dissectors.records import NamedTuple
from dissectors.span import Field


class Held(NamedTuple):
    """A field and a node that are the same thing; one of them may be missing."""

    pair: Pair
    field: Field | None
    node: Node | None


class Placed(NamedTuple):
    """A node with the names of the nodes above it."""

    above: tuple[str, ...]
    node: Node


def compare_fields(ours: OurToken, theirs: TheirToken, tally: Counter[str]) -> Iterator[Difference]:
    """Yield differences of two readings of one token; `tally` counts what was compared.

    What tshark calls by a name that no row of the mapping has is counted as `unmapped NAME`.
    """
    token = ours.token
    fields = token.fields
    held: list[Held] = []
    inner = fields
    if theirs.element is not None:
        own = [field for field in fields if _is_of_spnego(field)]
        inner = [field for field in fields if not _is_of_spnego(field)]
        held += _hold(SPNEGO, own, _placed(theirs.outer), tally)
    kind = token.inner.token_type if token.inner is not None else token.token_type
    if theirs.body and _same_kind(kind, theirs.body_kind):
        held += _hold(pairs_for(kind), inner, _placed(theirs.body), tally)
    found = [_differences(ours, each, tally) for each in held]
    for each in found:
        yield from each
    yield from _positions(ours, held)


def _same_kind(ours: str, theirs: str) -> bool:
    return ours == theirs or (theirs == "NTLM signature" and ours.startswith("GSS_"))


def _is_of_spnego(field: Field) -> bool:
    """Whether a field of a SPNEGO token is outside the token that it carries."""
    return ".mechToken." not in field.path and ".responseToken." not in field.path


def _placed(trees: Sequence[Node]) -> list[Placed]:
    found: list[Placed] = []
    pending = [Placed((), tree) for tree in reversed(trees)]
    while pending:
        placed = pending.pop()
        found.append(placed)
        above = (*placed.above, placed.node.name)
        pending += [Placed(above, child) for child in reversed(placed.node.children)]
    return found


# -- which is which -----------------------------------------------------------------------------------


def _hold(
    pairs: Sequence[Pair], fields: list[Field], nodes: list[Placed], tally: Counter[str]
) -> list[Held]:
    held: list[Held] = []
    known = set(NOT_COMPARED)
    for pair in pairs:
        fits = _path_pattern(pair.ours)
        *above, name = pair.theirs.split(">")
        known.add(name)
        mine = [field for field in fields if fits.search(field.path)]
        its = [p.node for p in nodes if p.node.name == name and _is_below(p.above, above)]
        if its or (mine and not pair.optional):
            held += [Held(pair, *both) for both in zip_longest(mine, its)]
    for placed in nodes:
        if placed.node.name not in known and not placed.node.name.startswith("_ws."):
            tally[f"unmapped {placed.node.name}"] += 1
    return held


def _is_below(above: tuple[str, ...], wanted: list[str]) -> bool:
    """Whether the wanted names stand above, in that order."""
    rest = iter(above)
    return all(name in rest for name in wanted)


@lru_cache(maxsize=1024)
def _path_pattern(paths: str) -> re.Pattern[str]:
    ends = "|".join(r"\.".join(map(_part_pattern, path.split("."))) for path in paths.split("|"))
    return re.compile(rf"(?:^|\.)(?:{ends})$")


def _part_pattern(part: str) -> str:
    return r"\d+" if part == "#" else re.escape(part).replace(r"\*", "[^.]*")


# -- value and bytes ----------------------------------------------------------------------------------


def _differences(ours: OurToken, held: Held, tally: Counter[str]) -> list[Difference]:
    pair, field, node = held
    if field is None or node is None:
        mine = field.text if field is not None else None
        return [_difference(VALUE, ours, held, mine, _shown(pair, node))]
    tally["fields"] += 1
    found = []
    if field.value is not None and not pair.same(field.value, node):
        found.append(_difference(VALUE, ours, held, field.text, _shown(pair, node)))
    content = ours.token.bytes_of(field)
    if pair.octets and node.value and _content_start(content, node.raw) is None:
        found.append(_difference(BYTES, ours, held, content, node.raw))
    return found


def _shown(pair: Pair, node: Node | None) -> str | bytes | None:
    """What tshark shows; of bytes, which may be secret, the bytes."""
    if node is None:
        return None
    return node.raw if pair.same is octets else node.show


def _difference(kind: str, ours: OurToken, held: Held, mine: object, its: object) -> Difference:
    column = held.field.path if held.field is not None else held.pair.ours
    return Difference(kind, column, mine, its, ours.frame, ours, field=held.field, node=held.node)


def _content_start(element: bytes, content: bytes) -> int | None:
    """Where tshark's bytes begin in ours, which may have headers before them; None if they differ."""
    if element == content:
        return 0
    if not element.endswith(content):
        return None
    at, start = 0, len(element) - len(content)
    while at < start:
        size = _header_size(element, at)
        if size is None:
            return None
        at += size
    return start if at == start else None


def _header_size(element: bytes, at: int) -> int | None:
    """Octets of the header at `at` whose length is that of all that follows: DER's, or an AV pair's."""
    rest = len(element) - at
    if at == 0 and element[:1] <= b"\x0a" and element[1:2] == b"\0" and rest >= 4:
        return 4 if int.from_bytes(element[2:4], "little") == rest - 4 else None
    if rest < 2:
        return None
    first = element[at + 1]
    if first < 0x80:
        bit_string = element[at] == BIT_STRING  # whose first octet counts unused bits
        return None if first != rest - 2 else 3 if bit_string else 2
    more = first & 0x7F
    if not 1 <= more <= 4 or rest < 2 + more:
        return None
    length = int.from_bytes(element[at + 2 : at + 2 + more])
    return 2 + more if length == rest - 2 - more else None


# -- position -----------------------------------------------------------------------------------------


def _positions(ours: OurToken, held: list[Held]) -> Iterator[Difference]:
    """Differences of those whose distance to our position is not the one that most have."""
    distances: list[tuple[int, Held]] = []
    for each in held:
        pair, field, node = each
        if field is None or node is None or not pair.octets or not node.value:
            continue
        start = _content_start(ours.token.bytes_of(field), node.raw)
        if start is not None:
            distances.append((node.pos - field.span.start - start, each))
    if not distances:
        return
    usual = Counter(distance for distance, _ in distances).most_common(1)[0][0]
    for distance, each in distances:
        if distance != usual:
            assert each.field is not None
            assert each.node is not None
            at = each.field.span.end - len(each.node.raw)
            yield _difference(POSITION, ours, each, at, each.node.pos - usual)
