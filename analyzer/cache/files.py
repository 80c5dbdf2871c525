"""One kept file: a digest, a header in JSON, and columns. Written whole or not at all, readable by its owner.

Layout: `MAGIC`, 32 bytes BLAKE2b of all that follows, length of the header (8 bytes, little endian), header,
columns. Numbers of machine words are in the byte order of who wrote them, which the proof names.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from stat import S_ISREG
from typing import Any

from dissectors.records import NamedTuple

MAGIC = b"negoscope kept 1\n"
LARGEST = 1 << 30
"""Bytes of a kept file beyond which it is not read, and not written."""
_DIGEST = 32
_START = len(MAGIC) + _DIGEST + 8
_SHARED = 0o022  # others may write: so who knows who wrote it


class Kept(NamedTuple):
    """A kept file that is whole: its header, and the bytes that the header's places count from."""

    header: dict[str, Any]
    body: memoryview


def read_header(path: Path) -> dict[str, Any] | None:
    """Read only what a kept file says of itself; None if there is none. `ValueError` as `read_kept`."""
    data = _bytes_of(path, _START)
    if data is None:
        return None
    length = int.from_bytes(data[-8:], "little")
    if len(data) < _START or data[: len(MAGIC)] != MAGIC or length > LARGEST:
        raise ValueError("no file of rows")
    return _header((_bytes_of(path, _START + length) or b"")[_START:])


def read_kept(path: Path) -> Kept | None:
    """Read a kept file; None if there is none. Raises `ValueError` for one that must not be used."""
    data = _bytes_of(path, LARGEST)
    if data is None:
        return None
    if len(data) < _START or data[: len(MAGIC)] != MAGIC:
        raise ValueError("no file of rows")
    told = data[len(MAGIC) : len(MAGIC) + _DIGEST]
    rest = memoryview(data)[len(MAGIC) + _DIGEST :]
    if blake2b(rest, digest_size=_DIGEST).digest() != told:
        raise ValueError("damaged")
    end = 8 + int.from_bytes(rest[:8], "little")
    return Kept(_header(bytes(rest[8:end])), rest[end:])


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except RecursionError:
        header = None
    if isinstance(header, dict):
        return header
    raise ValueError("no header")


def _bytes_of(path: Path, most: int) -> bytes | None:
    """The file's first bytes, if only its owner, who is the user, can have written it. None: no file."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb") as file:  # noqa: PTH123
            found = os.fstat(file.fileno())
            if not S_ISREG(found.st_mode):
                raise ValueError("no regular file")
            if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & _SHARED):
                raise ValueError("others may have written it")
            if found.st_size > LARGEST:
                raise ValueError("too large")
            return file.read(most)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None


def write_kept(path: Path, header: dict[str, Any], columns: list[bytes]) -> None:
    """Write a kept file. Raises `OSError` if it can't be, `ValueError` if it would be too large."""
    text = json.dumps(header, separators=(",", ":")).encode()
    parts = [len(text).to_bytes(8, "little"), text, *columns]
    if _START + sum(map(len, parts)) > LARGEST:
        raise ValueError("too large to be kept")
    digest = blake2b(digest_size=_DIGEST)
    for part in parts:
        digest.update(part)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with suppress(FileNotFoundError):
        partial.unlink()  # of a process of that number that was stopped
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(partial, flags, 0o600), "wb") as file:  # noqa: PTH123 - from a number
            file.writelines((MAGIC, digest.digest(), *parts))
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
