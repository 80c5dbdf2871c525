r"""Zeek's text format: header lines, tabs between fields, and `\x09` for what would break a line.

Spec: Zeek's ASCII log writer with its defaults (UTF-8 stays readable): a backslash is written twice, a byte
that does not show itself as `\xNN`, in a vector also the comma; text that reads like "not set" or "empty" has
its first character escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from dissectors.visible import UNSAFE

SEPARATOR, SET_SEPARATOR, EMPTY, UNSET = "\t", ",", "(empty)", "-"


def head(
    path: str, fields: Sequence[str], types: Sequence[str], opened: int | None
) -> Iterator[str]:
    """Lines before the rows; `opened` in ns since 1970."""
    yield "#separator \\x09"
    yield f"#set_separator{SEPARATOR}{SET_SEPARATOR}"
    yield f"#empty_field{SEPARATOR}{EMPTY}"
    yield f"#unset_field{SEPARATOR}{UNSET}"
    yield f"#path{SEPARATOR}{path}"
    yield f"#open{SEPARATOR}{_second(opened)}"
    yield SEPARATOR.join(("#fields", *fields))
    yield SEPARATOR.join(("#types", *types))


def tail(closed: int | None) -> str:
    """The line after the rows."""
    return f"#close{SEPARATOR}{_second(closed)}"


def cell(kind: str, value: Any) -> str:
    """A value of a Zeek type as it stands in a row; None is not set."""
    if value is None:
        return UNSET
    if kind.startswith("vector"):
        return SET_SEPARATOR.join(_text(item, SET_SEPARATOR) for item in value) or EMPTY
    match kind:
        case "time" | "interval":
            whole = abs(microseconds(value))
            return f"{'-' if value < 0 else ''}{whole // 1_000_000}.{whole % 1_000_000:06d}"
        case "bool":
            return "T" if value else "F"
        case "count" | "port":
            return str(value)
        case _:
            return _text(value)


def microseconds(value: int) -> int:
    """Of nanoseconds: the rest is cut off, also of a negative span."""
    return -(-value // 1000) if value < 0 else value // 1000


def _text(text: str, also: str = SEPARATOR) -> str:
    r"""Escaped; every escape is two digits of one byte of UTF-8, or a backslash twice."""
    if not text:
        return EMPTY
    if text in (UNSET, EMPTY):
        return _hex(text[0]) + text[1:]
    shown = UNSAFE.sub(lambda found: _hex(found[0]), text.replace("\\", "\\\\"))
    return shown.replace(also, _hex(also)) if also in shown else shown


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))


def _second(ts_ns: int | None) -> str:
    """Seconds as Zeek writes them in its header, UTC."""
    try:
        moment = datetime.fromtimestamp((ts_ns or 0) // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        moment = datetime.fromtimestamp(0, UTC)
    return f"{moment:%Y-%m-%d-%H-%M-%S}"
