"""A host on the way to a server that passes everything on, until it comes to NTLM's last message.

meddler.py LISTEN TARGET PORT DEED
    mech-list-mic   a byte of NTLM's signature over the list of mechanisms is changed (RFC 4178 5, MS-NLMP 2.2.2.9.1)
    ntlm-mic        a byte of the MIC is changed (MS-NLMP 2.2.1.3)
    silence         nothing is passed on any more
    hang-up         the client's connection is closed
"""

import socket
import sys
import threading

AUTHENTICATE = b"NTLMSSP\0\3\0\0\0"
MIC = 72
SIGNATURE = bytes.fromhex("a3120410 01000000")  # [3] OCTET STRING of 16 bytes, version 1
CHECKSUM = 4 + 8

listen, target, port, deed = sys.argv[1:]


def altered(data: bytes) -> bytes | None:
    """What goes on of the client's last message; None: the connection ends."""
    begin, behind = (SIGNATURE, CHECKSUM) if deed == "mech-list-mic" else (AUTHENTICATE, MIC)
    at = data.find(begin)
    if at < 0:
        return data
    print(deed, "at", at, flush=True)
    if deed in ("silence", "hang-up"):
        return b"" if deed == "silence" else None
    at += behind
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def pass_on(near: socket.socket, far: socket.socket, alter) -> None:
    """Everything from one side to the other, until it hangs up."""
    while data := near.recv(65536):
        kept = alter(data)
        if kept is None:
            near.shutdown(socket.SHUT_RDWR)
            return
        far.sendall(kept)
    far.shutdown(socket.SHUT_WR)


with socket.create_server((listen, int(port))) as door:
    while True:
        client, _ = door.accept()
        server = socket.create_connection((target, int(port)))
        for side in ((client, server, altered), (server, client, bytes)):
            threading.Thread(target=pass_on, args=side, daemon=True).start()
