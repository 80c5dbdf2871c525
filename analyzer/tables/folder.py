"""Several files that appear together in a folder, or not at all."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def filled_at_once(folder: Path) -> Iterator[Path]:
    """Give a place for files that go into `folder`, replacing others of their names, when all is done.

    After a failure, or an interrupt, `folder` is as it was before. Raises `UsageError` where nothing can be
    written.
    """
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".negoscope-", dir=folder) as name:
            yield Path(name)
            for made in sorted(Path(name).iterdir()):
                made.replace(folder / made.name)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}") from None
    finally:
        if is_new:
            with suppress(OSError):  # there, and not empty: all went well
                folder.rmdir()
