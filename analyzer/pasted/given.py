"""What a caller hands over: bytes that are text become text, a file what it holds.

Text is UTF-8, or UTF-16 with its mark, as PowerShell 5 writes files. A token holds control characters in
its first bytes, text does not.
"""

from __future__ import annotations

import codecs
from os import PathLike
from pathlib import Path

from analyzer.errors import UsageError

FILE_LIMIT = 10_000_000
SEEN = 4096  # bytes in which control characters are looked for
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
TEXT_CONTROLS = b"\t\n\r\x1b"


def text_or_bytes(data: bytes) -> bytes | str:
    """Bytes that are text as text, others as they are."""
    if data.startswith(UTF_16):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            return data
    if any(byte < 0x20 and byte not in TEXT_CONTROLS for byte in data[:SEEN]):
        return data
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data


def read_file(path: str | PathLike[str]) -> bytes | str:
    """What a file holds, up to 10 MB. Raises `UsageError` if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return text_or_bytes(file.read(FILE_LIMIT))
    except FileNotFoundError:
        raise UsageError(f"token: no such file: {path}") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "unreadable"
        raise UsageError(f"token: {path}: {why.lower()}") from None
