"""What was made of the rows of all captures together, kept beside these rows: a file for each thing made.

It holds while every capture does (`proof`), and they have the same names in the same order. It is kept as
JSON; who made it reads it back, and doubts it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from analyzer.cache.files import read_kept, write_kept
from analyzer.cache.pages import check_cells
from analyzer.tables.schema import CAPTURES
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from analyzer.cache.cache import Cache
    from analyzer.cache.proof import Proof
    from analyzer.tables.collect import Columns

ENDING = ".negoscope-made"
"""Of files with what was made; no other file in the folder is looked at."""
MOST = 256
"""Such files in a folder: each choice of captures has its own, so that the oldest have to go."""
DOUBTFUL = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)
"""What reading raises where something else was kept than is looked for."""


class About(NamedTuple):
    """What there is to know of an analysis without its rows."""

    read: list[int]  # places of the inputs that could be read
    last_ids: list[int]  # of each of these the number of its last negotiation
    damaged: bool
    errors: list[str]
    notes: list[str]
    captures: Columns  # that table


class Made:
    """What is kept of what was made of these captures."""

    def __init__(self, cache: Cache, names: Sequence[str], proofs: Sequence[Proof]) -> None:
        self._cache = cache
        self._facts = [[name, proof.facts] for name, proof in zip(names, proofs, strict=True)]
        self._key = repr([(name, proof.key) for name, proof in zip(names, proofs, strict=True)])
        self._found: dict[str, tuple[About, Any]] = {}
        self.about: About | None = None
        """Of the analysis, once its rows are known to be those of the captures as they were proven."""

    def find(self, what: str) -> About | None:
        """Look for what is kept of a thing; None if there is nothing that may be used."""
        if what not in self._found:
            path = self._cache.folder / self._name(what)
            try:
                kept = read_kept(path, ("made",))
                if kept is None or kept.header.get("proof") != self._facts:
                    return None
                about, value = json.loads(bytes(kept.parts["made"]))
                self._found[what] = _about(about, len(self._facts)), value
            except DOUBTFUL as error:
                self._cache.notice(f"{path}: not used: {error}")
                return None
        return self._found[what][0]

    def once(
        self,
        what: str,
        plain: Callable[[Any], Any],
        read: Callable[[Any], Any],
        make: Callable[[], Any],
    ) -> Any:
        """Give the thing as it is kept, or make and keep it.

        `plain` makes of it what JSON can hold; `read` brings it back, or raises one of `DOUBTFUL`.
        """
        if self.find(what) is not None:
            try:
                return read(self._found.pop(what)[1])
            except DOUBTFUL as error:
                self._cache.notice(f"{self._cache.folder / self._name(what)}: not used: {error}")
        made = make()
        if self.about is not None:
            self._keep(what, self.about, plain(made))
        return made

    def _keep(self, what: str, about: About, value: Any) -> None:
        path = self._cache.put_in / self._name(what)
        try:
            text = json.dumps([about, value], separators=(",", ":")).encode()
            write_kept(path, {"proof": self._facts}, {"made": [text]})
            drop_oldest(path.parent)
        except OSError as error:
            self._cache.notice(f"{path}: not kept: {error.strerror or error}")
        except (ValueError, TypeError) as error:
            self._cache.notice(f"{path}: not kept: {error}")

    def _name(self, what: str) -> str:
        key = blake2b(f"{what}\0{self._key}".encode("utf-8", "surrogateescape"))
        return f"{key.hexdigest()[:32]}{ENDING}"


def _about(plain: Any, inputs: int) -> About:
    about = About(*plain)
    if not all(type(place) is int and 0 <= place < inputs for place in about.read):
        raise ValueError("inputs that there are not")
    if len(about.last_ids) != len(about.read) or set(map(type, about.last_ids)) - {int}:
        raise ValueError("no numbers of negotiations")
    if set(map(type, about.errors + about.notes)) - {str} or type(about.damaged) is not bool:
        raise ValueError("no account of the inputs")
    read_columns(CAPTURES.columns, about.captures)
    return about


def read_columns(columns: Sequence[Any], plain: Any) -> Columns:
    """Columns of a table as they come from JSON. Raises one of `DOUBTFUL` for anything else."""
    if list(plain) != [column.name for column in columns]:
        raise ValueError("other columns")
    if len(set(map(len, plain.values()))) > 1:
        raise ValueError("columns of several lengths")
    for column in columns:
        check_cells(column.kind, plain[column.name])
    found: Columns = plain
    return found


def drop_oldest(folder: Path) -> None:
    """Leave no more than `MOST` files with what was made; others may do the same at this moment."""
    ages = []
    for path in folder.glob(f"*{ENDING}"):
        with suppress(OSError):
            ages.append((path.stat().st_mtime_ns, path))
    for _, path in sorted(ages, reverse=True)[MOST:]:
        with suppress(OSError):
            path.unlink()
