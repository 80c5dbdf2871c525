"""What rules say of a request's list of encryption types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analyzer.tables.etype_kinds import DES, RC4


def only_weak(row: Any) -> set[str]:
    """What a row of `kdc` asks for if that is RC4 and DES alone, else nothing.

    Nothing of a request that is cut either: its list may go on.
    """
    asked = set(row.requested_etypes or ())
    return asked if asked <= RC4 | DES and not row.request_cut else set()


def listed(etypes: Iterable[str]) -> str:
    """Each name once, in the order of the request: a hostile one repeats them without end."""
    return ", ".join(dict.fromkeys(etypes))
