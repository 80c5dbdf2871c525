"""Sends a ticket of the cache, whatever its times are, as an honest library would not.

ldap_ticket.py HOST    a GSSAPI bind with the ticket of $KRB5CCNAME for ldap/HOST

Spec: RFC 4120 5.5.1, RFC 4121 4.1.1, RFC 4752 3.1.
"""

import datetime
import os
import socket
import sys

from impacket.krb5 import constants
from impacket.krb5.asn1 import AP_REQ, TGS_REP, Authenticator, seq_set
from impacket.krb5.ccache import CCache
from impacket.krb5.types import KerberosTime, Principal, Ticket
from ldap_ber import bound, sasl, tlv, unbind
from pyasn1.codec.der.decoder import decode
from pyasn1.codec.der.encoder import encode
from pyasn1.type.univ import noValue

REALM, MUTUAL = "NEGO.TEST", b"\x3e\0\0\0"
KERBEROS = bytes.fromhex("06092a864886f712010202")
(host,) = sys.argv[1:]
cache = CCache.loadFile(os.environ["KRB5CCNAME"])
kept = cache.getCredential(f"ldap/{host}@{REALM}", anySPN=False).toTGS()
cipher, key = kept["cipher"], kept["sessionKey"]
ticket = Ticket().from_asn1(decode(kept["KDC_REP"], asn1Spec=TGS_REP())[0]["ticket"])
now = datetime.datetime.now(datetime.timezone.utc)

authenticator = Authenticator()
authenticator["authenticator-vno"], authenticator["crealm"] = 5, REALM
client = Principal("ada", type=constants.PrincipalNameType.NT_PRINCIPAL.value)
seq_set(authenticator, "cname", client.components_to_asn1)
authenticator["cusec"], authenticator["ctime"] = now.microsecond, KerberosTime.to_asn1(now)
authenticator["cksum"] = noValue
authenticator["cksum"]["cksumtype"] = 0x8003
authenticator["cksum"]["checksum"] = b"\x10\0\0\0" + bytes(16) + MUTUAL

request = AP_REQ()
request["pvno"], request["msg-type"] = 5, 14
request["ap-options"] = constants.encodeFlags([constants.APOptions.mutual_required.value])
seq_set(request, "ticket", ticket.to_asn1)
request["authenticator"] = noValue
request["authenticator"]["etype"] = cipher.enctype
request["authenticator"]["cipher"] = cipher.encrypt(key, 11, encode(authenticator), None)
token = tlv(0x60, KERBEROS, b"\x01\0", encode(request))
with socket.create_connection((host, 389)) as line:
    line.sendall(sasl(1, "GSSAPI", token))
    print(bound(line.recv(65536)))
    line.sendall(unbind(2))
