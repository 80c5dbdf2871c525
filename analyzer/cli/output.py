"""Where a command writes: standard output, or a file that is none of its inputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.capture.inputs import Input


def named(captures: tuple[str, ...]) -> list[Input]:
    """The inputs that were named one by one; a directory may well hold the output of an earlier run."""
    from analyzer.capture.inputs import Input

    return [Input(path) for path in captures]


def refuse_overwriting(output: str, inputs: Iterable[Input]) -> None:
    """Raise `UsageError` if the output is one of the inputs."""
    if os.path.realpath(output) in {source.identity for source in inputs}:
        raise UsageError(f"-o {output}: this is one of the captures to read")


@contextmanager
def writer(output: str | None) -> Iterator[IO[str]]:
    """Standard output, or a file that appears whole or not at all."""
    if output is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    plain = (
        not Path(output).exists() or Path(output).is_file()
    )  # a pipe or device can't be replaced
    target = Path(os.path.realpath(output)) if plain else Path(output)  # a link stays a link
    partial = target.with_name(target.name + ".part") if plain else target
    try:
        with partial.open("w", encoding="utf-8", newline="") as out:
            yield out
        if plain:
            partial.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        if plain:
            partial.unlink(missing_ok=True)
        raise UsageError(f"{output}: {error.strerror or error}") from None
