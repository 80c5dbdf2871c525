"""Mechanisms and schemes by their names, as the tables of `dissectors.mechs` have them.

Spec: see `dissectors.mechs`.
"""

from __future__ import annotations

import re
from uuid import UUID

from dissectors.mechs import MECHS, NEGOEX_SCHEMES
from dissectors.tokens.build.arguments import builder
from dissectors.tokens.build.error import BuildError

_OIDS = {name: oid for oid, name in MECHS.items()}
_GUIDS = {name: guid for guid, name in reversed(NEGOEX_SCHEMES.items())}  # the first one counts
_DOTTED = re.compile(r"[012](\.(0|[1-9]\d*))+")


@builder
def mech_oid(mech: str) -> str:
    """OID of a mechanism given by name (`ntlm`) or as dotted numbers."""
    if _DOTTED.fullmatch(mech):
        return mech
    if mech not in _OIDS:
        raise BuildError(f"mechanism {mech!r}: neither a known name nor a dotted OID")
    return _OIDS[mech]


def scheme_guid(scheme: str) -> bytes:
    """The 16 bytes of a NegoEx scheme given by name (`pku2u`) or as the text of its GUID."""
    return guid_bytes(_GUIDS.get(scheme, scheme), "scheme")


def guid_bytes(text: str, what: str) -> bytes:
    """The 16 bytes of a GUID on the wire."""
    try:
        return UUID(text).bytes_le
    except ValueError:
        raise BuildError(f"{what} {text!r}: neither a known name nor a GUID") from None
