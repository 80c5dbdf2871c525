"""Names of Kerberos encryption types.

Spec: IANA "Kerberos Encryption Type Numbers", RFC 3961 8, RFC 3962, RFC 4757, RFC 6803, RFC 8009. 7, 16, 23
and 24 have the names of MIT krb5, which people know; negative numbers are private, these are Windows'.
"""

from __future__ import annotations

KRB_ETYPE: dict[int, str] = {
    1: "des-cbc-crc",
    2: "des-cbc-md4",
    3: "des-cbc-md5",
    5: "des3-cbc-md5",
    7: "old-des3-cbc-sha1",
    9: "dsaWithSHA1-CmsOID",
    10: "md5WithRSAEncryption-CmsOID",
    11: "sha1WithRSAEncryption-CmsOID",
    12: "rc2CBC-EnvOID",
    13: "rsaEncryption-EnvOID",
    14: "rsaES-OAEP-ENV-OID",
    15: "des-ede3-cbc-Env-OID",
    16: "des3-cbc-sha1",
    17: "aes128-cts-hmac-sha1-96",
    18: "aes256-cts-hmac-sha1-96",
    19: "aes128-cts-hmac-sha256-128",
    20: "aes256-cts-hmac-sha384-192",
    23: "arcfour-hmac-md5",
    24: "arcfour-hmac-md5-exp",
    25: "camellia128-cts-cmac",
    26: "camellia256-cts-cmac",
    65: "subkey-keymaterial",
    -128: "rc4-md4",
    -129: "rc4-plain2",
    -130: "rc4-lm",
    -131: "rc4-sha",
    -132: "des-plain",
    -133: "rc4-hmac-old",
    -134: "rc4-plain-old",
    -135: "rc4-hmac-old-exp",
    -136: "rc4-plain-old-exp",
    -140: "rc4-plain",
    -141: "rc4-plain-exp",
    -148: "aes128-cts-hmac-sha1-96-plain",
    -149: "aes256-cts-hmac-sha1-96-plain",
}


def krb_etype_name(etype: int) -> str:
    """Name of an encryption type; an unknown one keeps its number, `unknown(99)`."""
    return KRB_ETYPE.get(etype) or f"unknown({etype})"
