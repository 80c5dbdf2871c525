"""Columns that are packed after a few rows already, so that a few rows test what millions do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

ROWS = 4


@contextmanager
def small_blocks() -> Iterator[None]:
    """Blocks of four rows within."""
    with (
        patch("analyzer.tables.packed.BLOCK", ROWS),
        patch("analyzer.tables.packed.SPARED", 1),
        patch("analyzer.tables.arrays.BLOCK", ROWS),
        patch("analyzer.tables.parquet.BLOCK", ROWS),
        patch("analyzer.tables.parquet.ROW_GROUP", ROWS * 2),
    ):
        yield
