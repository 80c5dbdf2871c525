"""Where a command writes: standard output, or a file that is none of its inputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
    from analyzer.report.written import written

    with written(output) as out:
        yield out
