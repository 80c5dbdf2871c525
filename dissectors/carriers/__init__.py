"""The registry of carriers: one line each, in the order in which they are tried on a stream's first bytes.

To add one: a module here with a `Carrier` subclass, a line in `CARRIERS`, a capture under `captures/<name>/`
and a test beside the others. Modules are imported when a capture first needs them.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import NamedTuple, cast

from dissectors.carriers.base import Carrier


class Entry(NamedTuple):
    """Where a carrier lives, what it reads, and by which document."""

    location: str  # module:Class
    reads: str  # one line for people
    spec: str


CARRIERS: dict[str, Entry] = {
    "smb": Entry(
        "dissectors.carriers.smb:SmbCarrier",
        "SMB 1, 2 and 3: session setups with or without extended security",
        "MS-SMB, MS-CIFS, MS-SMB2",
    ),
    "http": Entry(
        "dissectors.carriers.http:HttpCarrier",
        "HTTP/1.x: origin and proxy authentication (Negotiate, NTLM, Kerberos, Basic, Digest, Bearer)",
        "RFC 9110, RFC 4559, MS-NTHT, MS-N2HT",
    ),
    "ldap": Entry(
        "dissectors.carriers.ldap:LdapCarrier",
        "LDAP and CLDAP: simple, SASL and Sicily binds",
        "RFC 4511, RFC 4513, MS-ADTS 5.1",
    ),
}


@cache
def carrier_class(name: str) -> type[Carrier]:
    """Import and return the carrier registered as `name`."""
    module, _, attribute = CARRIERS[name].location.partition(":")
    return cast("type[Carrier]", getattr(import_module(module), attribute))
