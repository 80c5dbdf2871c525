"""Bind requests and their answers, for conversations made by hand.

Spec: RFC 4511 4.2 and 4.2.2, X.690 8.
"""

BIND, BIND_RESPONSE, UNBIND = 0x60, 0x61, 0x42


def sasl_bind(message_id: int, mechanism: str, credentials: bytes | None) -> bytes:
    """A SASL bind without a name."""
    given = b"" if credentials is None else _tlv(4, credentials)
    choice = _tlv(0xA3, _tlv(4, mechanism.encode()) + given)
    return _message(message_id, _tlv(BIND, _tlv(2, b"\x03") + _tlv(4, b"") + choice))


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


def _message(message_id: int, operation: bytes) -> bytes:
    return _tlv(0x30, _tlv(2, bytes([message_id])) + operation)


def _tlv(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 0x80:
        return bytes([tag, length]) + value
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + value
