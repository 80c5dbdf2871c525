"""A TLS 1.2 handshake as far as it is in the clear, for conversations made by hand.

What would be random is counted, what would be encrypted is dummy bytes.
Spec: RFC 5246 6.2 and 7.4.1, RFC 6066 3.
"""

import struct

CHANGE_CIPHER_SPEC, HANDSHAKE, APPLICATION_DATA = 20, 22, 23
TLS_1_0, TLS_1_2 = 0x0301, 0x0303
CLIENT_HELLO, SERVER_HELLO = 1, 2
RSA_AES_256_GCM = 0x009D
_CLIENT_RANDOM, _SERVER_RANDOM = bytes(range(32)), bytes(range(32, 64))
_SESSION = bytes(range(64, 96))


def client_hello(server_name: str) -> bytes:
    """A ClientHello that names the server and an earlier session."""
    host = server_name.encode()
    names = struct.pack(">BH", 0, len(host)) + host
    extension = struct.pack(">HHH", 0, len(names) + 2, len(names)) + names
    body = struct.pack(">H32sB32s", TLS_1_2, _CLIENT_RANDOM, len(_SESSION), _SESSION)
    body += struct.pack(">HHBB", 2, RSA_AES_256_GCM, 1, 0)
    hello = body + struct.pack(">H", len(extension)) + extension
    return _record(HANDSHAKE, _handshake(CLIENT_HELLO, hello), TLS_1_0)


def server_hello() -> bytes:
    """The earlier session is taken up, so no certificate is shown; what follows is encrypted."""
    hello = struct.pack(">H32sB32s", TLS_1_2, _SERVER_RANDOM, len(_SESSION), _SESSION)
    hello += struct.pack(">HB", RSA_AES_256_GCM, 0)
    return _record(HANDSHAKE, _handshake(SERVER_HELLO, hello)) + finished()


def finished() -> bytes:
    """ChangeCipherSpec, and Finished as a record that nobody can read."""
    return _record(CHANGE_CIPHER_SPEC, b"\1") + _record(HANDSHAKE, _unreadable(0, 32))


def application_data(number: int) -> bytes:
    """A record that nobody can read, the `number`th of its side."""
    return _record(APPLICATION_DATA, _unreadable(number, 120))


def _unreadable(number: int, length: int) -> bytes:
    return struct.pack(">Q", number) + (b"dummy-" * length)[:length]


def _handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _record(kind: int, body: bytes, version: int = TLS_1_2) -> bytes:
    return struct.pack(">BHH", kind, version, len(body)) + body
