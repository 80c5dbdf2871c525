"""What the small HTTP/1.1 servers that accept logons have in common: how they answer."""

import base64
from http.server import BaseHTTPRequestHandler


class Answering(BaseHTTPRequestHandler):
    """Short answers on a connection that stays, with a challenge or without."""

    protocol_version = "HTTP/1.1"
    server_version = "acceptor"
    sys_version = ""
    context = None  # one per connection

    @staticmethod
    def challenge(scheme, token):
        return scheme + (" " + base64.b64encode(token).decode() if token else "")

    def answer(self, status, challenge=None):
        body = f"{status}\n".encode()
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
