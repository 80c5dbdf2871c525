"""Several binds on one LDAP connection, written as plain BER so that nothing is added.

ldap_rebind.py HOST NAME=PASSWORD...    one simple bind after the other, with a search in between
"""

import socket
import sys


def tlv(tag, *parts):
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])
    return bytes([tag]) + size + body


def message(number, operation):
    return tlv(0x30, tlv(2, bytes([number])), operation)


def bind(number, name, password):
    return message(
        number, tlv(0x60, tlv(2, b"\x03"), tlv(4, name.encode()), tlv(0x80, password.encode()))
    )


def root_search(number):
    options = tlv(10, b"\0") + tlv(10, b"\0") + tlv(2, b"\0") + tlv(2, b"\0") + tlv(1, b"\0")
    wanted = tlv(0x30, tlv(4, b"supportedLDAPVersion"))
    return message(number, tlv(0x63, tlv(4), options, tlv(0x87, b"objectClass"), wanted))


host, *pairs = sys.argv[1:]
with socket.create_connection((host, 389)) as line:
    number = 0
    for pair in pairs:
        name, _, password = pair.rpartition("=")
        for request in (bind(number + 1, name, password), root_search(number + 2)):
            line.sendall(request)
            print(line.recv(65536).hex())
        number += 2
    line.sendall(message(number + 1, tlv(0x42)))
