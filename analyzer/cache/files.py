"""One kept file: a header in JSON, and parts, of which who reads it takes those that he needs.

Written whole or not at all, readable by its owner. Layout: `MAGIC`, 32 bytes BLAKE2b of what follows up to
the parts, length of the header (8 bytes, little endian), header, parts. The header tells of each part where
it begins and ends behind the header, and its digest. Numbers of machine words are in the byte order of who
wrote them, which the proof names.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, BinaryIO

from dissectors.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

MAGIC = b"negoscope kept 2\n"
LARGEST = 1 << 30
"""Bytes of a kept file beyond which it is not read, and not written."""
_DIGEST = 32
_START = len(MAGIC) + _DIGEST + 8
_SHARED = 0o022  # others may write: so who knows who wrote it


class Kept(NamedTuple):
    """What was read of a kept file, all of it as it was written."""

    header: dict[str, Any]
    parts: dict[str, memoryview]


def read_kept(path: Path, wanted: Collection[str] = ()) -> Kept | None:
    """Read the header and the parts that are wanted; None if there is no such file.

    Raises `ValueError` for a file that must not be used.
    """
    try:
        with _opened(path) as file:
            start = file.read(_START)
            length = int.from_bytes(start[-8:], "little")
            if len(start) < _START or start[: len(MAGIC)] != MAGIC or length > LARGEST:
                raise ValueError("no file of rows")
            text = file.read(length)
            if _digest(start[-8:] + text) != start[len(MAGIC) : -8]:
                raise ValueError("damaged")
            header = _header(text)
            parts = {}
            for name in wanted:
                begin, end, told = header["parts"][name]
                file.seek(_START + length + begin)
                data = file.read(end - begin)
                if len(data) != end - begin or _digest(data).hex() != told:
                    raise ValueError("damaged")
                parts[name] = memoryview(data)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    except (KeyError, TypeError) as error:
        raise ValueError(f"no part {error}") from None
    return Kept(header, parts)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST).digest()


def _header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except RecursionError:
        header = None
    if isinstance(header, dict):
        return header
    raise ValueError("no header")


def _opened(path: Path) -> BinaryIO:
    """The file, if only its owner, who is the user, can have written it."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    file = open(os.open(path, flags | getattr(os, "O_BINARY", 0)), "rb")  # noqa: PTH123, SIM115
    doubt = _doubt(os.fstat(file.fileno()))
    if doubt is None:
        return file
    file.close()
    raise ValueError(doubt)


def _doubt(found: os.stat_result) -> str | None:
    if not S_ISREG(found.st_mode):
        return "no regular file"
    if hasattr(os, "geteuid") and (found.st_uid != os.geteuid() or found.st_mode & _SHARED):
        return "others may have written it"
    return "too large" if found.st_size > LARGEST else None


def write_kept(path: Path, header: dict[str, Any], parts: dict[str, list[bytes]]) -> None:
    """Write a kept file. Raises `OSError` if it can't be, `ValueError` if it would be too large."""
    places: dict[str, list[Any]] = {}
    at = 0
    for name, pieces in parts.items():
        digest = blake2b(digest_size=_DIGEST)
        for piece in pieces:
            digest.update(piece)
        end = at + sum(map(len, pieces))
        places[name] = [at, end, digest.hexdigest()]
        at = end
    text = json.dumps({**header, "parts": places}, separators=(",", ":")).encode()
    head = len(text).to_bytes(8, "little") + text
    if _START + len(text) + at > LARGEST:
        raise ValueError("too large to be kept")
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    with suppress(FileNotFoundError):
        partial.unlink()  # of a process of that number that was stopped
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with open(os.open(partial, flags, 0o600), "wb") as file:  # noqa: PTH123 - from a number
            file.writelines((MAGIC, _digest(head), head, *chain.from_iterable(parts.values())))
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
