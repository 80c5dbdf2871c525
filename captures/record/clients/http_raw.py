"""NTLM messages as they are under a scheme of one's choice, by pyspnego.

http_raw.py HOST:PORT PATH SCHEME USER PASSWORD
"""

import base64
import http.client
import sys

import spnego

host, path, scheme, user, password = sys.argv[1:]
context = spnego.client(
    user, password, protocol="ntlm", service="HTTP", hostname=host.partition(":")[0]
)
line = http.client.HTTPConnection(host)
token = context.step()
while token:
    line.request(
        "GET", path, headers={"Authorization": f"{scheme} {base64.b64encode(token).decode()}"}
    )
    answer = line.getresponse()
    answer.read()
    print(answer.status)
    text = answer.headers.get("WWW-Authenticate", "").partition(" ")[2]
    token = context.step(base64.b64decode(text)) if text and not context.complete else None
line.close()
