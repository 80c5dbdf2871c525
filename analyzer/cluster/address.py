"""Which addresses of a cluster are safe: encrypted ones, and those that never leave this machine."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENCRYPTED = frozenset({"tls", "wss"})
_IN_PROCESS = "inproc"
_DEFAULT = "tcp"  # dask's, where an address names none
_KNOWN = frozenset({*_ENCRYPTED, _DEFAULT, "ws"})


def checked(address: str) -> str:
    """The address of a scheduler, with its protocol. `UsageError` for what is none."""
    whole = address if "://" in address else f"{_DEFAULT}://{address}"
    try:
        parts = urlsplit(whole)
        fine = parts.scheme in _KNOWN and bool(parts.hostname) and parts.path in {"", "/"}
        fine = fine and parts.port is not None and parts.username is None
    except ValueError:  # a port that is no number
        fine = False
    if not fine:
        raise UsageError(
            f"--cluster {address}: no address; give tls://HOST:PORT or tcp://HOST:PORT"
        )
    return whole.rstrip("/")


def is_local(address: str) -> bool:
    """Whether what is sent there stays on this machine."""
    parts = urlsplit(address)
    if parts.scheme == _IN_PROCESS or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:  # a name: it may mean any machine, and another one tomorrow
        return False


def open_to_others(addresses: Iterable[str]) -> list[str]:
    """Those of the addresses at which others could listen in, or speak."""
    return [
        address
        for address in addresses
        if urlsplit(address).scheme not in _ENCRYPTED and not is_local(address)
    ]


def refuse_open(addresses: Iterable[str], *, allowed: bool, secrets: bool) -> None:
    """Raise `UsageError` if the cluster is open to others, unless that is allowed.

    Not with `secrets`: keys and what they open never meet such a cluster.
    """
    found = open_to_others(addresses)
    if not found or (allowed and not secrets):
        return
    why = f"{found[0]} is not encrypted: whoever reaches it can run programs on the workers"
    if allowed:
        raise UsageError(f"{why}, so keys and secrets are not used there; use tls://")
    raise UsageError(f"{why}, and see what they send; use tls://, or allow it (--insecure-cluster)")
