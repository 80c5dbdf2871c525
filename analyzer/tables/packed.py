"""One column of a table, as it grows by a million rows.

The latest rows stay as they came: most captures have few, and pay nothing. Whole blocks of rows before them
are packed (`blocks`). A column reads like a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, overload

from analyzer.tables.blocks import Block, Coded, NumberLists, Numbers, Plain, Values, pack

BLOCK = 1 << 13
"""Rows that are packed together."""
SHARED = frozenset({"category", "bool", "strs"})
"""Kinds whose cells are mostly a few objects again and again."""
SPARED = 4
"""Blocks of such a column that stay as they came: there is more time to lose than room to win."""


class Cells(Sequence[Any]):
    """The cells of one column, in order; `kind` is that of the schema."""

    __slots__ = ("_blocks", "_latest", "_values", "kind")

    __hash__ = None  # type: ignore[assignment] # equal by its cells, and it grows

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._blocks: list[Block] = []
        self._latest: list[Any] = []
        self._values = Values()

    def append(self, cell: Any) -> None:
        """Add one cell."""
        self.extend((cell,))

    def extend(self, cells: Iterable[Any]) -> None:
        """Add cells; a block that gets full is packed."""
        latest = self._latest
        latest.extend(cells)
        while len(latest) >= BLOCK:
            cells = latest[:BLOCK]
            spared = self.kind in SHARED and len(self._blocks) < SPARED
            self._blocks.append(Plain(cells) if spared else pack(self.kind, cells, self._values))
            del latest[:BLOCK]

    def take(self, block: Block, count: int) -> None:
        """Add all cells of a block of that many; a first one stays packed, cut to blocks of `BLOCK`."""
        if len(self):
            self.extend(block.part(0, count))
            return
        if isinstance(block, Coded):
            self._values = Values.of(self.kind, block.values)
        whole = count - count % BLOCK
        self._blocks = [block.cut(begin, begin + BLOCK) for begin in range(0, whole, BLOCK)]
        self._latest = block.part(whole, count)

    def blocks(self) -> Iterator[Block | list[Any]]:
        """All cells: packed blocks, then a list."""
        yield from self._blocks
        yield self._latest

    def window(self, begin: int, end: int) -> Cells:
        """Rows from the beginning of a block on, without a copy of whole blocks."""
        seen = Cells(self.kind)
        seen._blocks = self._blocks[begin // BLOCK : end // BLOCK]
        seen._latest = self[begin + len(seen._blocks) * BLOCK : end]
        return seen

    def by_place(self, begin: int, end: int) -> Any:
        """Rows of one block as what is quick to subscript: as they are packed where that costs no more."""
        number, stop = begin // BLOCK, end - begin
        if begin % BLOCK or stop != BLOCK or number >= len(self._blocks):
            return self[begin:end]
        block = self._blocks[number]
        if isinstance(block, Plain) or (isinstance(block, Numbers) and not block.nulls):
            return block.values
        return block if isinstance(block, NumberLists) else block.part(0, BLOCK)

    def __len__(self) -> int:
        return len(self._blocks) * BLOCK + len(self._latest)

    def __iter__(self) -> Iterator[Any]:
        if not self._blocks:
            return iter(self._latest)
        packed = chain.from_iterable(block.part(0, BLOCK) for block in self._blocks)
        return chain(packed, self._latest)

    @overload
    def __getitem__(self, place: int) -> Any: ...
    @overload
    def __getitem__(self, place: slice) -> list[Any]: ...
    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return self._stretch(*place.indices(len(self)))
        if not self._blocks:
            return self._latest[place]
        count = len(self)
        if place < 0:
            place += count
        if not 0 <= place < count:
            raise IndexError("no such row")
        number, inside = divmod(place, BLOCK)
        return self._latest[inside] if number == len(self._blocks) else self._blocks[number][inside]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Cells, list)):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"<{len(self)} cells of kind {self.kind}>"

    def _stretch(self, begin: int, end: int, step: int) -> list[Any]:
        if step != 1:
            return [self[place] for place in range(begin, end, step)]
        if not self._blocks:
            return self._latest[begin:end]
        found: list[Any] = []
        while begin < end:
            number, inside = divmod(begin, BLOCK)
            stop = min(inside + end - begin, BLOCK)
            if number == len(self._blocks):
                found += self._latest[inside:stop]
            else:
                found += self._blocks[number].part(inside, stop)
            begin += stop - inside
        return found
