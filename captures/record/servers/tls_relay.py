"""Ends a TLS connection with a certificate of its own and begins another, as an attacker in the middle would.

tls_relay.py PORT HOST:PORT CERTIFICATE KEY
"""

import socket
import socketserver
import ssl
import sys
import threading

port, target, certificate, key = sys.argv[1:]
host, _, target_port = target.rpartition(":")
inside = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
inside.load_cert_chain(certificate, key)
outside = ssl.create_default_context()
outside.check_hostname, outside.verify_mode = False, ssl.CERT_NONE


def pump(source, sink):
    """Hand on what one side says until it is done."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()


class Between(socketserver.BaseRequestHandler):
    """One connection and its other half."""

    def handle(self):
        """Hand on in both directions."""
        with (
            inside.wrap_socket(self.request, server_side=True) as near,
            socket.create_connection((host, int(target_port))) as line,
            outside.wrap_socket(line) as far,
        ):
            back = threading.Thread(target=pump, args=(far, near))
            back.start()
            pump(near, far)
            back.join()


class Relay(socketserver.ThreadingTCPServer):
    """As many at once as come."""

    allow_reuse_address = daemon_threads = True


Relay(("", int(port)), Between).serve_forever()
