"""Names of Kerberos checksum types, and which of them anybody can compute.

Spec: IANA "Kerberos Checksum Type Numbers", RFC 3961 8, RFC 3962, RFC 4757, RFC 6803, RFC 8009, RFC 4121
4.1.1; 14 and negative numbers are Windows'.
"""

from __future__ import annotations

KRB_CKSUMTYPE: dict[int, str] = {
    1: "CRC32",
    2: "rsa-md4",
    3: "rsa-md4-des",
    4: "des-mac",
    5: "des-mac-k",
    6: "rsa-md4-des-k",
    7: "rsa-md5",
    8: "rsa-md5-des",
    9: "rsa-md5-des3",
    10: "sha1",
    12: "hmac-sha1-des3-kd",
    13: "hmac-sha1-des3",
    14: "sha1",
    15: "hmac-sha1-96-aes128",
    16: "hmac-sha1-96-aes256",
    17: "cmac-camellia128",
    18: "cmac-camellia256",
    19: "hmac-sha256-128-aes128",
    20: "hmac-sha384-192-aes256",
    0x8003: "gssapi",
    -138: "hmac-md5",
}

UNKEYED = frozenset({1, 2, 7, 10, 14})
"""Types without a key: such a checksum tells nothing that the bytes do not."""


def krb_cksumtype_name(number: int) -> str:
    """Name of a cksumtype; an unknown one keeps its number, `unknown(99)`."""
    return KRB_CKSUMTYPE.get(number) or f"unknown({number})"
