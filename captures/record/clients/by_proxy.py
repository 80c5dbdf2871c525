"""A logon through a KDC proxy, by impacket, which has no such client of its own.

by_proxy.py HOST:PORT REALM USER PASSWORD

Spec: MS-KKDCP 2.2.2.
"""

import http.client
import struct
import sys

from impacket.krb5 import kerberosv5
from impacket.krb5.types import Principal

where, realm, user, password = sys.argv[1:]


def der(tag, body):
    size = len(body)
    return (
        bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + body
    )


def content(data):
    head = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    return data[head:]


line = http.client.HTTPConnection(where)


def by_proxy(data, host, kdc_host, *rest, **more):
    message = der(4, struct.pack(">I", len(data)) + data)
    body = der(0x30, der(0xA0, message) + der(0xA1, der(0x1B, realm.encode())))
    line.request("POST", "/KdcProxy", body, {"Content-Type": "application/kerberos"})
    told = content(content(content(line.getresponse().read())))[4:]
    if told[0] == 0x7E:
        error = kerberosv5.decoder.decode(told, asn1Spec=kerberosv5.KRB_ERROR())[0]
        if error["error-code"] != 25:  # not: bring a proof
            raise kerberosv5.KerberosError(packet=error)
    return told


kerberosv5.sendReceive = by_proxy
client = Principal(user, type=1)
tgt, cipher, _, key = kerberosv5.getKerberosTGT(client, password, realm, "", "")
print("ticket-granting ticket")
