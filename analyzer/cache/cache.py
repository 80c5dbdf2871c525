"""A folder in which the rows of each capture are kept, and found again while they hold."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.cache.files import Kept, read_kept, write_kept
from analyzer.cache.pages import block_of, column_bytes
from analyzer.cache.proof import Proof, prove, wait_until_settled
from analyzer.errors import UsageError
from analyzer.tables.blocks import Plain, Same
from analyzer.tables.numbered import NUMBERED, TELLING, moved
from analyzer.tables.schema import MADE_OF, TABLES
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from os import PathLike

    from analyzer.capture.inputs import Input
    from analyzer.pipeline import Options
    from analyzer.tables.blocks import Block
    from analyzer.tables.collect import Tables

ENDING = ".negoscope"
"""Of kept files; no other file in the folder is looked at."""
KEPT = tuple(name for name in TABLES if name not in MADE_OF)
"""Tables that are kept; others are made of them."""
_NUMBER = re.compile(r"\bnegotiations? \d")


class Marks(NamedTuple):
    """How far the tables are before a capture is added."""

    rows: dict[str, int]
    numbered: int


class Cache:
    """Kept rows in a folder. `notices` tell what could not be used, or kept, and why."""

    def __init__(self, folder: str | PathLike[str], put_in: Path | None = None) -> None:
        self.folder = Path(folder)
        self.put_in = put_in or self.folder
        self.notices: list[str] = []
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--cache {folder}: {error.strerror or error}") from None

    def look_up(
        self, sources: Sequence[Input], proofs: Sequence[Proof | None], options: Options
    ) -> list[tuple[Proof | None, bool]]:
        """For each capture what its rows depend on, None if they can't be kept; and whether they are kept."""
        found = []
        for source, proof in zip(sources, proofs, strict=True):
            known = proof is not None and self._is_kept(proof)
            if proof is not None and not known and wait_until_settled(proof):
                proof = prove(source, options)
            found.append((proof, known))
        return found

    def recall(
        self, proof: Proof, source: Input, tables: Tables, asked: Collection[str]
    ) -> bool | None:
        """Add the kept rows of the tables asked for; tell whether the capture is damaged.

        None if there are none after all, or none that hold behind the captures that are there already.
        """
        names = [name for name in KEPT if name in asked or name == "captures"]
        try:
            kept = read_kept(self._path(proof), names)
            if kept is None or kept.header.get("proof") != proof.facts:
                return None
            found = _Rows(kept, source.name, tables.numbered)
            if found.named_otherwise:
                return None
            made = {name: found.table(name) for name in names}
            whole = bool(made["captures"]["complete"][0])
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            self.notice(f"{self._path(proof)}: not used: {error}")
            return None
        for name, blocks in made.items():
            if name in asked:
                tables.grow_packed(name, blocks, found.counts[name])
        tables.numbered += found.counts["negotiations"]
        return not whole

    def still_holds(self, proof: Proof, source: Input, options: Options) -> bool:
        """Whether nothing has changed while a capture was read; else nothing of it may be kept."""
        now = prove(source, options)
        if now is not None and now.facts == proof.facts:
            return True
        self.notice(f"{source.name}: not kept: it changed while it was read")
        return False

    def keep(self, proof: Proof, source: Input, tables: Tables, before: Marks) -> None:
        """Keep the rows that were added since `before`."""
        places: dict[str, Any] = {}
        pages: dict[str, list[bytes]] = {}
        try:
            for name in KEPT:
                columns, begin = tables.columns[name], before.rows[name]
                placed, at = {}, 0
                pages[name] = []
                for column in TABLES[name].columns[1:]:
                    cells = list(columns[column.name][begin:])
                    if column.name in NUMBERED.get(name, ()):
                        cells = moved(cells, -before.numbered)
                    page = column_bytes(column.kind, cells)
                    pages[name].append(page)
                    placed[column.name] = [at, at + len(page)]
                    at += len(page)
                places[name] = {"rows": len(columns["capture"]) - begin, "columns": placed}
            told = chain.from_iterable(
                tables.columns[name][column][before.rows[name] :]
                for name, columns in TELLING.items()
                for column in columns
            )
            names_others = any(text and _NUMBER.search(text) for text in told)
            header = {
                "proof": proof.facts,
                "tables": places,
                "behind": before.numbered if names_others else None,
            }
            write_kept(self.put_in / f"{proof.key}{ENDING}", header, pages)
        except OSError as error:
            self.notice(f"{source.name}: not kept: {error.strerror or error}")
        except (ValueError, TypeError) as error:
            self.notice(f"{source.name}: not kept: {error}")

    def _path(self, proof: Proof) -> Path:
        return self.folder / f"{proof.key}{ENDING}"

    def _is_kept(self, proof: Proof) -> bool:
        try:
            kept = read_kept(self._path(proof))
        except ValueError as error:
            self.notice(f"{self._path(proof)}: not used: {error}")
            return False
        return kept is not None and kept.header.get("proof") == proof.facts

    def notice(self, text: str) -> None:
        """Tell it once."""
        if text not in self.notices:
            self.notices.append(text)


class _Rows:
    """Rows of one capture as they are read back. Whatever does not fit raises."""

    def __init__(self, kept: Kept, capture: str, numbered: int) -> None:
        self._kept = kept
        self._capture = capture
        self._numbered = numbered
        behind = kept.header["behind"]
        self.named_otherwise = behind is not None and behind != numbered
        self.counts = {name: kept.header["tables"][name]["rows"] for name in KEPT}
        for name, rows in self.counts.items():
            begin, end, _ = kept.header["parts"][name]
            if type(rows) is not int or not 0 <= rows <= end - begin:
                raise ValueError(f"no number of rows of {name}")
        if self.counts["captures"] != 1:
            raise ValueError("not one capture")

    def table(self, name: str) -> dict[str, Block]:
        """Columns of a table, each packed as one block, as they go behind what is there."""
        places, data, rows = (
            self._kept.header["tables"][name]["columns"],
            self._kept.parts[name],
            self.counts[name],
        )
        found: dict[str, Block] = {TABLES[name].names[0]: Same(self._capture)}
        for column in TABLES[name].columns[1:]:
            begin, end = places[column.name]
            if not 0 <= begin <= end <= len(data):
                raise ValueError(f"{column.name} lies outside")
            block = block_of(column.kind, data[begin:end], rows)
            if self._numbered and column.name in NUMBERED.get(name, ()):
                block = Plain(moved(block.part(0, rows), self._numbered))
            found[column.name] = block
        return found


def marks(tables: Tables) -> Marks:
    """How far the tables are."""
    return Marks({name: len(tables.columns[name]["capture"]) for name in KEPT}, tables.numbered)
