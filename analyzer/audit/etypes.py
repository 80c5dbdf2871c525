"""Encryption types of Kerberos that are weak, by the names that the tables give them (RFC 6649, RFC 8429)."""

RC4 = frozenset({"arcfour-hmac-md5", "arcfour-hmac-md5-56"})
DES = frozenset({"des-cbc-crc", "des-cbc-md4", "des-cbc-md5"})
