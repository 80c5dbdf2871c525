"""Bind requests and their answers, for conversations made by hand.

Spec: RFC 4511 4.2 and 4.2.2, X.690 8.
"""

BIND, BIND_RESPONSE, UNBIND = 0x60, 0x61, 0x42


def sasl_bind(message_id: int, mechanism: str, credentials: bytes | None) -> bytes:
    """A SASL bind without a name."""
    given = b"" if credentials is None else _tlv(4, credentials)
    return _bind(message_id, 3, "", _tlv(0xA3, _tlv(4, mechanism.encode()) + given))


def simple_bind(message_id: int, name: str, password: str, *, version: int = 3) -> bytes:
    """A bind with name and password."""
    return _bind(message_id, version, name, _tlv(0x80, password.encode()))


def bound(
    message_id: int, code: int, diagnostic: str = "", credentials: bytes | None = None
) -> bytes:
    """A bind's answer: result code, diagnosticMessage and serverSaslCreds."""
    result = _tlv(10, bytes([code])) + _tlv(4, b"") + _tlv(4, diagnostic.encode())
    back = b"" if credentials is None else _tlv(0x87, credentials)
    return _message(message_id, _tlv(BIND_RESPONSE, result + back))


def unbind(message_id: int) -> bytes:
    """The client takes its leave."""
    return _message(message_id, _tlv(UNBIND, b""))


def _bind(message_id: int, version: int, name: str, choice: bytes) -> bytes:
    return _message(
        message_id, _tlv(BIND, _tlv(2, bytes([version])) + _tlv(4, name.encode()) + choice)
    )


def _message(message_id: int, operation: bytes) -> bytes:
    return _tlv(0x30, _tlv(2, bytes([message_id])) + operation)


def _tlv(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 0x80:
        return bytes([tag, length]) + value
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + value
