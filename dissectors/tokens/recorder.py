"""Write a token's tree of fields: where each value stands and what people read."""

from __future__ import annotations

from typing import Any

from dissectors.span import Field, Span
from dissectors.tokens.ntlm_amount import counted_bytes
from dissectors.visible import visible


class Recorder:
    """Appends fields below one root; offsets are those of the token, shifted by `base` as they are written.

    A secret is written with `hide`: its place and length, never its bytes.
    """

    __slots__ = ("_base", "_fields", "_path")

    def __init__(self, fields: list[Field], base: int, path: str) -> None:
        self._fields = fields
        self._base = base
        self._path = path

    def below(self, name: str) -> Recorder:
        """Make a recorder for the children of `name`."""
        return Recorder(self._fields, self._base, self._join(name))

    def add(
        self,
        name: str,
        start: int,
        stop: int,
        value: Any,
        text: str | None = None,
        *,
        secret: bool = False,
    ) -> None:
        """Record the value of `[start, stop)`; `text` unless the value speaks for itself."""
        if text is None:
            text = "" if value is None else value.hex() if isinstance(value, bytes) else str(value)
        span = Span(self._base + start, self._base + stop)
        self._fields.append(Field(self._join(name), name, value, visible(text), span, secret))

    def hide(self, name: str, start: int, stop: int) -> None:
        """Record that a secret stands at `[start, stop)`."""
        self.add(name, start, stop, None, f"{counted_bytes(stop - start)}, not shown", secret=True)

    def _join(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name
