"""Encryption types of Kerberos that are weak, by the names that the tables give them (RFC 6649, RFC 8429)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

RC4 = frozenset({"arcfour-hmac-md5", "arcfour-hmac-md5-56"})
DES = frozenset({"des-cbc-crc", "des-cbc-md4", "des-cbc-md5"})


def only_weak(row: Any) -> set[str]:
    """What a row of `kdc` asks for if that is RC4 and DES alone, else nothing.

    Nothing of a request that is cut either: its list may go on.
    """
    asked = set(row.requested_etypes or ())
    return asked if asked <= RC4 | DES and not row.request_cut else set()


def listed(etypes: Iterable[str]) -> str:
    """Each name once, in the order of the request: a hostile one repeats them without end."""
    return ", ".join(dict.fromkeys(etypes))
