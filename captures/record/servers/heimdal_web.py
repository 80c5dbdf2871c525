"""Negotiate over HTTP by Heimdal's GSSAPI, which has DES: a small web server, and a client for it.

heimdal_web.py serve PORT | get HOST PATH

The key is in $KRB5_KTNAME, the tickets in $KRB5CCNAME. One request, one token, one answer.
Spec: RFC 2744 5.19 and 5.1, RFC 4559 4.
"""

import base64
import ctypes
import http.client
import sys
from ctypes import POINTER, byref, c_char_p, c_size_t, c_uint32, c_void_p
from http.server import BaseHTTPRequestHandler, HTTPServer

GSSAPI = ctypes.CDLL("libgssapi.so.3")
MUTUAL, CONTINUE_NEEDED = 2, 1


class Oid(ctypes.Structure):
    """gss_OID_desc: length and DER without tag."""

    _fields_ = (("length", c_uint32), ("elements", c_char_p))


class Buffer(ctypes.Structure):
    """gss_buffer_desc: length and bytes."""

    _fields_ = (("length", c_size_t), ("value", c_void_p))

    def bytes(self) -> bytes:
        return ctypes.string_at(self.value, self.length) if self.length else b""


def oid(hexadecimal: str) -> Oid:
    data = bytes.fromhex(hexadecimal)
    return Oid(len(data), data)


HOSTBASED_SERVICE = oid("2a864886f71201020104")
SPNEGO = oid("2b0601050502")


def buffer(data: bytes) -> Buffer:
    return Buffer(len(data), ctypes.cast(c_char_p(data), c_void_p))


def initiate(host: str) -> bytes:
    """The first token for HTTP at `host`."""
    minor, name, context, out = c_uint32(), c_void_p(), c_void_p(), Buffer()
    service = buffer(f"HTTP@{host}".encode())
    GSSAPI.gss_import_name(byref(minor), byref(service), byref(HOSTBASED_SERVICE), byref(name))
    major = GSSAPI.gss_init_sec_context(
        byref(minor), None, byref(context), name, byref(SPNEGO), c_uint32(MUTUAL), c_uint32(0),
        None, None, None, byref(out), None, None,
    )  # fmt: skip
    if c_uint32(major).value > CONTINUE_NEEDED:
        sys.exit(f"no token: major {major & 0xFFFFFFFF:#x}, minor {minor.value}")
    return out.bytes()


def accept(token: bytes) -> tuple[bool, bytes]:
    """Whether the token is good, and what is said to it."""
    minor, context, out, given = c_uint32(), c_void_p(), Buffer(), buffer(token)
    major = GSSAPI.gss_accept_sec_context(
        byref(minor), byref(context), None, byref(given), None,
        None, None, byref(out), None, None, None,
    )  # fmt: skip
    print(f"major {major & 0xFFFFFFFF:#x}, minor {minor.value}", flush=True)
    return major == 0, out.bytes()


class Page(BaseHTTPRequestHandler):
    """Any page, for who has a ticket."""

    protocol_version = "HTTP/1.1"
    server_version = "heimdal"
    sys_version = ""

    def do_GET(self):
        scheme, _, text = self.headers.get("Authorization", "").partition(" ")
        good, said = accept(base64.b64decode(text)) if scheme == "Negotiate" else (False, b"")
        self.send_response(200 if good else 401)
        self.send_header("WWW-Authenticate", f"Negotiate {base64.b64encode(said).decode()}".strip())
        self.send_header("Content-Length", "0")
        self.end_headers()


def serve(port: str) -> None:
    HTTPServer(("0.0.0.0", int(port)), Page).serve_forever()


def get(host: str, path: str) -> None:
    line = http.client.HTTPConnection(host)
    token = base64.b64encode(initiate(host)).decode()
    line.request("GET", path, headers={"Authorization": f"Negotiate {token}"})
    print(line.getresponse().status)
    line.close()


if __name__ == "__main__":
    {"serve": serve, "get": get}[sys.argv[1]](*sys.argv[2:])
