"""What DuckDB complains about becomes a complaint of ours, in one line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb

from analyzer.errors import UsageError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def errors_about(path: Path) -> Iterator[None]:
    """Make a `UsageError` of whatever keeps DuckDB, or us, from reading or writing the file `path`."""
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(f"{path}: {first_line(error)}") from None
    except RuntimeError as error:  # DuckDB's word for Ctrl-C
        if "interrupted" in str(error).lower():
            raise KeyboardInterrupt from None
        raise
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
