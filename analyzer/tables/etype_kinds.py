"""Kinds of Kerberos encryption types by their names in the tables: the one place that says which are weak.

Spec: IANA "Kerberos Encryption Type Numbers", RFC 6649 (DES, RC4 for export), RFC 8429 (RC4, triple DES),
RFC 6803 (Camellia). Negative numbers are Windows' own. 9 to 15 name what PKINIT's client can read (RFC 4556
3.1.1) and never seal a ticket: they are of no kind.
"""

from __future__ import annotations

from dissectors.codes.krb_etype import krb_etype_name

_NUMBERS: dict[str, tuple[int, ...]] = {
    "des": (1, 2, 3, -132),
    "rc4": (23, 24, -128, -129, -130, -131, -133, -134, -135, -136, -140, -141),
    "des3": (5, 7, 16),
    "aes": (17, 18, 19, 20, -148, -149),
    "camellia": (25, 26),
}
_KINDS = {krb_etype_name(number): kind for kind, numbers in _NUMBERS.items() for number in numbers}

OTHER = "other"


def etype_kind(etype: str) -> str:
    """`des`, `rc4`, `des3`, `aes` or `camellia`, by an encryption type's name; else `OTHER`."""
    return _KINDS.get(etype, OTHER)


def _names(kind: str) -> frozenset[str]:
    return frozenset(etype for etype, its in _KINDS.items() if its == kind)


DES, RC4, AES = _names("des"), _names("rc4"), _names("aes")
