"""Rows of captures that workers have read, put behind each other in the order of the captures.

Each capture's negotiations are numbered from a base of its own; here they get the numbers that one process
would have given them, also where a sentence names another negotiation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.cluster.exact import exact_columns
from analyzer.tables.numbered import NUMBERED, TELLING, moved
from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from analyzer.capture.model import CaptureAccount
    from analyzer.cluster.folder import Folder
    from analyzer.tables.collect import Tables

_LONG_NUMBER = re.compile(r"(?<!\d)\d{16}(?!\d)")


class Found(NamedTuple):
    """What a worker has left: files by table, the base of its numbers, how many negotiations there are."""

    files: dict[str, str]
    base: int
    negotiations: int


class CaptureRows:
    """The rows of one capture, as a worker has left them in the run's folder."""

    def __init__(
        self, tables: Tables, folder: Folder, database: DuckDBPyConnection, found: Found
    ) -> None:
        self._database = database
        self._tables = tables
        self._folder = folder
        self._files, self._base, self._count = found

    def close(self, _account: CaptureAccount, _seconds: float) -> None:
        """Add them to the tables; as `Collector.close`, but all there is to tell is in the rows."""
        tables = self._tables
        by = tables.numbered - self._base
        for name, file in self._files.items():
            table = tables.schema[name]
            with self._folder.reading(file) as path:
                for columns in exact_columns(self._database, table, path):
                    for column in NUMBERED.get(name, ()):
                        columns[column] = moved(columns[column], by)
                    for column in TELLING.get(name, ()):
                        columns[column] = [self._told(text, by) for text in columns[column]]
                    tables.grow(name, columns)
        tables.numbered += self._count

    def _told(self, text: str | None, by: int) -> str | None:
        if text is None or not _LONG_NUMBER.search(text):
            return text
        return _LONG_NUMBER.sub(lambda found: self._number(found[0], by), text)

    def _number(self, digits: str, by: int) -> str:
        number = int(digits)
        ours = self._base < number <= self._base + self._count
        return str(number + by) if ours else digits
