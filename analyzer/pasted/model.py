"""What pasted text turns into: single tokens, or the heads of HTTP messages in order."""

from __future__ import annotations

from dissectors.records import NamedTuple

CLIENT = 0
SERVER = 1


class Pasted(NamedTuple):
    """One token as it was found: who sent it (None: not told) and the line it stood in (from 1)."""

    data: bytes
    side: int | None = None
    line: int = 1


class Head(NamedTuple):
    """Head of one HTTP message: first line and headers, without line ends; line of the text (from 1)."""

    side: int
    first: str
    headers: list[str]
    line: int = 1

    def wire(self) -> bytes:
        """Bytes of an HTTP/1.1 message with this head and without content."""
        lines = [self.first, *self.headers, "Content-Length: 0", "", ""]
        return "\r\n".join(lines).encode("utf-8", "backslashreplace")


Talk = list[Head]
"""Requests and responses of one connection, in order."""
