"""Sends a ticket of a chosen lifetime to a web server, as a client with a broken idea of time would.

http_ticket.py HOST PATH KEYTAB expired|early|des [mutual]
    des      a ticket of these hours and an authenticator, both of single DES, as from a KDC of long ago
    mutual   asks the server to prove itself, so that MIT's library answers even a refusal

The ticket is sealed with the service's own key, so only its times can be wrong; the authenticator tells the right time.
MIT's library says what is wrong to a client only that asks for mutual authentication.
Spec: RFC 4120 5.3 and 5.5, RFC 4121 4.1, RFC 4178.
"""

import base64
import datetime
import os
import socket
import sys

from impacket.krb5 import constants, types
from impacket.krb5.asn1 import AP_REQ, Authenticator, EncTicketPart, Ticket, seq_set
from impacket.krb5.crypto import Key, _enctype_table
from impacket.krb5.keytab import Keytab
from impacket.krb5.types import KerberosTime, Principal
from pyasn1.codec.der.encoder import encode
from pyasn1.type.univ import noValue

REALM, DES, AES256 = "NEGO.TEST", 3, 18
host, path, keytab, kind, *more = sys.argv[1:]
mutual = "mutual" in more
now = datetime.datetime.now(datetime.timezone.utc)
hours = {"expired": (-20, -10), "early": (10, 20), "des": (-1, 9)}[kind]
start, end = (now + datetime.timedelta(hours=h) for h in hours)
etype = DES if kind == "des" else AES256
cipher = _enctype_table[etype]
if kind == "des":  # no keytab of today has such a key
    service_key, session_key = (cipher.random_to_key(os.urandom(cipher.seedsize)) for _ in range(2))
else:
    block = Keytab.loadFile(keytab).getKey(f"HTTP/{host}@{REALM}", specificEncType=AES256)
    service_key = Key(AES256, bytes.fromhex(block.hexlifiedValue().decode()))
    session_key = Key(AES256, os.urandom(32))
client = Principal("ada", type=constants.PrincipalNameType.NT_PRINCIPAL.value)
service = Principal(f"HTTP/{host}", type=constants.PrincipalNameType.NT_SRV_INST.value)

part = EncTicketPart()
part["flags"] = constants.encodeFlags([constants.TicketFlags.pre_authent.value])
part["key"] = noValue
part["key"]["keytype"], part["key"]["keyvalue"] = etype, session_key.contents
part["crealm"] = REALM
seq_set(part, "cname", client.components_to_asn1)
part["transited"] = noValue
part["transited"]["tr-type"], part["transited"]["contents"] = 0, b""
part["authtime"] = part["starttime"] = KerberosTime.to_asn1(start)
part["endtime"] = KerberosTime.to_asn1(end)

ticket = Ticket()
ticket["tkt-vno"], ticket["realm"] = 5, REALM
seq_set(ticket, "sname", service.components_to_asn1)
ticket["enc-part"] = noValue
ticket["enc-part"]["etype"], ticket["enc-part"]["kvno"] = etype, 2
ticket["enc-part"]["cipher"] = cipher.encrypt(service_key, 2, encode(part), None)

authenticator = Authenticator()
authenticator["authenticator-vno"], authenticator["crealm"] = 5, REALM
seq_set(authenticator, "cname", client.components_to_asn1)
authenticator["cusec"], authenticator["ctime"] = now.microsecond, KerberosTime.to_asn1(now)
authenticator["cksum"] = noValue
authenticator["cksum"]["cksumtype"] = 0x8003
authenticator["cksum"]["checksum"] = (
    b"\x10\0\0\0" + bytes(16) + bytes([0x3E if mutual else 0x3C]) + b"\0\0\0"
)

request = AP_REQ()
options = [constants.APOptions.mutual_required.value] if mutual else []
request["pvno"], request["msg-type"], request["ap-options"] = 5, 14, constants.encodeFlags(options)
seq_set(request, "ticket", types.Ticket().from_asn1(ticket).to_asn1)
request["authenticator"] = noValue
request["authenticator"]["etype"] = etype
request["authenticator"]["cipher"] = cipher.encrypt(session_key, 11, encode(authenticator), None)


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + head + body


KERBEROS = bytes.fromhex("06092a864886f712010202")
SPNEGO = bytes.fromhex("06062b0601050502")
mech_token = tlv(0x60, KERBEROS, b"\x01\0", encode(request))
init = tlv(0x30, tlv(0xA0, tlv(0x30, KERBEROS)), tlv(0xA2, tlv(4, mech_token)))
token = base64.b64encode(tlv(0x60, SPNEGO, tlv(0xA0, init))).decode()
with socket.create_connection((host, 80)) as line:
    line.sendall(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Negotiate {token}\r\n\r\n".encode()
    )
    while answer := line.recv(65536):
        print(answer.decode(errors="replace"))
