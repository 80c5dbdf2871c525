"""Hands a TCP connection on and changes one bit on the way, as an attacker in the middle or a bad memory would.

altering_relay.py PORT HOST:PORT client|server HEX OFFSET    where `HEX` stands for the first time in what that side
                                                             sends, the byte OFFSET bytes behind its beginning
"""

import socket
import socketserver
import sys
import threading

port, target, side, pattern, offset = sys.argv[1:]
host, _, target_port = target.rpartition(":")
PATTERN, OFFSET = bytes.fromhex(pattern), int(offset)


altered = threading.Event()


def pump(source, sink, alters):
    """Hand everything on; in one direction one byte comes out differently."""
    while data := source.recv(65536):
        if alters and PATTERN in data and not altered.is_set():
            altered.set()
            at = data.index(PATTERN) + OFFSET
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
            print(f"byte {at} of {len(data)} altered", flush=True)
        sink.sendall(data)
    sink.shutdown(socket.SHUT_WR)


class Between(socketserver.BaseRequestHandler):
    """One connection and its other half."""

    def handle(self):
        """Hand on in both directions until both sides are done."""
        with socket.create_connection((host, int(target_port))) as other:
            back = threading.Thread(target=pump, args=(other, self.request, side == "server"))
            back.start()
            pump(self.request, other, side == "client")
            back.join()


class Relay(socketserver.ThreadingTCPServer):
    """As many at once as come."""

    allow_reuse_address = daemon_threads = True


Relay(("", int(port)), Between).serve_forever()
