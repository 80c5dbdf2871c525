"""LDAP messages as plain BER, so that nothing is added that no case asked for.

Spec: RFC 4511 4.1.1, 4.2 and 4.5.
"""


def tlv(tag, *parts):
    """One element; short and two-byte lengths."""
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        head = bytes([size])
    elif size < 256:
        head = bytes([0x81, size])
    else:
        head = b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + head + body


def message(number, operation):
    """An LDAPMessage."""
    return tlv(0x30, tlv(2, bytes([number])), operation)


def bind(number, name, choice):
    """A BindRequest of version 3 with the AuthenticationChoice `choice`."""
    return message(number, tlv(0x60, tlv(2, b"\x03"), tlv(4, name.encode()), choice))


def simple(number, name, password):
    """A simple bind."""
    return bind(number, name, tlv(0x80, password.encode()))


def sasl(number, mechanism, credentials):
    """A SASL bind; without credentials if they are None."""
    given = b"" if credentials is None else tlv(4, credentials)
    return bind(number, "", tlv(0xA3, tlv(4, mechanism.encode()), given))


def root_search(number):
    """Ask the root DSE which versions of LDAP it speaks."""
    options = tlv(10, b"\0") + tlv(10, b"\0") + tlv(2, b"\0") + tlv(2, b"\0") + tlv(1, b"\0")
    wanted = tlv(0x30, tlv(4, b"supportedLDAPVersion"))
    return message(number, tlv(0x63, tlv(4), options, tlv(0x87, b"objectClass"), wanted))


def start_tls(number):
    """Go on inside TLS, RFC 4511 4.14."""
    return message(number, tlv(0x77, tlv(0x80, b"1.3.6.1.4.1.1466.20037")))


def unbind(number):
    """The client takes its leave."""
    return message(number, tlv(0x42))


def elements(data):
    """Tag and body of each element in `data`."""
    while data:
        size, start = data[1], 2
        if size > 127:
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        yield data[0], data[start : start + size]
        data = data[start + size :]


def bound(data):
    """Result code, diagnosticMessage and serverSaslCreds of a BindResponse."""
    (_, whole), *_ = elements(data)
    _, (_, answer), *_ = elements(whole)
    (_, code), _, (_, said), *more = elements(answer)
    back = [body for tag, body in more if tag == 0x87]
    return code[0], said.decode(errors="replace"), back[0] if back else None
