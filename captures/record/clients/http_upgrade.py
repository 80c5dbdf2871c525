"""A GET with a ticket over clear HTTP that asks for TLS from there on; the page comes inside it.

http_upgrade.py HOST[:PORT] PATH

Spec: RFC 2817 3.1, RFC 4559 4.
"""

import base64
import socket
import ssl
import sys

import gssapi

host, path = sys.argv[1:]
name, _, port = host.partition(":")
service = gssapi.Name(f"HTTP@{name}", gssapi.NameType.hostbased_service)
spnego = gssapi.OID.from_int_seq("1.3.6.1.5.5.2")
token = gssapi.SecurityContext(name=service, mech=spnego, usage="initiate").step()
fields = {
    "Host": host,
    "Authorization": f"Negotiate {base64.b64encode(token).decode()}",
    "Connection": "Upgrade",
    "Upgrade": "TLS/1.2",
}
head = "".join(f"{key}: {value}\r\n" for key, value in fields.items())
line = socket.create_connection((name, int(port or 80)))
line.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
told = line.recv(65536).decode()
print(told)
if " 101 " in told:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    line = trusting.wrap_socket(line, server_hostname=name)
    print(line.recv(65536).decode(errors="replace"))
line.close()
