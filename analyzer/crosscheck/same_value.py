"""Whether a value of ours is what tshark shows of it, by kind of value.

Both sides have the same bytes, which are compared apart from this: here it is how they are read.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from analyzer.crosscheck.pdml import UNFAITHFUL, Node

SameValue = Callable[[Any, Node], bool]
"""Our value, tshark's node."""

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def number(value: Any, node: Node) -> bool:
    """An integer, whatever its notation."""
    return bool(value == node.number)


def text(value: Any, node: Node) -> bool:
    """A text; where tshark could not write it, the bytes must do."""
    return bool(value == node.show) or UNFAITHFUL in node.show or _escaped(value, node.show)


def _escaped(value: Any, shown: str) -> bool:
    r"""Tshark writes a tab as `\t`, and other control characters the same way or in octal."""
    return "\\" in shown and any(ord(char) < 0x20 or ord(char) == 0x7F for char in str(value))


def name(value: Any, node: Node) -> bool:
    """An OID in dots."""
    return bool(value == node.show)


def octets(value: Any, node: Node) -> bool:  # noqa: ARG001 - the bytes are compared for every row
    """Bytes, often secret ones: nothing but their bytes to compare."""
    return True


def bit(mask: int) -> SameValue:
    """One bit of a number of flags."""

    def same(value: Any, node: Node) -> bool:
        return isinstance(value, int) and bool(value & mask) == (node.show in ("1", "True"))

    return same


def flag(label: str) -> SameValue:
    """One of a list of named flags."""

    def same(value: Any, node: Node) -> bool:
        return isinstance(value, list) and (label in value) == (node.show in ("1", "True"))

    return same


def filetime(value: Any, node: Node) -> bool:
    """A FILETIME (100 ns since 1601) against a written date."""
    return isinstance(value, int) and value == written_filetime(node.show)


def written_filetime(shown: str) -> int | None:
    """`Nov 24, 2026 19:46:45.131104000 UTC` as a FILETIME; None if it is no date of a calendar."""
    moment, _, rest = shown.removesuffix(" UTC").partition(".")
    try:
        made = datetime.strptime(" ".join(moment.split()), "%b %d, %Y %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    seconds = int((made - _EPOCH).total_seconds())
    return seconds * 10_000_000 + int((rest or "0")[:7].ljust(7, "0"))


def generalized_time(value: Any, node: Node) -> bool:
    """`20261124194645Z` against a written date, whose form depends on tshark's version."""
    digits = "".join(filter(str.isdigit, str(value)))
    if "".join(filter(str.isdigit, node.show.partition(".")[0])) == digits:
        return True
    made = written_filetime(node.show)
    try:
        sent = datetime.strptime(str(value), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return False
    return made is not None and int((sent - _EPOCH).total_seconds()) == made // 10_000_000


def guid(value: Any, node: Node) -> bool:
    """A GUID, or the name that we have for it."""
    return node.show.lower() in str(value).lower() or not _is_guid(str(value))


def _is_guid(value: str) -> bool:
    return len(value) >= 36 and value[-36:].count("-") == 4


def is_present(value: Any, node: Node) -> bool:  # noqa: ARG001 - a count of items, or a branch
    """Whatever stands there."""
    return True
