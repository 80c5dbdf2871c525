"""A small HTTP/1.1 server that accepts `Negotiate` and raw `NTLM` by pyspnego, one security context per connection.

The folder says what is offered: /nego, /ntlm, /both, or /small, which takes no token above 1000 letters. Users are in
$NTLM_USER_FILE, the Kerberos key in $KRB5_KTNAME.
"""

import base64
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import spnego

SCHEMES = {
    "/nego": ["Negotiate"],
    "/ntlm": ["NTLM"],
    "/both": ["Negotiate", "NTLM"],
    "/small": ["Negotiate"],
}


class Acceptor(BaseHTTPRequestHandler):
    """Challenges until the connection's context is complete."""

    protocol_version = "HTTP/1.1"
    server_version = "acceptor"
    sys_version = ""
    context = None
    user = None

    def do_GET(self):
        offered = SCHEMES.get("/" + self.path.split("/")[1], [])
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        if "/small" in self.path and len(text) > 1000:
            return self.answer(431)
        if not offered or (self.user and not text):
            return self.answer(200)
        if scheme not in offered:
            return self.answer(401, offered)
        if self.context is None:
            self.context = spnego.server(
                service="HTTP",
                protocol="ntlm" if scheme == "NTLM" else "negotiate",
                options=spnego.NegotiateOptions.use_negotiate
                if scheme == "Negotiate"
                else spnego.NegotiateOptions.none,
            )
        try:
            token = self.context.step(base64.b64decode(text))
        except Exception as problem:
            print("refused:", problem, flush=True)
            self.context = None
            return self.answer(401, offered)
        back = scheme + (" " + base64.b64encode(token).decode() if token else "")
        if not self.context.complete:
            return self.answer(401, [back])
        self.user, self.context = self.context.client_principal, None
        print("accepted:", self.user, flush=True)
        return self.answer(200, [back] if token else [])

    def answer(self, status, schemes=()):
        body = f"{status} {self.user or ''}\n".encode()
        self.send_response(status)
        for scheme in schemes:
            self.send_header("WWW-Authenticate", scheme)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Acceptor).serve_forever()
