"""A text file that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from analyzer.errors import UsageError


@contextmanager
def written(output: str | os.PathLike[str]) -> Iterator[IO[str]]:
    """Open a file for text; a pipe or device is written to directly. `UsageError` where that fails."""
    path = Path(output)
    plain = not path.exists() or path.is_file()  # a pipe or device can't be replaced
    target = Path(os.path.realpath(path)) if plain else path  # a link stays a link
    try:
        if plain:
            with _appearing(target) as out:
                yield out
        else:
            with target.open("w", encoding="utf-8", newline="") as out:
                yield out
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{output}: {error.strerror or error}") from None


@contextmanager
def _appearing(target: Path) -> Iterator[IO[str]]:
    """A file beside the target that takes its place in the end; gone again whatever comes in between."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    out = partial.open("x", encoding="utf-8", newline="")  # not what others laid there
    try:
        with out:
            yield out
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
