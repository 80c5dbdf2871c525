"""Which captures are meant: files, directories, globs and `-` turned into a list of inputs."""

from __future__ import annotations

import os
from dataclasses import replace
from io import BufferedIOBase
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.capture.remote import file_at, files_at, is_url, path_of_url
from analyzer.errors import UsageError
from dissectors.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class Input:
    """One capture to read; from a directory, "not a capture" is only worth a note."""

    path: str
    from_directory: bool = False
    label: str | None = None

    @property
    def name(self) -> str:
        """Base name, as tables show it; with folders where inputs would else look the same."""
        return self.label or Path(self.path).name or self.path

    @property
    def identity(self) -> str:
        """The same for every way to name the same file."""
        return self.path if self.is_standard_input else os.path.realpath(self.path)

    @property
    def size(self) -> int:
        """Bytes of the file, 0 where that can't be told."""
        try:
            return 0 if self.is_standard_input else Path(self.path).stat().st_size
        except OSError:
            return 0

    @property
    def is_standard_input(self) -> bool:
        """Whether the bytes come from standard input."""
        return self.path == STANDARD_INPUT


@dataclass(frozen=True, slots=True)
class RemoteInput(Input):
    """A capture at a URL, which is its `path`."""

    length: int = 0

    @property
    def identity(self) -> str:
        """The URL."""
        return self.path

    @property
    def size(self) -> int:
        """Bytes, as the driver told; 0 where it can't."""
        return self.length


@dataclass(frozen=True, slots=True)
class RotatedInput(Input):
    """A capture that lies in several files, in order; `path` is the first of them."""

    parts: tuple[Input, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(part.size for part in self.parts)


def parts_of(source: Input) -> tuple[Input, ...]:
    """The files of an input, in order: mostly it is one itself."""
    return source.parts if isinstance(source, RotatedInput) else (source,)


def opened(item: Input) -> BufferedIOBase:
    """Open a file or URL for reading. Raises `OSError`."""
    return file_at(item.path) if isinstance(item, RemoteInput) else open(item.path, "rb")  # noqa: PTH123


def expand(arguments: Sequence[str]) -> list[Input]:
    """Turn arguments into inputs, in order, each file once; UsageError for what is not there."""
    first_seen: dict[str, Input] = {}
    for argument in arguments:
        for item in _expand_one(argument):
            first_seen.setdefault(item.identity, item)
    return list(first_seen.values())


def with_distinct_names(inputs: Sequence[Input]) -> list[Input]:
    """Label inputs that share a base name with as many of their folders as tell them apart."""
    made = list(inputs)
    same: dict[str, list[int]] = {}
    for place, item in enumerate(inputs):
        same.setdefault(Path(item.path).name, []).append(place)
    for places in same.values():
        if len(places) == 1:
            continue
        parts = {place: Path(inputs[place].path).parts for place in places}
        depth = 1
        while len({parts[place][-depth:] for place in places}) < len(places):
            depth += 1
        for place in places:
            made[place] = replace(inputs[place], label="/".join(parts[place][-depth:]))
    return made


def _expand_one(argument: str) -> list[Input]:
    if argument == STANDARD_INPUT:
        return [Input(argument)]
    if os.path.lexists(argument):  # a file called `a[1].pcap` is that file, not a pattern
        return _file_or_directory(argument)
    if is_url(argument):
        return _at_url(argument)
    if any(each in argument for each in "*?["):
        import glob  # noqa: PLC0415 - only for patterns

        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207  # the pattern may be absolute
        if matches:
            return [item for match in matches for item in _file_or_directory(match)]
        raise UsageError(f"{argument}: no file matches")
    raise UsageError(f"{argument}: no such file or directory")


def _at_url(url: str) -> list[Input]:
    path = path_of_url(url)
    if path is not None:
        return _expand_one(path)
    entries, is_directory = files_at(url)
    return [RemoteInput(entry.url, is_directory, length=entry.size) for entry in entries]


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
    """All files below, sorted, hidden ones left out; a pipe or device that lies there could hang."""
    for folder, folders, files in os.walk(directory, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if not name.startswith(".") and path.is_file():
                yield Input(str(path), from_directory=True)


def _refuse(error: OSError) -> None:
    raise error
