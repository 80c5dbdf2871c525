"""The registry of carriers: one line each, in the order in which they are tried on a stream's first bytes.

To add one: a module here with a `Carrier` subclass, a line in `CARRIERS`, a capture under `captures/<name>/`
and a test beside the others. Modules are imported when a capture first needs them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from dissectors.carriers.base import Carrier
from dissectors.records import NamedTuple


class Entry(NamedTuple):
    """Where a carrier lives, what it reads, and by which document."""

    location: str  # module:Class
    starts: frozenset[int]  # first bytes that a message of it may have; its `probe` sees no other
    reads: str  # one line for people
    spec: str


HTTP_TOKEN = b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
"""What an HTTP token, such as a method, is made of (RFC 9110 5.6.2)."""

CARRIERS: dict[str, Entry] = {
    "smb": Entry(
        "dissectors.carriers.smb:SmbCarrier",
        frozenset(b"\x00\x81\x82\x83\x84\x85"),  # NetBIOS packet types
        "SMB 1, 2 and 3: session setups with or without extended security",
        "MS-SMB, MS-CIFS, MS-SMB2",
    ),
    "http": Entry(
        "dissectors.carriers.http:HttpCarrier",
        frozenset(HTTP_TOKEN),  # a method's
        "HTTP/1.x: origin and proxy authentication (Negotiate, NTLM, Kerberos, Basic, Digest, Bearer)",
        "RFC 9110, RFC 4559, MS-NTHT, MS-N2HT",
    ),
    "ldap": Entry(
        "dissectors.carriers.ldap:LdapCarrier",
        frozenset(b"\x30"),  # SEQUENCE
        "LDAP and CLDAP: simple, SASL and Sicily binds",
        "RFC 4511, RFC 4513, MS-ADTS 5.1",
    ),
    "kdc": Entry(
        "dissectors.carriers.kdc:KdcCarrier",
        frozenset(b"\x00\x6a\x6b\x6c\x6d\x7e"),  # a length over TCP, else the message's tag
        "Kerberos KDC exchanges over UDP and TCP: AS and TGS requests, replies, errors",
        "RFC 4120 5.4, 5.9, 7.2",
    ),
}


@cache
def carrier_class(name: str) -> type[Carrier]:
    """Import and return the carrier registered as `name`."""
    module, _, attribute = CARRIERS[name].location.partition(":")
    return cast("type[Carrier]", getattr(import_module(module), attribute))


@cache
def carriers_starting(first: int) -> tuple[type[Carrier], ...]:
    """Carriers with messages that may start with this byte, in the order in which they are tried."""
    return tuple(carrier_class(name) for name, entry in CARRIERS.items() if first in entry.starts)
