"""A web server that fetches its page from a share in its user's name, by constrained delegation (S4U2proxy).

front.py ADDRESS PORT FILE_SERVER: it takes one request. Its key is in KRB5_KTNAME, its own ticket-granting ticket in
KRB5CCNAME.
"""

import base64
import http.server
import sys
import uuid

import gssapi
from smbprotocol.connection import Connection, Dialects

address, port, share = sys.argv[1:]


class Front(http.server.BaseHTTPRequestHandler):
    """One user, who brings a token at once."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        token = self.headers["Authorization"].removeprefix("Negotiate ")
        user = gssapi.SecurityContext(creds=gssapi.Credentials(usage="both"), usage="accept")
        back = user.step(base64.b64decode(token))
        page = self.fetched(user.delegated_creds)
        self.send_response(200)
        self.send_header("WWW-Authenticate", "Negotiate " + base64.b64encode(back or b"").decode())
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def fetched(self, user: gssapi.Credentials) -> bytes:
        """The share's greeting, or what the KDC says of the wish."""
        connection = Connection(uuid.uuid4(), share, 445)
        connection.connect(Dialects.SMB_3_0_2)
        name = gssapi.Name(f"cifs@{share}", gssapi.NameType.hostbased_service)
        try:
            gssapi.SecurityContext(name=name, creds=user, usage="initiate").step()
            return b"may\n"
        except gssapi.exceptions.GSSError as problem:
            return f"{problem}\n".encode()
        finally:
            connection.disconnect()


with http.server.HTTPServer((address, int(port)), Front) as server:
    server.handle_request()
