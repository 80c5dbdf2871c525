"""Asks the neighbours for a name, as a desktop does when DNS knows nothing: LLMNR, mDNS, NetBIOS name service.

ask_names.py NAME

Spec: RFC 4795 2.1, RFC 6762 5.4, RFC 1002 4.2.12.
"""

import socket
import struct
import sys

name = sys.argv[1]
A, NB = 1, 0x20


def question(text, kind, flags=0):
    labels = b"".join(bytes([len(part)]) + part for part in text.split(b"."))
    return (
        struct.pack(">HHHHHH", 0x4E47, flags, 1, 0, 0, 0)
        + labels
        + b"\0"
        + struct.pack(">HH", kind, 1)
    )


padded = name.upper().ljust(15).encode() + b"\0"
nibbles = bytes(0x41 + part for byte in padded for part in (byte >> 4, byte & 15))
for text, kind, flags, where in (
    (f"{name}.local".encode(), A, 0, ("224.0.0.251", 5353)),
    (name.encode(), A, 0, ("224.0.0.252", 5355)),
    (nibbles, NB, 0x0110, ("10.99.0.255", 137)),
):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        line.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.99.0.20"))
        line.settimeout(1)
        line.sendto(question(text, kind, flags), where)
        try:
            print(where, line.recv(1500).hex())
        except TimeoutError:
            print(where, "no answer")
