"""Captures at URLs (`s3://bucket/x.pcap`): read in pieces through fsspec, by whoever has the driver for them.

No file is ever fetched whole: a driver reads on in blocks, and keeps no more than a few of them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from analyzer.errors import UsageError
from dissectors.records import dataclass

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.:-]+://")
_OWN_DISK = ("file://", "local://")
_READ_BYTES = 1 << 20
_NEEDS = "URLs need fsspec and the driver for them: pip install 'negoscope[dask]' s3fs"


def is_url(text: str) -> bool:
    """Whether this names a place through fsspec, not a path."""
    return _URL.match(text) is not None


def path_of_url(url: str) -> str | None:
    """The path that a `file:` URL names; None for any other."""
    return next((url[len(own) :] for own in _OWN_DISK if url.startswith(own)), None)


def file_system(url: str) -> tuple[AbstractFileSystem, str]:
    """Return the fsspec file system of a URL and the place in it. `UsageError` for what can't be had."""
    if "::" in url:
        raise UsageError(f"{url}: a chain of file systems, which may fetch whole files")
    if urlsplit(url).password:
        place = url.partition("@")[2]
        raise UsageError(f"...@{place}: no passwords in URLs; give them to the driver's settings")
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only for URLs
    except ImportError:
        raise UsageError(f"{url}: {_NEEDS}") from None
    found: tuple[AbstractFileSystem, str] = asked(url, lambda: url_to_fs(url))
    return found


def asked(url: str, question: Callable[[], Any]) -> Any:
    """Ask a driver. `UsageError` with one line for whatever it raises, as drivers raise what they like."""
    try:
        return question()
    except FileNotFoundError:
        raise UsageError(f"{url}: no such file or directory") from None
    except Exception as error:  # noqa: BLE001
        raise UsageError(f"{url}: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    said = str(error).strip() or type(error).__name__
    return said.splitlines()[0]


def file_at(url: str) -> io.BufferedIOBase:
    """Open a URL for reading. Raises `OSError` with one line, now or while it is read."""
    try:
        system, place = file_system(url)
        return _Pieces(system.open(place, "rb"))
    except UsageError as error:
        raise OSError(str(error).removeprefix(f"{url}: ")) from None
    except FileNotFoundError:
        raise OSError("No such file or directory") from None
    except Exception as error:  # noqa: BLE001 - drivers raise what they like
        raise OSError(_one_line(error)) from None


class _Pieces(io.BufferedIOBase):
    """What a driver has opened and buffers, as Python's own files are: what goes wrong is an `OSError`."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """Whether any place can be read."""
        return bool(self._file.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        return int(self._told(lambda: self._file.seek(offset, whence)))

    def tell(self) -> int:
        """The place."""
        return int(self._file.tell())

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes, fewer only at the end."""
        pieces: list[bytes] = []
        left = size if size is not None and size >= 0 else 1 << 62
        while left and (piece := self._piece(left)):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        found: bytes = self._told(lambda: self._file.read(min(size, _READ_BYTES)))
        return found

    def readinto1(self, buffer: Any, /) -> int:
        """What one reading gives: what came before an error is not lost with it."""
        data = self._piece(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let go of it."""
        if not self.closed:
            super().close()
            self._file.close()

    def _told(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001
            raise OSError(_one_line(error)) from None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that was found at a URL."""

    url: str
    size: int  # 0 where the driver does not know


def files_at(url: str) -> tuple[list[Entry], bool]:
    """Files that a URL names: one, those that its pattern matches, or all below a directory (then True).

    Hidden files of a directory are left out. `UsageError` if there are none.
    """
    system, place = file_system(url)
    if any(sign in place for sign in "*?[") and not asked(url, lambda: system.exists(place)):
        found = asked(url, lambda: system.glob(place, detail=True))
        if not found:
            raise UsageError(f"{url}: no file matches")
        return _entries(system, found), False
    info = asked(url, lambda: system.info(place))
    if info.get("type") != "directory":
        return [Entry(url, info.get("size") or 0)], False
    below = asked(url, lambda: system.find(place, detail=True))
    start = len(place.rstrip("/"))
    shown = {name: said for name, said in below.items() if "/." not in name[start:]}
    if not shown:
        raise UsageError(f"{url}: no files in this directory")
    return _entries(system, shown), True


def _entries(system: AbstractFileSystem, found: dict[str, Any]) -> list[Entry]:
    return [
        Entry(system.unstrip_protocol(name), info.get("size") or 0)
        for name, info in sorted(found.items())
        if info.get("type") != "directory"
    ]
