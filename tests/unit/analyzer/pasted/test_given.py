"""Bytes and files as callers hand them over."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import UsageError
from analyzer.pasted.given import read_file, text_or_bytes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "ascii"])
def test_text_is_read_in_its_encoding(encoding: str) -> None:
    """PowerShell 5 writes UTF-16 with a mark."""
    assert text_or_bytes("Negotiate YII=\r\n".encode(encoding)) == "Negotiate YII=\r\n"


@pytest.mark.parametrize("data", [b"\x60\x48\x06", b"NTLMSSP\0", b"abc\xff", b"\xff\xfea"])
def test_other_bytes_stay_bytes(data: bytes) -> None:
    """Control characters, and what is no text of any encoding."""
    assert text_or_bytes(data) == data


def test_files(tmp_path: Path) -> None:
    """A file's text; a clear word where there is none."""
    path = tmp_path / "token.txt"
    path.write_text("YII=", encoding="utf-16")
    assert read_file(path) == "YII="
    with pytest.raises(UsageError, match=r"^token: no such file: .*missing"):
        read_file(tmp_path / "missing")
    with pytest.raises(UsageError, match=r"^token: .*: is a directory"):
        read_file(tmp_path)
    with pytest.raises(UsageError, match=r"^token: "):
        read_file("a\0b")
