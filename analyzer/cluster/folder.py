"""The folder of one run on storage that all workers share: rows lie there until they are merged.

It is a directory, or a place at a URL of fsspec. A mark in it tells workers that the run goes on: when it is
gone they stop. Files appear whole or not at all, under names that no other attempt uses.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.capture.remote import asked, file_system, is_url, path_of_url
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fsspec import AbstractFileSystem

_MARK = "running"
_REMOVAL_TRIES = 5  # a worker may be about to put something there
_PAUSE_S = 0.2


class Folder:
    """A run's folder; `where` names it, `mark` is what must be in its mark."""

    def __init__(self, where: str, mark: str) -> None:
        self.where = where
        self.mark = mark
        self._system: AbstractFileSystem | None = None
        self._place = where
        if is_url(where):
            self._system, self._place = file_system(where)

    @classmethod
    def make(cls, within: str | None) -> Folder:
        """Make a new one in a directory or at a URL, or where temporary files go. Raises `UsageError`."""
        mark = secrets.token_hex(16)
        try:
            if within is not None and is_url(within) and path_of_url(within) is None:
                made = cls(f"{within.rstrip('/')}/negoscope-{mark[:12]}", mark)
            else:
                made = cls(_new_directory(within), mark)
            made._put_mark()
        except OSError as error:
            raise UsageError(f"--cluster-dir {within}: {error.strerror or error}") from None
        return made

    def _put_mark(self) -> None:
        if self._system is None:
            Path(self._place, _MARK).write_text(self.mark, encoding="ascii")
            return
        system = self._system
        asked(self.where, lambda: system.makedirs(self._place, exist_ok=True))
        asked(self.where, lambda: system.pipe_file(self._at(_MARK), self.mark.encode()))

    def goes_on(self) -> bool:
        """Whether the run is still wanted; also False where the folder can't be seen."""
        try:
            if self._system is None:
                return Path(self._place, _MARK).read_text(encoding="ascii") == self.mark
            self._system.invalidate_cache()
            return bool(self._system.cat_file(self._at(_MARK)) == self.mark.encode())
        except Exception:  # noqa: BLE001 - drivers raise what they like
            return False

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Give a path; what is written there is in the folder afterwards."""
        if self._system is None:
            yield Path(self._place, name)
            return
        system = self._system
        with tempfile.TemporaryDirectory(prefix="negoscope-") as own:
            path = Path(own, name)
            yield path
            asked(self.where, lambda: system.put_file(str(path), self._at(name)))

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        """Give a path at which a file of the folder can be read; the file is gone afterwards."""
        if self._system is None:
            path = Path(self._place, name)
            yield path
            path.unlink(missing_ok=True)
            return
        system = self._system
        with tempfile.TemporaryDirectory(prefix="negoscope-") as own:
            path = Path(own, name)
            asked(self.where, lambda: system.get_file(self._at(name), str(path)))
            yield path
        asked(self.where, lambda: system.rm_file(self._at(name)))

    def remove(self) -> None:
        """Remove it with all that is in it; whoever still works for it stops."""
        if self._system is not None:
            with suppress(Exception):  # what can't be removed now is left to the storage's owner
                self._system.rm_file(self._at(_MARK))
                self._system.rm(self._place, recursive=True)
            return
        Path(self._place, _MARK).unlink(missing_ok=True)
        for _ in range(_REMOVAL_TRIES):
            shutil.rmtree(self._place, ignore_errors=True)
            if not Path(self._place).exists():
                return
            time.sleep(_PAUSE_S)

    def _at(self, name: str) -> str:
        return f"{self._place.rstrip('/')}/{name}"


def _new_directory(within: str | None) -> str:
    """A directory for this run alone; in a given one, open to whom that is open to: workers may be others."""
    if within is None:
        return tempfile.mkdtemp(prefix="negoscope-")
    parent = Path(path_of_url(within) or within).absolute()
    parent.mkdir(parents=True, exist_ok=True)
    made = tempfile.mkdtemp(prefix="negoscope-", dir=parent)
    Path(made).chmod(parent.stat().st_mode & 0o777)
    return made
