"""The server name in a TLS ClientHello, as far as the first bytes of a connection show it.

Spec: RFC 8446 4.1.2 and 5.1, RFC 6066 3.
Not handled: a ClientHello whose server_name extension lies behind its first record; encrypted ones.
"""

from __future__ import annotations

HANDSHAKE_RECORD = 0x16  # TLS content type
RECORD = 5  # type, version, length
HANDSHAKE = 4  # type, length
HELLO = 34  # version, random
EXTENSIONS = 64  # looked at
SERVER_NAME = 0
LONGEST_RECORD = 1 << 14  # content of a record in clear

_NAME_HEADER = 5  # list length, type, name length


def hello_size(data: bytes) -> int:
    """Length of the record that a ClientHello begins with, its header included; five bytes tell it."""
    return RECORD + min(int.from_bytes(data[3:RECORD], "big"), LONGEST_RECORD)


def server_name(data: bytes) -> str | None:
    """The host name that the client asks for, in lower case; None if these bytes show none."""
    if data[:2] != b"\x16\x03" or data[RECORD : RECORD + 1] != b"\x01":
        return None
    at = RECORD + HANDSHAKE + HELLO
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        if at + width > len(data):
            return None
        at += width + int.from_bytes(data[at : at + width], "big")
    at += 2  # length of all extensions
    for _ in range(EXTENSIONS):
        kind, length = (int.from_bytes(data[at + i : at + i + 2], "big") for i in (0, 2))
        if at + 4 + length > len(data):
            return None
        if kind == SERVER_NAME and length > _NAME_HEADER:
            name = data[at + 4 + _NAME_HEADER : at + 4 + length]
            return name.decode("ascii", "backslashreplace").lower().rstrip(".") or None
        at += 4 + length
    return None
