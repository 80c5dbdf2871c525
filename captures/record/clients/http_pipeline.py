"""Three GETs in one write, each with its own Basic credentials: HTTP/1.1 pipelining.

http_pipeline.py HOST USER=PASSWORD...
"""

import base64
import socket
import sys

host, *pairs = sys.argv[1:]
requests = b""
for n, pair in enumerate(pairs):
    text = base64.b64encode(pair.replace("=", ":", 1).encode()).decode()
    last = "Connection: close\r\n" if n == len(pairs) - 1 else ""
    requests += f"GET /basic/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {text}\r\n{last}\r\n".encode()
with socket.create_connection((host, 80)) as line:
    line.sendall(requests)
    while answer := line.recv(65536):
        print(answer.decode(errors="replace"))
