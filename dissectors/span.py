"""Where a value came from: byte ranges and the fields of a token's tree."""

from __future__ import annotations

from typing import Any

from dissectors.records import NamedTuple


class Span(NamedTuple):
    """A half-open byte range `[start, end)`, counted from the first byte of the token or message."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Number of bytes covered."""
        return self.end - self.start


class Field(NamedTuple):
    """One decoded value of a token, with its place in the tree and in the bytes.

    `path` is the dotted place in the tree (`NegTokenInit.mechTypes.0`), `name` the specification's
    spelling, `value` the decoded value (int, str, bytes, list or None for a mere branch), `text` what
    people read (never raw control characters, never a secret), `span` the bytes of the whole element,
    counted in the outermost token. `secret`: the bytes are a response, a ticket or a key; `value` is None
    and `text` tells their number only (whoever may see them reads them through `span`).
    """

    path: str
    name: str
    value: Any
    text: str
    span: Span
    secret: bool = False
