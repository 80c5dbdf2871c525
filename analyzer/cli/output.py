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
