"""Whether two negotiations with the same bytes are one exchange: seen twice, or handed on by a middle box.

A port forwarder, load balancer or proxy sends its client's own messages again over a connection of its own,
with other ports and often other addresses.
"""

from __future__ import annotations

from typing import Any

_HTTP = frozenset({"http", "http-proxy"})


def ends(row: Any) -> tuple[Any, ...]:
    """Addresses and ports of a negotiation."""
    return row.client, row.client_port, row.server, row.server_port


def same_exchange(one: Any, other: Any) -> bool:
    """Whether both are one connection seen twice, or over SMB 2 have one session id.

    The server chooses that id of 64 bits, so that a second connection has it only if its messages pass
    through. The UID of SMB 1 tells nothing: Windows gives everybody's first session 2048.
    """
    if ends(one) == ends(other):
        return True
    if one.carrier == other.carrier == "smb2":
        return bool(one.exchange) and bool(one.exchange == other.exchange)
    return False


def same_host(one: Any, other: Any) -> bool:
    """Whether both ask for one host by HTTP."""
    if not {one.carrier, other.carrier} <= _HTTP:
        return False
    return bool(one.server_name) and bool(one.server_name == other.server_name)
