"""A KDC proxy over clear HTTP: takes a Kerberos message in a POST, asks the KDC over TCP, hands the answer back.

kdc_proxy.py PORT KDC

Real ones speak HTTPS only; behind the machine that ends TLS it looks like this.
Spec: MS-KKDCP 2.2.2.
"""

import socket
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

port, kdc = sys.argv[1:]


def der(tag, body):
    size = len(body)
    return (
        bytes([tag]) + (bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")) + body
    )


def content(data):
    """What is inside the first value of `data`."""
    head = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
    size = int.from_bytes(data[2:head], "big") if data[1] & 0x80 else data[1]
    return data[head : head + size]


class Proxy(BaseHTTPRequestHandler):
    """Each request on its own."""

    protocol_version = "HTTP/1.1"
    server_version = "proxy"
    sys_version = ""

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        message = content(content(content(asked)))
        with socket.create_connection((kdc, 88)) as line:
            line.sendall(message)
            told = b""
            while len(told) < 4 or len(told) < 4 + int.from_bytes(told[:4], "big"):
                told += line.recv(65536)
        body = der(0x30, der(0xA0, der(4, told)))
        self.send_response(200)
        self.send_header("Content-Type", "application/kerberos")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("0.0.0.0", int(port)), Proxy).serve_forever()
