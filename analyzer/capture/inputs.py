"""Which captures are meant: files, directories, globs and `-` turned into a list of inputs."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Input:
    """One capture to read; from a directory, "not a capture" is only worth a note."""

    path: str
    from_directory: bool = False

    @property
    def name(self) -> str:
        """Base name, as tables show it."""
        return Path(self.path).name or self.path

    @property
    def is_standard_input(self) -> bool:
        """Whether the bytes come from standard input."""
        return self.path == STANDARD_INPUT


def expand(arguments: Sequence[str]) -> list[Input]:
    """Turn arguments into inputs, in order, each file once; UsageError for what is not there."""
    first_seen: dict[str, Input] = {}
    for argument in arguments:
        for item in _expand_one(argument):
            key = item.path if item.is_standard_input else os.path.realpath(item.path)
            first_seen.setdefault(key, item)
    return list(first_seen.values())


def _expand_one(argument: str) -> list[Input]:
    if argument == STANDARD_INPUT:
        return [Input(argument)]
    if os.path.lexists(argument):  # a file called `a[1].pcap` is that file, not a pattern
        return _file_or_directory(argument)
    if glob.has_magic(argument):
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207  # the pattern may be absolute
        if matches:
            return [item for match in matches for item in _file_or_directory(match)]
        raise UsageError(f"{argument}: no file matches")
    raise UsageError(f"{argument}: no such file or directory")


def _file_or_directory(path: str) -> list[Input]:
    if not Path(path).is_dir():
        return [Input(path)]
    try:
        found = list(_regular_files(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if not found:
        raise UsageError(f"{path}: no files in this directory")
    return found


def _regular_files(directory: str) -> Iterator[Input]:
    """One level, sorted; reading a pipe or device that happens to lie there could hang."""
    for path in sorted(Path(directory).iterdir()):
        if path.is_file():
            yield Input(str(path), from_directory=True)
